//! `invoice_info`: each field of the documented sample, and values of other forms.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod fixtures;

use postback_core::{
    Amount, Field, MalformedReason, Rejection, Verified, Verifier,
    cryptocloud::{CryptoCloud, Currency, InvoiceStatus, Status},
    testing,
};
use time::macros::utc_datetime;

use self::fixtures::{deliver_json, secret, token};

fn deliver(body: String) -> Result<Verified<CryptoCloud>, Rejection> {
    deliver_json(&Verifier::new(CryptoCloud::new(), secret("s")), body)
}

fn deliver_invoice_info(json: &str) -> Result<Verified<CryptoCloud>, Rejection> {
    let token = token("s");
    deliver(format!(
        r#"{{"invoice_id":"ILRAJE1Q","token":"{token}","invoice_info":{json}}}"#
    ))
}

fn with_invoice_info(json: &str) -> Verified<CryptoCloud> {
    deliver_invoice_info(json).unwrap()
}

fn amount(text: &str) -> Field<'static, Amount> {
    Field::Known(text.parse().unwrap())
}

fn text<T: From<&'static str>>(text: &'static str) -> Field<'static, T> {
    Field::Known(text.into())
}

#[test]
fn documented_invoice_info_is_decoded() {
    let payment = deliver(testing::sample_json(Some(&token("s")))).unwrap();
    let Field::Known(info) = payment.unsigned().invoice_info() else {
        panic!("the sample has an object");
    };
    assert_eq!(info.uuid, text("INV-ILRAJE1Q"));
    assert_eq!(
        info.created,
        Field::Known(utc_datetime!(2026-01-27 10:20:04.222439))
    );
    assert_eq!(
        info.address,
        text("0x635DBa9c6e5E9<...>6f8Bed2Ec029fc555af05d2")
    );
    assert_eq!(
        info.date_finished,
        Field::Known(utc_datetime!(2026-01-01 10:23:14.00094))
    );
    assert_eq!(
        info.expiry_date,
        Field::Known(utc_datetime!(2026-01-02 10:20:04.197389))
    );
    assert_eq!(info.side_commission, text("client"));
    assert_eq!(info.type_payments, text("crypto"));
    assert_eq!(info.status, Field::Known(InvoiceStatus::Paid));
    assert_eq!(info.invoice_status, Field::Known(Status::Success));
    assert_eq!(info.is_email_required, Field::Known(false));
    let hash = "0x12fb777c41b58b8304278416e5a<...>c1e7708b2160745af56403641522";
    assert_eq!(info.tx_list, Field::Known(vec![hash.into()]));
    assert_eq!(info.amount_in_crypto, Field::Absent);
    let amounts = [
        (&info.amount, "0.000113"),
        (&info.amount_, "0.000113"),
        (&info.amount_in_fiat, "0.1"),
        (&info.amount_usd, "0.1"),
        (&info.amount_to_pay, "0.000113"),
        (&info.amount_to_pay_usd, "0.1"),
        (&info.amount_paid, "0.000113"),
        (&info.amount_paid_usd, "0.1"),
        (&info.fee, "0"),
        (&info.fee_usd, "0"),
        (&info.service_fee, "0.000002"),
        (&info.service_fee_usd, "0"),
        (&info.received, "0.000111"),
        (&info.received_usd, "0.1"),
        (&info.to_surcharge, "0"),
        (&info.to_surcharge_usd, "0"),
        (&info.total_rub, "0"),
    ];
    for (index, (field, expected)) in amounts.into_iter().enumerate() {
        assert_eq!(field, &amount(expected), "amount {index}");
    }
    assert_eq!(info.step, Field::Known(3));
    assert_eq!(info.test_mode, Field::Known(false));
    assert_eq!(info.type_, text("up"));
    assert_eq!(info.aml_enabled, Field::Known(false));
    assert_eq!(info.aml_side, text("merchant"));
    assert_eq!(info.aml_checks, Field::Known("[]"));
    assert_eq!(info.links_invoice, Field::Absent);

    let Field::Known(currency) = info.currency else {
        panic!("the sample has a currency");
    };
    assert_eq!(currency.id, Field::Known(20));
    assert_eq!(currency.code, text("BNB"));
    assert_eq!(currency.fullcode, Field::Known(Currency::Bnb));
    assert_eq!(currency.name, text("BNB"));
    assert_eq!(currency.is_email_required, Field::Known(false));
    assert_eq!(currency.stablecoin, Field::Known(false));
    let bnb = "https://cdn.cryptocloud.plus/img/currency/BNB.svg";
    assert_eq!(currency.icon_base, text(bnb));
    assert_eq!(currency.icon_network, text(bnb));
    let stroke = "https://cdn.cryptocloud.plus/img/stroke/BNB_STROKE.svg";
    assert_eq!(currency.icon_qr, text(stroke));
    assert_eq!(currency.order, Field::Known(13));

    let Field::Known(network) = currency.network else {
        panic!("the sample has a network");
    };
    assert_eq!(network.code, text("BSC"));
    assert_eq!(network.id, Field::Known(20));
    let icon = "https://cdn.cryptocloud.plus/img/network/BSC.svg";
    assert_eq!(network.icon, text(icon));
    assert_eq!(network.fullname, text("BNB Smart Chain"));

    let Field::Known(project) = info.project else {
        panic!("the sample has a project");
    };
    assert_eq!(project.id, Field::Known(1));
    assert_eq!(project.name, text("Test"));
    assert_eq!(project.fail, text("https://test.com/failed-payment"));
    assert_eq!(project.success, text("https://test.com/successful-payment"));
    assert_eq!(project.logo, text(""));
}

