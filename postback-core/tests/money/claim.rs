use postback_core::{
    Tenant,
    claim::{Claim, Digest, Finality},
    cryptapi::{BlockBee, CryptApi},
    cryptocloud::{CryptoCloud, Trybit},
};

use crate::{NOW, ORIGIN, bound, bound_by, payment, payment_by};

const PAID: &str = r#","status":"success","amount_crypto":0.05,"currency":"BTC""#;

enum Eu {}

#[test]
fn a_payment_is_known_by_scope_and_signed_invoice_id() {
    let claim = |scope| Claim::from(&payment_by(CryptoCloud::new(), scope, NOW + 300, PAID));
    let claimed = claim(Some("eu"));
    assert_eq!(
        (
            claimed.namespace(),
            claimed.scope(),
            claimed.id(),
            claimed.finality()
        ),
        ("cryptocloud", Some("eu"), "ILRAJE1Q", Finality::Final)
    );
    for other in [None, Some("us")] {
        assert!(!claimed.is_same_event(&claim(other)), "{other:?}");
    }
    // One gateway, and one project of it.
    let trybit = Claim::from(&payment_by(Trybit::new(), Some("eu"), NOW + 300, PAID));
    let tenant = Tenant::<Eu, _>::new(CryptoCloud::new());
    let tenant = Claim::from(&payment_by(tenant, Some("eu"), NOW + 300, PAID));
    for same in [trybit, tenant] {
        assert!(claimed.is_same_event(&same));
        assert_eq!(claimed.digest(), same.digest());
    }
}

/// What honest resends change is no other event and no other digest; what must not change is.
#[test]
fn a_payments_digest_is_of_status_amount_and_currency() {
    let first = Claim::from(&payment(PAID));
    let later = Claim::from(&payment_by(CryptoCloud::new(), None, NOW + 200, PAID));
    assert_eq!(first.digest(), later.digest(), "another token");
    for same in [
        r#","status":"success","amount_crypto":"5.0e-2","currency":"BTC""#,
        r#","status":"success","amount_crypto":0.050,"currency":"BTC","order_id":"7""#,
        r#","status":"success","amount_crypto":0.05,"currency":"BTC","invoice_info":{"test_mode":true}"#,
    ] {
        assert_eq!(
            first.digest(),
            Claim::from(&payment(same)).digest(),
            "{same}"
        );
    }
    for other in [
        r#","status":"created","amount_crypto":0.05,"currency":"BTC""#,
        r#","status":"success","amount_crypto":0.06,"currency":"BTC""#,
        r#","status":"success","amount_crypto":0.05,"currency":"LTC""#,
        r#","status":"success","currency":"BTC""#,
        r#","status":"success","amount_crypto":0.05"#,
    ] {
        let other_claim = Claim::from(&payment(other));
        assert!(first.is_same_event(&other_claim));
        assert_ne!(first.digest(), other_claim.digest(), "{other}");
    }
}

#[test]
fn a_callback_is_known_by_scope_uuid_and_stage() {
    let confirmed = Claim::from(&bound(&[]));
    assert_eq!(
        (
            confirmed.namespace(),
            confirmed.scope(),
            confirmed.id(),
            confirmed.finality()
        ),
        (
            "cryptapi",
            None,
            "dbfcb40e-5a6b-4305-9fa2-b0fbda6e3ff2",
            Finality::Final
        )
    );
    let pending = Claim::from(&bound(&[("pending=0", "pending=1")]));
    assert_eq!(pending.id(), confirmed.id());
    assert_eq!(pending.finality(), Finality::Pending);
    assert!(!pending.is_same_event(&confirmed));
    assert!(!confirmed.is_same_event(&Claim::from(&bound(&[("uuid=d", "uuid=e")]))));

    let get = || CryptApi::get([ORIGIN]).unwrap();
    let scoped = Claim::from(&bound_by(get(), Some("eu"), true, &[]));
    assert!(!scoped.is_same_event(&confirmed));
    let blockbee = BlockBee::get([ORIGIN]).unwrap();
    let blockbee = Claim::from(&bound_by(blockbee, None, true, &[]));
    assert!(blockbee.is_same_event(&confirmed), "one gateway");
}

#[test]
fn a_callbacks_digest_is_of_address_coin_value_and_transaction() {
    let first = Claim::from(&bound(&[]));
    for same in [
        ("confirmations=3", "confirmations=4"),
        ("price=64000.12", "price=64001"),
        ("result=sent", "result=done"),
        ("value_coin=0.05", "value_coin=0.0500"),
        ("fee_coin=0.0005", "fee_coin=0.0006"),
    ] {
        let claim = Claim::from(&bound(&[same]));
        assert_eq!(first.digest(), claim.digest(), "{same:?}");
        assert_eq!(first.transfer(), claim.transfer(), "{same:?}");
    }
    for (other, same_transfer) in [
        (("value_coin=0.05", "value_coin=0.06"), true),
        (("&value_coin=0.05", ""), true),
        (("coin=btc", "coin=ltc"), false),
        (("txid_in=a", "txid_in=b"), false),
    ] {
        let claim = Claim::from(&bound(&[other]));
        assert_ne!(first.digest(), claim.digest(), "{other:?}");
        assert_eq!(
            first.transfer() == claim.transfer(),
            same_transfer,
            "{other:?}"
        );
    }
    let other_uuid = Claim::from(&bound(&[("uuid=d", "uuid=e")]));
    assert_eq!(first.transfer(), other_uuid.transfer());
    let txid = "&txid_in=a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c";
    assert_eq!(Claim::from(&bound(&[(txid, "")])).transfer(), None);
}

#[test]
fn what_is_kept_is_no_secret_and_keeps_every_digit() {
    let members = r#","amount_crypto":0.100000000000000000001,"invoice_info":{"amount":1e-30}"#;
    let claim = Claim::from(&payment(members));
    assert_eq!(
        claim.event(),
        concat!(
            r#"{"provider":"cryptocloud","invoice_id":"ILRAJE1Q","expires_at":1769509700,"#,
            r#""status":null,"amount":"0.100000000000000000001","currency":null,"#,
            r#""order_id":null,"invoice_info":{"amount":1e-30}}"#
        )
    );
    let event = Claim::from(&bound(&[])).event().to_owned();
    assert!(event.contains(r#""value_coin":"0.05""#), "{event}");
    assert!(!event.contains(crate::NONCE), "{event}");
    assert!(!format!("{claim:?}").contains("0.1"), "{claim:?}");
}

#[test]
fn a_digest_is_stored_as_32_bytes() {
    let digest = *Claim::from(&payment(PAID)).digest();
    assert_eq!(Digest::from_bytes(digest.as_bytes()), Some(digest));
    assert_eq!(Digest::from_bytes(&[0; 31]), None);
    assert_eq!(digest.to_string().len(), 64);
}
