use postback_core::{
    PaymentProvider, Tenant, Verified,
    cryptapi::{BlockBee, Bound, CallbackProvider},
    cryptocloud::{CryptoCloud, Payment, Trybit},
    event::{EventRecord, FieldDigests},
    reconcile::{Assurance, Price},
};

use crate::{
    bound, bound_by,
    fixtures::{CALLBACK_SECRET, NOW, ORIGIN, SAMPLE_UUID, cryptapi},
    payment, payment_by,
};

const PAID: &str = r#","status":"success","amount_crypto":0.05,"currency":"BTC""#;

enum Eu {}

fn price() -> Price {
    Price::new("0.05".parse().unwrap(), "btc").unwrap()
}

fn record<P: PaymentProvider<Payload = Payment>>(payment: &Verified<P>) -> EventRecord {
    payment.reconcile(&price()).unwrap().event().clone()
}

fn record_of<P: CallbackProvider>(bound: &Bound<P>) -> EventRecord {
    bound.reconcile(&price()).event().clone()
}

#[test]
fn payment_key_is_project_and_signed_invoice_id() {
    let record_in = |project| record(&payment_by(CryptoCloud::new(), project, NOW + 300, PAID));
    let known = record_in(Some("eu"));
    assert_eq!(
        (known.namespace(), known.project(), known.id()),
        ("cryptocloud", Some("eu"), "ILRAJE1Q")
    );
    for other in [None, Some("us")] {
        assert!(known.key() != record_in(other).key(), "{other:?}");
    }
    // One provider, and one project of it.
    let trybit = record(&payment_by(Trybit::new(), Some("eu"), NOW + 300, PAID));
    let tenant = Tenant::<Eu, _>::new("eu", CryptoCloud::new()).unwrap();
    let tenant = record(&payment_by(tenant, None, NOW + 300, PAID));
    for same in [trybit, tenant] {
        assert_eq!(known.key(), same.key());
        assert_eq!(known.digest(), same.digest());
    }
}

/// Fields that differ between genuine deliveries change neither the key nor the digest.
#[test]
fn payment_digest_covers_status_amount_and_currency() {
    let first = record(&payment(PAID));
    let later = record(&payment_by(CryptoCloud::new(), None, NOW + 200, PAID));
    assert_eq!(first.digest(), later.digest(), "another token");
    for same in [
        r#","status":"success","amount_crypto":"5.0e-2","currency":"BTC""#,
        r#","status":"success","amount_crypto":0.050,"currency":"BTC","order_id":"7""#,
        r#","status":"success","amount_crypto":0.05,"currency":"BTC","invoice_info":{"test_mode":true}"#,
    ] {
        assert_eq!(first.digest(), record(&payment(same)).digest(), "{same}");
    }
    for other in [
        r#","status":"created","amount_crypto":0.05,"currency":"BTC""#,
        r#","status":"success","amount_crypto":0.06,"currency":"BTC""#,
        r#","status":"success","amount_crypto":0.05,"currency":"LTC""#,
        r#","status":"success","currency":"BTC""#,
        r#","status":"success","amount_crypto":0.05"#,
    ] {
        let other_record = record(&payment(other));
        assert_eq!(first.key(), other_record.key());
        assert_ne!(first.digest(), other_record.digest(), "{other}");
    }
}

#[test]
fn callback_key_is_project_and_uuid() {
    let confirmed = record_of(&bound(&[]));
    assert_eq!(
        (confirmed.namespace(), confirmed.project(), confirmed.id()),
        ("cryptapi", None, SAMPLE_UUID)
    );
    // One payment, seen and confirmed.
    let pending = record_of(&bound(&[("pending=0", "pending=1")]));
    assert_eq!(pending.key(), confirmed.key());
    assert_ne!(
        confirmed.key(),
        record_of(&bound(&[("uuid=d", "uuid=e")])).key()
    );

    let scoped = record_of(&bound_by(cryptapi(), Some("eu"), true, &[]));
    assert_ne!(scoped.key(), confirmed.key());
    let blockbee = BlockBee::get([ORIGIN]).unwrap();
    let blockbee = record_of(&bound_by(blockbee, None, true, &[]));
    assert_eq!(blockbee.key(), confirmed.key(), "one provider");
}