/// A field of another form does not affect the other fields.
#[test]
fn field_of_other_form_is_kept_as_received() {
    let payment = with_invoice_info(
        r#"{"fee":{"surprise":true},"created":5,"currency":"BNB","project":[1],"status":"paid",
            "test_mode":"no","step":3.5,"tx_list":"none","amount":"1e-2","address":null,"new":[{}]}"#,
    );
    let Field::Known(info) = payment.unsigned().invoice_info() else {
        panic!("an object");
    };
    assert_eq!(info.fee, Field::Other(r#"{"surprise":true}"#));
    assert_eq!(info.created, Field::Other("5"));
    assert_eq!(info.currency, Field::Other(r#""BNB""#));
    assert_eq!(info.project, Field::Other("[1]"));
    assert_eq!(info.test_mode, Field::Other(r#""no""#));
    assert_eq!(info.step, Field::Other("3.5"));
    assert_eq!(info.tx_list, Field::Other(r#""none""#));
    assert_eq!(info.status, Field::Known(InvoiceStatus::Paid));
    assert_eq!(info.amount, amount("0.01"));
    assert_eq!(info.address, Field::Absent);
    assert_eq!(info.received, Field::Absent);
}

#[test]
fn nested_field_of_other_form_leaves_others_known() {
    let payment = with_invoice_info(
        r#"{"currency":{"code":"USDT","network":{"code":["TRC20"],"id":4},"order":1},"step":3}"#,
    );
    let Field::Known(info) = payment.unsigned().invoice_info() else {
        panic!("an object");
    };
    assert_eq!(info.step, Field::Known(3));
    let Field::Known(currency) = info.currency else {
        panic!("an object");
    };
    assert_eq!(currency.code, text("USDT"));
    assert_eq!(currency.order, Field::Known(1));
    let Field::Known(network) = currency.network else {
        panic!("an object");
    };
    assert_eq!(network.code, Field::Other(r#"["TRC20"]"#));
    assert_eq!(network.id, Field::Known(4));
}

#[test]
fn repeated_member_is_not_known() {
    let payment =
        with_invoice_info(r#"{"fee":0,"received":7,"fe\u0065":1,"step":null,"step":3,"\ud800":5}"#);
    let Field::Known(info) = payment.unsigned().invoice_info() else {
        panic!("an object");
    };
    assert_eq!(info.fee, Field::Other("1"));
    assert_eq!(info.step, Field::Other("3"), "null counts as a member");
    assert_eq!(info.received, amount("7"));
}

#[test]
fn times_with_and_without_fraction_are_utc() {
    for (json, expected) in [
        (
            r#""2024-08-22 11:49:59""#,
            Field::Known(utc_datetime!(2024-08-22 11:49:59)),
        ),
        (
            r#""2024-08-22 11:49:59.5""#,
            Field::Known(utc_datetime!(2024-08-22 11:49:59.5)),
        ),
        (
            r#""2024-02-30 11:49:59""#,
            Field::Other(r#""2024-02-30 11:49:59""#),
        ),
        (
            r#""2024-08-22 11:49:60""#,
            Field::Other(r#""2024-08-22 11:49:60""#),
        ),
        (
            r#""2024-08-22 11:49:59.0123456789""#,
            Field::Other(r#""2024-08-22 11:49:59.0123456789""#),
        ),
        (
            r#""2024-08-22 11:49:59+03:00""#,
            Field::Other(r#""2024-08-22 11:49:59+03:00""#),
        ),
        (
            r#""2024-08-22T11:49:59Z""#,
            Field::Other(r#""2024-08-22T11:49:59Z""#),
        ),
    ] {
        let payment = with_invoice_info(&format!(r#"{{"created":{json}}}"#));
        let Field::Known(info) = payment.unsigned().invoice_info() else {
            panic!("an object");
        };
        assert_eq!(info.created, expected);
    }
}

#[test]
fn value_that_is_not_object_is_kept_as_received() {
    assert!(
        with_invoice_info("null")
            .unsigned()
            .invoice_info()
            .is_absent()
    );
    for json in ["[]", "5", r#""text""#, "true"] {
        let payment = with_invoice_info(json);
        assert_eq!(payment.unsigned().invoice_info().other(), Some(json));
    }
}

/// No accessor returns a `uuid` that is not tied to the token.
#[test]
fn withheld_uuid_is_absent_everywhere() {
    for uuid in [
        r#""3f0e2c5a-5a6b-4305-9fa2-b0fbda6e3ff2""#,
        r#"["INV-89UX09KA"]"#,
    ] {
        let payment = with_invoice_info(&format!(r#"{{"uuid":{uuid},"step":3}}"#));
        assert_eq!(payment.unsigned().invoice_uuid(), None);
        let Field::Known(info) = payment.unsigned().invoice_info() else {
            panic!("an object");
        };
        assert_eq!(info.uuid, Field::Absent);
        assert_eq!(info.step, Field::Known(3));
    }
}

/// Nesting uses memory for the brackets, and no stack.
#[test]
fn deeply_nested_value_is_skipped() {
    let deep = format!(
        r#"{{"aml_checks":{}{}}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    let payment = with_invoice_info(&deep);
    let info = payment.unsigned().invoice_info();
    let checks = info.known().and_then(|info| info.aml_checks.known());
    assert_eq!(checks.map(|checks| checks.len()), Some(18_000));
}

/// Only the member that contains a malformed part is lost.
#[test]
fn malformed_value_leaves_others_known() {
    let payment = with_invoice_info(
        r#"{"currency":{"network":{"code" 1},"order":1},"project":{},"links_invoice":[NaN],
            "fee":NaN,"uuid":"\x","step":3}"#,
    );
    assert_eq!(payment.unsigned().invoice_uuid(), None);
    let Field::Known(info) = payment.unsigned().invoice_info() else {
        panic!("an object");
    };
    let Field::Known(currency) = info.currency else {
        panic!("an object");
    };
    assert_eq!(currency.network, Field::Other(r#"{"code" 1}"#));
    assert_eq!(currency.order, Field::Known(1));
    assert!(info.project.known().is_some());
    assert_eq!(info.links_invoice, Field::Other("[NaN]"));
    assert_eq!(info.fee, Field::Other("NaN"));
    assert_eq!(info.uuid, Field::Absent);
    assert_eq!(info.step, Field::Known(3));
}

#[test]
fn malformed_invoice_info_is_kept_as_received() {
    for json in ["NaN", r#""\x""#, r#"{"step" 3}"#, r#"{"step":3]"#, "[}"] {
        let payment = with_invoice_info(json);
        assert_eq!(payment.unsigned().invoice_info().other(), Some(json));
    }
}

/// The part may be anywhere after the `uuid`.
#[test]
fn foreign_uuid_before_malformed_part_is_mismatch() {
    for rest in ["", r#","a" 1"#, r#","a" 1,"b":"\n""#] {
        let rejected = deliver_invoice_info(&format!(r#"{{"uuid":"INV-89UX09KA"{rest}}}"#));
        assert_eq!(rejected.err(), Some(Rejection::InvoiceMismatch), "{rest}");
    }
}

/// The escape is at each position of the blocks of 64 bytes that are read at once.
#[test]
fn repeated_uuid_with_escape_is_found_at_each_position() {
    for length in 0..200 {
        let fill = "x".repeat(length);
        let rejected = deliver_invoice_info(&format!(
            r#"{{"uuid":"INV-ILRAJE1Q","a":"{fill}","uui\u0064":"INV-ILRAJE1Q","b":"{fill}"}}"#
        ));
        let reason = MalformedReason::Repeated("invoice_info.uuid");
        assert_eq!(
            rejected.err(),
            Some(Rejection::Malformed(reason)),
            "{length}"
        );
    }
}

/// The ids of the documentation are eight capital letters and digits, with or without `INV-`.
#[test]
fn uuid_of_other_invoice_is_mismatch() {
    for uuid in ["89UX09KA", "INV-89UX09KA", "INV-", "INV-ilraje1q"] {
        let rejected = deliver_invoice_info(&format!(r#"{{"uuid":"{uuid}"}}"#));
        assert_eq!(rejected.err(), Some(Rejection::InvoiceMismatch), "{uuid}");
    }
    for uuid in ["ILRAJE1Q", "INV-ILRAJE1Q"] {
        let payment = with_invoice_info(&format!(r#"{{"uuid":"{uuid}"}}"#));
        assert_eq!(payment.unsigned().invoice_uuid(), Some(uuid));
    }
}

/// A name with half a surrogate pair is not a text, and does not hide other members.
#[test]
fn undecodable_name_hides_no_other() {
    let foreign = deliver_invoice_info(r#"{"\ud800":1,"uuid":"INV-89UX09KA"}"#);
    assert_eq!(foreign.err(), Some(Rejection::InvoiceMismatch));
    let twice = deliver_invoice_info(r#"{"uuid":"INV-ILRAJE1Q","\ud800":1,"uuid":"INV-89UX09KA"}"#);
    assert!(matches!(twice, Err(Rejection::Malformed(_))));
    let payment =
        deliver_invoice_info(r#"{"x\udc00":1,"uuid":"INV-ILRAJE1Q","test_mode":true}"#).unwrap();
    let info = payment.unsigned().invoice_info();
    assert_eq!(
        info.known().map(|info| &info.test_mode),
        Some(&Field::Known(true))
    );
}
