use bigdecimal::BigDecimal;
use postback_core::{
    Amount,
    cryptapi::CryptApi,
    settle::{Ground, Outcome, Price, PriceError},
};
use proptest::prelude::*;

use crate::{ORIGIN, bound, bound_by, payment};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn price(text: &str, coin: &str) -> Price {
    Price::new(amount(text), coin).unwrap()
}

#[test]
fn an_expectation_that_anything_would_meet_is_none() {
    for (text, coin, error) in [
        ("0", "BNB", PriceError::NotPositive),
        ("-0.0", "BNB", PriceError::NotPositive),
        ("-1", "BNB", PriceError::NotPositive),
        ("1", "", PriceError::NoCoin),
        ("1", " ", PriceError::NoCoin),
    ] {
        assert_eq!(
            Price::new(amount(text), coin),
            Err(error),
            "{text} {coin:?}"
        );
    }
    for (least, error) in [
        ("0", PriceError::NotPositive),
        ("-1", PriceError::NotPositive),
        ("1.000000000000000001", PriceError::AboveThePrice),
    ] {
        let refused = price("1", "BNB").accept_from(amount(least));
        assert_eq!(refused, Err(error), "{least}");
    }
    assert!(price("1", "BNB").accept_from(amount("1.0")).is_ok());
}

/// Each with one thing that is otherwise.
#[test]
fn a_claimed_payment() {
    let price = price("0.05", "USDT_TRC20");
    let price = price.accept_from(amount("0.0499")).unwrap();
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
            Outcome::Over(amount("0.0500000000000000001")),
        ),
        (
            r#","status":"success","amount_crypto":"0.0498999999999999999","currency":"USDT_TRC20""#,
            Outcome::Short(amount("0.0498999999999999999")),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_ERC20""#,
            Outcome::OtherCoin("USDT_ERC20".to_owned()),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"usdt_trc20""#,
            Outcome::OtherCoin("usdt_trc20".to_owned()),
        ),
        (
            r#","status":"created","amount_crypto":0.05,"currency":"USDT_TRC20""#,
            Outcome::NotSuccessful,
        ),
        (
            r#","amount_crypto":0.05,"currency":"USDT_TRC20""#,
            Outcome::Unknown("status"),
        ),
        (
            r#","status":"success","currency":"USDT_TRC20""#,
            Outcome::Unknown("amount_crypto"),
        ),
        (
            r#","status":"success","amount_crypto":0.05"#,
            Outcome::Unknown("currency"),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":{"test_mode":true}"#,
            Outcome::TestMode,
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":{"test_mode":false}"#,
            Outcome::Paid(amount("0.05")),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":{"test_mode":"no"}"#,
            Outcome::Unknown("invoice_info.test_mode"),
        ),
        (
            r#","status":"success","amount_crypto":0.05,"currency":"USDT_TRC20","invoice_info":[]"#,
            Outcome::Unknown("invoice_info"),
        ),
    ];
    for (members, outcome) in cases {
        let settlement = payment(members).settle(&price);
        assert_eq!(settlement.outcome(), &outcome, "{members}");
        assert_eq!(settlement.ground(), Ground::Claimed, "{members}");
        let paid = matches!(outcome, Outcome::Paid(_) | Outcome::Over(_));
        assert_eq!(settlement.is_paid(Ground::Claimed), paid, "{members}");
        assert!(!settlement.is_paid(Ground::Signed), "{members}");
    }
}

/// Each with one thing that is otherwise.
#[test]
fn a_bound_callback() {
    let (ours, signed) = (Ground::Confirmed, Ground::Signed);
    let cases: [(&[(&str, &str)], Ground, Outcome); 7] = [
        (&[], ours, Outcome::Paid(amount("0.05"))),
        (
            &[("value_coin=0.05", "value_coin=0.06")],
            ours,
            Outcome::Over(amount("0.06")),
        ),
        (
            &[("value_coin=0.05", "value_coin=0.0499")],
            ours,
            Outcome::Short(amount("0.0499")),
        ),
        (
            &[("&value_coin=0.05", "")],
            ours,
            Outcome::Unknown("value_coin"),
        ),
        (&[("pending=0", "pending=1")], signed, Outcome::Pending),
        (
            &[("coin=btc", "coin=ltc")],
            ours,
            Outcome::OtherCoin("ltc".to_owned()),
        ),
        (&[("txid_in=", "txid_in=TEST_")], ours, Outcome::TestMode),
    ];
    for (replacements, ground, outcome) in cases {
        let settlement = bound(replacements).settle(&price("0.05", "btc"));
        assert_eq!(settlement.outcome(), &outcome, "{replacements:?}");
        assert_eq!(settlement.ground(), ground, "{replacements:?}");
    }
}

/// The API writes a slash where callbacks have an underscore.
#[test]
fn a_ticker_of_the_api_is_the_callbacks() {
    let paid = bound(&[("coin=btc", "coin=bep20_usdt")]);
    for coin in ["bep20/usdt", "bep20_usdt"] {
        let outcome = paid.settle(&price("0.05", coin)).outcome().clone();
        assert_eq!(outcome, Outcome::Paid(amount("0.05")), "{coin}");
    }
}

#[test]
fn bound_by_the_address_alone_it_is_merely_signed() {
    let provider = CryptApi::get([ORIGIN]).unwrap();
    let settlement = bound_by(provider, None, false, &[]).settle(&price("0.05", "btc"));
    assert_eq!(settlement.ground(), Ground::Signed);
    assert!(settlement.is_paid(Ground::Signed));
    assert!(!settlement.is_paid(Ground::Confirmed));
}

proptest! {
    /// `bigdecimal` judges what is enough.
    #[test]
    fn what_is_enough_is_exact(
        paid in "(0|[1-9][0-9]{0,3})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
        asked in "[1-9][0-9]{0,3}(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
        least in "[1-9][0-9]{0,3}(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
    ) {
        let exact = |text: &str| text.parse::<BigDecimal>().unwrap();
        let price = price(&asked, "btc");
        match price.clone().accept_from(amount(&least)) {
            Err(error) => {
                prop_assert_eq!(error, PriceError::AboveThePrice);
                prop_assert!(exact(&least) > exact(&asked));
            }
            Ok(price) => {
                prop_assert!(exact(&least) <= exact(&asked));
                let settlement = price.settle_sum(&amount(&paid), Ground::Confirmed);
                let enough = exact(&paid) >= exact(&least);
                prop_assert_eq!(settlement.is_paid(Ground::Confirmed), enough);
                let over = matches!(settlement.outcome(), Outcome::Over(_));
                prop_assert_eq!(over, exact(&paid) > exact(&asked));
            }
        }
    }
}
