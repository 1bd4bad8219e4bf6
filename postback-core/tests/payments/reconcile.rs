use bigdecimal::BigDecimal;
use postback_core::{
    Amount, PaymentProvider,
    cryptocloud::CryptoCloud,
    reconcile::{Assurance, Disposition, Outcome, Price, PriceError, ReconcileError},
};
use proptest::prelude::*;

use crate::{bound, bound_by, fixtures::cryptapi, payment};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn price(text: &str, currency: &str) -> Price {
    Price::new(amount(text), currency).unwrap()
}

#[test]
fn amount_of_zero_or_less_is_rejected() {
    for (text, printed) in [("0", "0"), ("-0.0", "0.0"), ("-1", "-1")] {
        let as_price = Price::new(amount(text), "BNB");
        let as_minimum = price("1", "BNB").with_minimum(amount(text));
        for error in [as_price.unwrap_err(), as_minimum.unwrap_err()] {
            let PriceError::NotPositive { amount: given, .. } = &error else {
                panic!("{text}: {error:?}");
            };
            assert_eq!(*given, amount(text));
            assert_eq!(
                error.to_string(),
                format!("invalid amount {printed}: expected more than zero")
            );
        }
    }
}

#[test]
fn blank_or_untrimmed_currency_is_rejected() {
    for currency in ["", " "] {
        let error = Price::new(amount("1"), currency).unwrap_err();
        assert_eq!(error, PriceError::NoCurrency, "{currency:?}");
        assert_eq!(
            error.to_string(),
            r#"missing currency: expected a code such as "USD""#
        );
    }
    for (given, printed) in [
        ("EUR ", r#""EUR ""#),
        ("\tbtc", r#""\tbtc""#),
        ("b\u{7f}tc", r#""b\u{7f}tc""#),
    ] {
        let error = Price::new(amount("1"), given).unwrap_err();
        let PriceError::InvalidCurrency { currency, .. } = &error else {
            panic!("{given:?}: {error:?}");
        };
        assert_eq!(currency, given);
        let expected = "expected no surrounding white space and no control characters";
        assert_eq!(
            error.to_string(),
            format!("invalid currency {printed}: {expected}")
        );
    }
    assert!(Price::new(amount("1"), "EUR").is_ok());
}

#[test]
fn minimum_above_price_is_rejected() {
    let above = "1.000000000000000001";
    let error = price("1", "BNB").with_minimum(amount(above)).unwrap_err();
    let PriceError::MinimumAbovePrice {
        minimum,
        price: asked,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((minimum, asked), (&amount(above), &amount("1")));
    assert_eq!(
        error.to_string(),
        "invalid minimum 1.000000000000000001: expected at most the price, 1"
    );
    assert!(price("1", "BNB").with_minimum(amount("1.0")).is_ok());
}

#[test]
fn fiat_codes_are_distinguished_from_coins() {
    for fiat in ["USD", "usd", "EUR"] {
        assert!(price("1", fiat).is_fiat(), "{fiat}");
    }
    for coin in ["BTC", "USDT_TRC20", "bep20/usdt"] {
        assert!(!price("1", coin).is_fiat(), "{coin}");
    }
}

/// Returns the members of a payment of 0.05 `USDT_TRC20`, with `invoice_info`.
fn with_info(info: &str) -> String {
    format!(
        r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":{info}"#
    )
}

/// Asserts the outcome of a CryptoCloud payment against a price.
fn assert_outcome(price: &Price, members: &str, outcome: &Outcome) {
    let reconciled = payment(members).reconcile(price).unwrap();
    assert_eq!(reconciled.outcome(), outcome, "{members}");
    assert_eq!(reconciled.assurance(), Assurance::Unsigned, "{members}");
    assert_eq!(reconciled.is_paid(), outcome.is_paid(), "{members}");
    let signed = payment(members).reconcile(&price.clone().with_assurance(Assurance::Signed));
    assert!(!signed.unwrap().is_paid(), "{members}");
}

/// Each case has one difference.
#[test]
fn payment_without_invoice_info_is_reconciled_by_top_level() {
    let price = price("0.05", "USDT_TRC20");
    let price = price.with_minimum(amount("0.0499")).unwrap();
    let cases = [
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20""#,
            Outcome::Paid(amount("0.05")),
        ),
        (
            r#","status":"success","amount_crypto":0.0499,"currency":"USDT_TRC20""#,
            Outcome::Paid(amount("0.0499")),
        ),
        (
            r#","status":"success","amount_crypto":"0.0500000000000000001","currency":"USDT_TRC20""#,
            Outcome::Overpaid(amount("0.0500000000000000001")),
        ),
        (
            r#","status":"success","amount_crypto":"0.0498999999999999999","currency":"USDT_TRC20""#,
            Outcome::Underpaid(amount("0.0498999999999999999")),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_ERC20""#,
            Outcome::WrongCurrency("USDT_ERC20".to_owned()),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"usdt_trc20""#,
            Outcome::WrongCurrency("usdt_trc20".to_owned()),
        ),
        (
            r#","status":"created","amount_crypto":0.05,"currency":"USDT_TRC20""#,
            Outcome::NotSuccessful,
        ),
        (
            r#","status":"created","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":[]"#,
            Outcome::NotSuccessful,
        ),
        (
            r#","status":"created","amount_crypto":0.05,"currency":"USDT_TRC20",
                "invoice_info":{"test_mode":false,"amount_paid":0.05}"#,
            Outcome::Unknown("status"),
        ),
        (
            r#","amount_crypto":0.05,"currency":"USDT_TRC20""#,
            Outcome::Unknown("status"),
        ),
        (
            r#","status":["success"],"amount_crypto":0.05,"currency":"USDT_TRC20""#,
            Outcome::Unknown("status"),
        ),
        // No amount arrived, in any coin.
        (
            r#","status":"success","amount_crypto":0,"currency":"USDT_ERC20""#,
            Outcome::Underpaid(amount("0")),
        ),
        (
            r#","status":"success","currency":"USDT_TRC20""#,
            Outcome::Unknown("amount_crypto"),
        ),
        (
            r#","status":"success","amount_crypto":"1,5","currency":"USDT_TRC20""#,
            Outcome::Unknown("amount_crypto"),
        ),
        (
            r#","status":"success","amount_crypto":0.05"#,
            Outcome::Unknown("currency"),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":5"#,
            Outcome::Unknown("currency"),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":null"#,
            Outcome::Paid(amount("0.05")),
        ),
    ];
    for (members, outcome) in cases {
        assert_outcome(&price, members, &outcome);
    }
}

/// Each case has one difference.
#[test]
fn invoice_info_contradicting_top_level_is_not_paid() {
    let price = price("0.05", "USDT_TRC20");
    let genuine = r#"{"test_mode":false,"status":"paid","invoice_status":"success","amount_paid":0.05,
        "to_surcharge":0,"to_surcharge_usd":0.0,"currency":{"fullcode":"USDT_TRC20"}}"#;
    assert_outcome(&price, &with_info(genuine), &Outcome::Paid(amount("0.05")));
    let underpaid = |text| Outcome::Underpaid(amount(text));
    for (from, to, outcome) in [
        (
            r#""test_mode":false"#,
            r#""test_mode":true"#,
            Outcome::TestMode,
        ),
        (
            r#""test_mode":false"#,
            r#""test_mode":null"#,
            Outcome::Unknown("invoice_info.test_mode"),
        ),
        (
            r#""test_mode":false,"#,
            "",
            Outcome::Unknown("invoice_info.test_mode"),
        ),
        (
            r#""test_mode":false"#,
            r#""test_mode":"no""#,
            Outcome::Unknown("invoice_info.test_mode"),
        ),
        (r#""paid""#, r#""overpaid""#, Outcome::Paid(amount("0.05"))),
        (r#""status":"paid","#, "", Outcome::Paid(amount("0.05"))),
        (
            r#""status":"paid","invoice_status":"success","amount_paid":0.05"#,
            r#""status":"partial","invoice_status":"success","amount_paid":0.03"#,
            underpaid("0.03"),
        ),
        // The paid amount is unknown.
        (
            r#""paid""#,
            r#""partial""#,
            Outcome::Unknown("invoice_info.status"),
        ),
        (
            r#""paid","invoice_status":"success","amount_paid":0.05"#,
            r#""canceled","invoice_status":"success","amount_paid":0"#,
            Outcome::NotSuccessful,
        ),
        (
            r#""paid","invoice_status":"success","amount_paid":0.05,"#,
            r#""created","invoice_status":"success","#,
            Outcome::NotSuccessful,
        ),
        // An amount arrived, despite the status.
        (
            r#""paid""#,
            r#""canceled""#,
            Outcome::Unknown("invoice_info.status"),
        ),
        (
            r#""paid","invoice_status":"success","amount_paid":0.05"#,
            r#""canceled","invoice_status":"success","amount_paid":0.03"#,
            underpaid("0.03"),
        ),
        (
            r#""status":"paid""#,
            r#""amount":0.04,"status":"paid""#,
            underpaid("0.04"),
        ),
        (
            r#""paid""#,
            r#""held""#,
            Outcome::Unknown("invoice_info.status"),
        ),
        (r#""paid""#, "1", Outcome::Unknown("invoice_info.status")),
        (
            r#""success""#,
            r#""fail""#,
            Outcome::Unknown("invoice_info.invoice_status"),
        ),
        (
            r#""status":"paid","invoice_status":"success","amount_paid":0.05"#,
            r#""invoice_status":"fail""#,
            Outcome::NotSuccessful,
        ),
        // No field states that no amount arrived.
        (
            r#""paid","invoice_status":"success","amount_paid":0.05"#,
            r#""canceled","invoice_status":"success","amount_paid":"0,05""#,
            Outcome::Unknown("invoice_info.amount_paid"),
        ),
        (
            r#""paid","invoice_status":"success","amount_paid":0.05"#,
            r#""canceled","invoice_status":"success","received":0.05"#,
            Outcome::Unknown("invoice_info.status"),
        ),
        // The requested amount was not paid.
        (
            r#""paid","invoice_status":"success","amount_paid":0.05"#,
            r#""partial","invoice_status":"success","amount":0.04"#,
            Outcome::Unknown("invoice_info.status"),
        ),
        // 0.15 - 0.1, as binary fractions.
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":0.04999999999999999"#,
            Outcome::Paid(amount("0.05")),
        ),
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":0.049999"#,
            underpaid("0.049999"),
        ),
        (
            r#""success""#,
            "true",
            Outcome::Unknown("invoice_info.invoice_status"),
        ),
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":0.025"#,
            underpaid("0.025"),
        ),
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":0"#,
            Outcome::Unknown("invoice_info.amount_paid"),
        ),
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":-0.05"#,
            Outcome::Unknown("invoice_info.amount_paid"),
        ),
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":{}"#,
            Outcome::Unknown("invoice_info.amount_paid"),
        ),
        (
            r#""amount_paid":0.05"#,
            r#""amount_paid":0.06"#,
            Outcome::Paid(amount("0.05")),
        ),
        (
            r#""to_surcharge":0"#,
            r#""to_surcharge":0.01"#,
            Outcome::Unknown("invoice_info.to_surcharge"),
        ),
        (
            r#""to_surcharge_usd":0.0"#,
            r#""to_surcharge_usd":0.1"#,
            Outcome::Unknown("invoice_info.to_surcharge_usd"),
        ),
        // The rounding error of a binary fraction.
        (
            r#""to_surcharge":0"#,
            r#""to_surcharge":1.4e-14"#,
            Outcome::Paid(amount("0.05")),
        ),
        (
            r#""to_surcharge":0"#,
            r#""to_surcharge":-0.01"#,
            Outcome::Paid(amount("0.05")),
        ),
        (
            r#""to_surcharge":0"#,
            r#""to_surcharge":"-""#,
            Outcome::Unknown("invoice_info.to_surcharge"),
        ),
        (
            r#""USDT_TRC20""#,
            r#""USDT_ERC20""#,
            Outcome::Unknown("invoice_info.currency"),
        ),
        (
            r#"{"fullcode":"USDT_TRC20"}"#,
            r#""USDT_TRC20""#,
            Outcome::Unknown("invoice_info.currency"),
        ),
        (
            r#"{"fullcode":"USDT_TRC20"}"#,
            "{}",
            Outcome::Paid(amount("0.05")),
        ),
    ] {
        assert!(genuine.contains(from), "{from}");
        assert_outcome(&price, &with_info(&genuine.replacen(from, to, 1)), &outcome);
    }
    for info in ["[]", "1", "\"paid\"", "true"] {
        assert_outcome(&price, &with_info(info), &Outcome::Unknown("invoice_info"));
    }
}