#[test]
fn callback_digest_covers_address_coin_value_and_transaction() {
    let first = record_of(&bound(&[]));
    for same in [
        ("confirmations=3", "confirmations=4"),
        ("price=64000.12", "price=64001"),
        ("result=sent", "result=done"),
        ("value_coin=0.05", "value_coin=0.0500"),
        ("fee_coin=0.0005", "fee_coin=0.0006"),
        ("coin=btc", "coin=BTC"),
    ] {
        let record = record_of(&bound(&[same]));
        assert_eq!(first.digest(), record.digest(), "{same:?}");
        assert_eq!(first.transfer(), record.transfer(), "{same:?}");
    }
    for (other, same_transfer) in [
        (("value_coin=0.05", "value_coin=0.06"), true),
        (("&value_coin=0.05", ""), true),
        (("coin=btc", "coin=ltc"), false),
        (("txid_in=a", "txid_in=b"), false),
    ] {
        let record = record_of(&bound(&[other]));
        assert_ne!(first.digest(), record.digest(), "{other:?}");
        assert_eq!(
            first.transfer() == record.transfer(),
            same_transfer,
            "{other:?}"
        );
    }
    let other_uuid = record_of(&bound(&[("uuid=d", "uuid=e")]));
    assert_eq!(first.transfer(), other_uuid.transfer());
    let txid = "&txid_in=a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c";
    assert_eq!(record_of(&bound(&[(txid, "")])).transfer(), None);
}

/// Otherwise a planted callback with the transaction of a genuine one would make the genuine one a
/// possible duplicate.
#[test]
fn transfer_counts_only_with_required_assurance() {
    let planted = bound_by(cryptapi(), None, false, &[]);
    let reconciliation = planted.reconcile(&price());
    assert!(reconciliation.event().transfer().is_some());
    assert_eq!(reconciliation.event().counted_transfer(), None);
    let asked_for = price().with_assurance(Assurance::ArrangedByAnyone);
    assert!(
        planted
            .reconcile(&asked_for)
            .event()
            .counted_transfer()
            .is_some()
    );
}

#[test]
fn payload_keeps_each_digit_and_no_secret() {
    let members = r#","amount_crypto":0.100000000000000000001,"invoice_info":{"amount":1e-30}"#;
    let precise = record(&payment(members));
    assert_eq!(
        precise.payload_json(),
        concat!(
            r#"{"provider":"cryptocloud","invoice_id":"ILRAJE1Q","expires_at":1769509700,"#,
            r#""status":null,"amount":"0.100000000000000000001","currency":null,"#,
            r#""order_id":null,"invoice_info":{"amount":1e-30}}"#
        )
    );
    let unreadable = record(&payment(r#","amount_crypto":"0,05","order_id":[7]"#));
    let as_received = r#""unreadable":{"amount_crypto":"\"0,05\"","order_id":"[7]"}}"#;
    let payload = unreadable.payload_json();
    assert!(payload.ends_with(as_received), "{payload}");
    let payload = record_of(&bound(&[])).payload_json().to_owned();
    assert!(!payload.contains("unreadable"), "{payload}");
    assert!(payload.contains(r#""value_coin":"0.05""#), "{payload}");
    assert!(!payload.contains(CALLBACK_SECRET), "{payload}");
    let convert = "coin=btc&value_coin_convert=%7B%22USD%22%3A+%223.20%22%7D";
    let converted = record_of(&bound(&[("coin=btc", convert)]));
    let payload = converted.payload_json();
    let as_received = r#""value_coin_convert":"{\"USD\": \"3.20\"}""#;
    assert!(payload.contains(as_received), "{payload}");
    assert!(!format!("{precise:?}").contains("0.1"), "{precise:?}");
}

#[test]
fn payload_says_whether_callback_is_pending() {
    for (stage, pending) in [("pending=0", false), ("pending=1", true)] {
        let record = record_of(&bound(&[("pending=0", stage)]));
        let payload: serde_json::Value = serde_json::from_str(record.payload_json()).unwrap();
        assert_eq!(payload["pending"], pending, "{stage}");
    }
}

#[test]
fn digest_is_stored_as_text() {
    let digest = record(&payment(PAID)).digest().clone();
    assert_eq!(FieldDigests::from_stored(digest.as_str()), Some(digest));
}

#[test]
fn changed_fields_have_wire_names() {
    let before = record(&payment(PAID));
    let now = record(&payment(r#","amount_crypto":0.06,"currency":"BTC""#));
    let changed = before.digest().changed_fields(now.digest());
    assert_eq!(changed, ["amount_crypto", "status"]);

    let before = record_of(&bound(&[]));
    let now = record_of(&bound(&[("value_coin=0.05", "value_coin=0.06")]));
    assert_eq!(before.digest().changed_fields(now.digest()), ["value_coin"]);
}