#[test]
fn minimum_accepts_less_than_price() {
    let price = price("0.05", "USDT_TRC20");
    let price = price.with_minimum(amount("0.0499")).unwrap();
    for (paid, outcome) in [
        ("0.0499", Outcome::Paid(amount("0.0499"))),
        ("0.0498", Outcome::Underpaid(amount("0.0498"))),
    ] {
        let info = format!(r#"{{"test_mode":false,"status":"paid","amount_paid":{paid}}}"#);
        assert_outcome(&price, &with_info(&info), &outcome);
    }
}

/// The buyer chooses the coin; the postback states the amount in dollars.
#[test]
fn price_in_dollars_is_compared_with_invoice_info() {
    let price = price("10", "USD").with_minimum(amount("9.95")).unwrap();
    let genuine = r#"{"test_mode":false,"status":"paid","amount_usd":10.0,"amount_paid_usd":10.0}"#;
    let paid = |text| Outcome::Paid(amount(text));
    for (from, to, outcome) in [
        ("10.0", "10.0", paid("10")),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":10.2"#,
            paid("10"),
        ),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":9.96"#,
            paid("9.96"),
        ),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":9.94"#,
            Outcome::Underpaid(amount("9.94")),
        ),
        (
            r#""amount_usd":10.0"#,
            r#""amount_usd":1"#,
            Outcome::Underpaid(amount("1")),
        ),
        (r#""amount_usd":10.0,"#, "", paid("10")),
        (
            r#","amount_paid_usd":10.0"#,
            "",
            Outcome::Unknown("invoice_info.amount_paid_usd"),
        ),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":"ten""#,
            Outcome::Unknown("invoice_info.amount_paid_usd"),
        ),
        (
            r#""test_mode":false"#,
            r#""test_mode":true"#,
            Outcome::TestMode,
        ),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":0"#,
            Outcome::Unknown("invoice_info.amount_paid_usd"),
        ),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":10.0,"amount_paid":0.025"#,
            Outcome::Unknown("invoice_info.amount_paid"),
        ),
        (
            r#""amount_paid_usd":10.0"#,
            r#""amount_paid_usd":10.0,"amount_paid":0.04999999999999999"#,
            paid("10"),
        ),
        (
            r#""paid""#,
            r#""canceled""#,
            Outcome::Unknown("invoice_info.status"),
        ),
    ] {
        assert!(genuine.contains(from), "{from}");
        assert_outcome(&price, &with_info(&genuine.replacen(from, to, 1)), &outcome);
    }
    let form = r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20""#;
    assert_outcome(&price, form, &Outcome::Unknown("invoice_info"));
}

#[test]
fn price_in_unstated_fiat_currency_is_rejected() {
    for (currency, is_stated) in [("eur", false), ("usd", true), ("BTC", true)] {
        let price = price("10", currency);
        assert_eq!(
            CryptoCloud::states_amounts_in(&price),
            is_stated,
            "{currency}"
        );
        let reconciled = payment(&with_info("{}")).reconcile(&price);
        assert_eq!(reconciled.is_ok(), is_stated, "{currency}");
    }
    let error = payment(&with_info("{}"))
        .reconcile(&price("10", "eur"))
        .unwrap_err();
    assert!(
        matches!(error, ReconcileError::FiatNotStated { .. }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "cryptocloud states no amounts in eur: expected a price in a currency that it states, or in a coin"
    );
}

/// Each case has one difference.
#[test]
fn bound_callback_is_compared_by_amount_paid() {
    type Replacements<'a> = &'a [(&'a str, &'a str)];

    let (confirmed, pending) = (Assurance::Confirmed, Assurance::Signed);
    let cases: [(Replacements<'_>, Assurance, Outcome); 9] = [
        (&[], confirmed, Outcome::Paid(amount("0.05"))),
        (
            &[("value_coin=0.05", "value_coin=0.06")],
            confirmed,
            Outcome::Overpaid(amount("0.06")),
        ),
        (
            &[("value_coin=0.05", "value_coin=0.0499")],
            confirmed,
            Outcome::Underpaid(amount("0.0499")),
        ),
        (
            &[("&value_coin=0.05", "")],
            confirmed,
            Outcome::Unknown("value_coin"),
        ),
        (
            &[("price=64000.12", "price=N/A")],
            confirmed,
            Outcome::Paid(amount("0.05")),
        ),
        (&[("pending=0", "pending=1")], pending, Outcome::Pending),
        (
            &[("coin=btc", "coin=ltc")],
            confirmed,
            Outcome::WrongCurrency("ltc".to_owned()),
        ),
        (
            &[
                ("coin=btc", "coin=ltc"),
                ("value_coin=0.05", "value_coin=0"),
            ],
            confirmed,
            Outcome::Underpaid(amount("0")),
        ),
        (
            &[("txid_in=", "txid_in=TEST_")],
            confirmed,
            Outcome::TestMode,
        ),
    ];
    for (replacements, assurance, outcome) in cases {
        let reconciled = bound(replacements).reconcile(&price("0.05", "btc"));
        assert_eq!(reconciled.outcome(), &outcome, "{replacements:?}");
        assert_eq!(reconciled.assurance(), assurance, "{replacements:?}");
    }
}

#[test]
fn ticker_spelling_is_ignored() {
    for (paid, owed) in [
        ("btc", "BTC"),
        ("BTC", "btc"),
        ("bep20_usdt", "bep20/usdt"),
        ("bep20_usdt", "BEP20/USDT"),
        ("BEP20_USDT", "bep20_usdt"),
    ] {
        let replaced = format!("coin={paid}");
        let reconciled = bound(&[("coin=btc", &replaced)]).reconcile(&price("0.05", owed));
        assert_eq!(
            reconciled.outcome(),
            &Outcome::Paid(amount("0.05")),
            "{paid} {owed}"
        );
    }
}

/// Callbacks of addresses with `convert=1` state the amount in fiat.
#[test]
fn price_in_fiat_is_compared_with_converted_amounts() {
    let convert = |json: &str| {
        let fields = format!("coin=btc&value_coin_convert={json}");
        bound(&[("coin=btc", &fields)])
    };
    let both = "%7B%22USD%22%3A+%223.20%22%2C+%22EUR%22%3A+%223.05%22%7D";
    for (currency, owed, outcome) in [
        ("USD", "3.20", Outcome::Paid(amount("3.2"))),
        ("eur", "3", Outcome::Overpaid(amount("3.05"))),
        ("EUR", "4", Outcome::Underpaid(amount("3.05"))),
        ("GBP", "1", Outcome::Unknown("value_coin_convert")),
    ] {
        let reconciled = convert(both).reconcile(&price(owed, currency));
        assert_eq!(reconciled.outcome(), &outcome, "{currency}");
    }
    for unreadable in [
        "0",
        "%zz",
        "%7B%22USD%22%3A-1%7D",
        // Stated twice, and as nothing.
        "%7B%22USD%22%3A5%2C%22usd%22%3A1%7D",
        "%7B%22USD%22%3A0%7D",
    ] {
        let reconciled = convert(unreadable).reconcile(&price("1", "USD"));
        let unknown = Outcome::Unknown("value_coin_convert");
        assert_eq!(reconciled.outcome(), &unknown, "{unreadable}");
    }
    let absent = bound(&[]).reconcile(&price("1", "USD"));
    assert_eq!(absent.outcome(), &Outcome::Unknown("value_coin_convert"));
}

#[test]
fn callback_bound_by_address_alone_pays_only_if_price_allows_it() {
    let planted = bound_by(cryptapi(), None, false, &[]);
    let reconciled = planted.reconcile(&price("0.05", "btc"));
    assert_eq!(reconciled.assurance(), Assurance::ArrangedByAnyone);
    let insufficient = Outcome::InsufficientAssurance(amount("0.05"));
    assert_eq!(reconciled.outcome(), &insufficient);
    assert_eq!(reconciled.disposition(), Disposition::Review);
    assert!(!reconciled.is_paid());
    for assurance in [Assurance::Unsigned, Assurance::Signed, Assurance::Confirmed] {
        let price = price("0.05", "btc").with_assurance(assurance);
        assert!(!planted.reconcile(&price).is_paid(), "{assurance:?}");
    }
    let asked_for = price("0.05", "btc").with_assurance(Assurance::ArrangedByAnyone);
    assert!(planted.reconcile(&asked_for).is_paid());
    let ours = bound(&[]).reconcile(&price("0.05", "btc").with_assurance(Assurance::Confirmed));
    assert!(ours.is_paid(), "control case");
}

#[test]
fn only_outcomes_with_money_are_recorded() {
    let some = || amount("0.01");
    for (outcome, disposition) in [
        (Outcome::Paid(some()), Disposition::Credit),
        (Outcome::Overpaid(some()), Disposition::Credit),
        (Outcome::Underpaid(some()), Disposition::Review),
        (Outcome::Underpaid(amount("0.0")), Disposition::Ignore),
        (Outcome::InsufficientAssurance(some()), Disposition::Review),
        (
            Outcome::InsufficientAssurance(amount("0")),
            Disposition::Ignore,
        ),
        (
            Outcome::WrongCurrency("ltc".to_owned()),
            Disposition::Review,
        ),
        (Outcome::NotSuccessful, Disposition::Ignore),
        (Outcome::Pending, Disposition::Ignore),
        (Outcome::TestMode, Disposition::Ignore),
        (Outcome::Unknown("status"), Disposition::Review),
    ] {
        assert_eq!(outcome.disposition(), disposition, "{outcome:?}");
        assert_eq!(
            outcome.is_paid(),
            disposition == Disposition::Credit,
            "{outcome:?}"
        );
    }
}

proptest! {
    /// The oracle is `bigdecimal`.
    #[test]
    fn comparison_is_exact(
        paid in "(0|[1-9][0-9]{0,3})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
        asked in "[1-9][0-9]{0,3}(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
        least in "[1-9][0-9]{0,3}(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
    ) {
        let exact = |text: &str| text.parse::<BigDecimal>().unwrap();
        let price = price(&asked, "btc");
        match price.clone().with_minimum(amount(&least)) {
            Err(error) => {
                let is_above = matches!(error, PriceError::MinimumAbovePrice { .. });
                prop_assert!(is_above, "{error}");
                prop_assert!(exact(&least) > exact(&asked));
            }
            Ok(price) => {
                prop_assert!(exact(&least) <= exact(&asked));
                let outcome = price.reconcile_total(&amount(&paid), Assurance::Confirmed);
                let enough = exact(&paid) >= exact(&least);
                prop_assert_eq!(outcome.is_paid(), enough);
                let over = matches!(outcome, Outcome::Overpaid(_));
                prop_assert_eq!(over, exact(&paid) > exact(&asked));
            }
        }
    }
}
