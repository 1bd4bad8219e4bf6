//! The deliveries that each printed CryptoCloud handler receives, with the expected result of each.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud, reconcile::Price, testing};

use crate::{
    corpus::Request,
    fixtures::{self, FORM, JSON},
    log::Log,
};

/// Text of the project's secret.
pub const SECRET: &str = "the project's secret key";

/// A delivery and its expected result.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Name of the case.
    pub name: &'static str,
    /// Invoice of the delivery, unique in this process.
    pub invoice_id: String,
    /// Price of the order.
    pub price: Price,
    /// The request.
    pub request: Request,
    /// Expected handling, once the delivery is acknowledged.
    pub handling: Handling,
}

/// Handling of a delivery by the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// The order is credited, and the log has no warning.
    Credited,
    /// The same as [`Logged`](Self::Logged), without a warning that the payment was kept for
    /// review.
    Ignored(&'static str),
    /// The order is not credited. The log has a warning with the payment's id and this text.
    Logged(&'static str),
}

impl Handling {
    /// Asserts that the log has the expected warnings about the payment with this id.
    pub fn assert_logged(self, log: &Log, id: &str, name: &str) {
        let warnings = log.naming(id);
        match self {
            Self::Credited => assert_eq!(warnings, Vec::<String>::new(), "{name}"),
            Self::Ignored(cause) | Self::Logged(cause) => {
                let is_named = warnings.iter().any(|line| line.contains(cause));
                assert!(is_named, "{name}: {cause}: {warnings:?}");
                let is_kept = warnings.iter().any(|line| line.contains("kept for review"));
                assert!(
                    !is_kept || self == Self::Logged(cause),
                    "{name}: {warnings:?}"
                );
            }
        }
    }
}

/// An application under test, which credits orders that are paid by invoices.
pub trait HandlerUnderTest {
    /// The application's identifier of an order.
    type Order;

    /// Adds an order that is paid by this invoice. The id has the prefix `INV-`, as in the
    /// provider's API.
    fn add(&self, invoice_id: &str, price: &Price) -> impl Future<Output = Self::Order>;

    /// Sends a request to the handler.
    fn deliver(&self, request: &Request) -> impl Future<Output = Response<String>>;

    /// Returns the number of credits of an order.
    fn credits(&self, order: &Self::Order) -> impl Future<Output = u64>;
}

/// Sends each delivery of [`all`] to `target`, then the genuine one, each of them twice.
///
/// The order is credited once: a delivery that is not credited must not use up the record of the
/// payment.
pub async fn assert_credits_what_is_paid<S: HandlerUnderTest>(
    handler: &str,
    application: &S,
    target: &str,
    log: &Log,
) {
    for delivery in all(target) {
        let name = format!("{handler}: {}", delivery.name);
        let id = &*delivery.invoice_id;
        let order = application.add(&format!("INV-{id}"), &delivery.price).await;
        for _ in 0..2 {
            let status = application.deliver(&delivery.request).await.status();
            assert_eq!(status, 200, "{name}");
        }
        let is_credited = delivery.handling == Handling::Credited;
        let credits = application.credits(&order).await;
        assert_eq!(credits, u64::from(is_credited), "{name}");
        delivery.handling.assert_logged(log, id, &name);
        assert_credits_genuine(&name, application, target, &delivery.invoice_id, &order).await;
    }

    let name = format!("{handler}: forged");
    let id = invoice_id();
    let order = application.add(&format!("INV-{id}"), &price()).await;
    let another = fixtures::secret("another project's secret key");
    let forged = signed_sample(&another, target, &id, &[]);
    assert_eq!(application.deliver(&forged).await.status(), 401, "{name}");
    assert_eq!(application.credits(&order).await, 0, "{name}");
    // The log does not contain the id of an unsigned postback.
    Handling::Credited.assert_logged(log, &id, &name);
    assert_credits_genuine(&name, application, target, &id, &order).await;
}

async fn assert_credits_genuine<S: HandlerUnderTest>(
    name: &str,
    application: &S,
    target: &str,
    invoice_id: &str,
    order: &S::Order,
) {
    let genuine = sample(target, invoice_id, &[]);
    for _ in 0..2 {
        let status = application.deliver(&genuine).await.status();
        assert_eq!(status, 200, "{name}, then genuine");
    }
    let credits = application.credits(order).await;
    assert_eq!(credits, 1, "{name}, then genuine");
}

/// Asserts that a genuine postback of an unknown order is not acknowledged, which asks the provider
/// to send it again.
pub async fn assert_unknown_order_is_not_acknowledged<S: HandlerUnderTest>(
    handler: &str,
    application: &S,
    target: &str,
    log: &Log,
) {
    let id = invoice_id();
    let response = application.deliver(&sample(target, &id, &[])).await;
    assert_eq!(response.status(), 404, "{handler}");
    assert_eq!(response.body(), r#"{"error":"Unknown order"}"#, "{handler}");
    assert!(response.headers().contains_key("retry-after"), "{handler}");
    let lines = log.naming(&id);
    let [line] = &*lines else {
        panic!("{handler}: {lines:?}");
    };
    assert!(line.contains("not acknowledged"), "{handler}: {line}");
    assert!(
        line.contains(r#"code="unknown_order""#),
        "{handler}: {line}"
    );
}

/// Returns an invoice id that is unique in this process.
#[must_use]
pub fn invoice_id() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    format!("T{:07}", MADE.fetch_add(1, Ordering::Relaxed))
}

/// Returns the price of an order: the amount of the documented sample.
pub fn price() -> Price {
    priced("0.000113", "BNB")
}

/// Returns the amount of the documented sample in dollars.
pub fn price_in_dollars() -> Price {
    priced("0.1", "USD")
}

pub(crate) fn priced(amount: &str, currency: &str) -> Price {
    let amount = amount.parse().expect("an amount");
    Price::new(amount, currency).expect("a price")
}

/// Returns the project's secret.
#[must_use]
pub fn secret() -> SecretKey {
    fixtures::secret(SECRET)
}

/// Returns the verifier of the project, with the system's clock.
#[must_use]
pub fn verifier() -> Verifier<CryptoCloud> {
    Verifier::new(CryptoCloud::new(), secret())
}

/// Returns the documented postback of version 2 for this invoice, with replacements in its JSON.
#[must_use]
pub fn sample(target: &str, invoice_id: &str, replacements: &[(&str, &str)]) -> Request {
    signed_sample(&secret(), target, invoice_id, replacements)
}

/// Returns the same postback, signed with another secret.
#[must_use]
pub fn signed_sample(
    secret: &SecretKey,
    target: &str,
    invoice_id: &str,
    replacements: &[(&str, &str)],
) -> Request {
    let token = testing::fresh_token(secret, invoice_id);
    let body = testing::sample_json(Some(&token)).replace(testing::SAMPLE_INVOICE_ID, invoice_id);
    fixtures::post(target, JSON, replaced(body, replacements))
}

/// Returns the text with replacements. Each replaced part must occur in it.
#[must_use]
pub fn replaced(text: String, replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// Returns the deliveries, each with its own invoice.
#[must_use]
pub fn all(target: &str) -> Vec<Delivery> {
    type Replacements<'a> = &'a [(&'a str, &'a str)];

    let paid = r#""status": "paid""#;
    let altered: [(&'static str, Replacements<'_>, Handling); 13] = [
        (
            "test mode",
            &[(r#""test_mode": false"#, r#""test_mode": true"#)],
            Handling::Ignored("test mode"),
        ),
        (
            "test mode unknown",
            &[(r#""test_mode": false"#, r#""test_mode": null"#)],
            Handling::Logged("unknown: `invoice_info.test_mode`"),
        ),
        (
            "not successful",
            &[
                (r#"{"status": "success""#, r#"{"status": "created""#),
                (paid, r#""status": "created""#),
                (
                    r#""invoice_status": "success""#,
                    r#""invoice_status": "created""#,
                ),
                (r#""amount_paid": 0.000113"#, r#""amount_paid": 0"#),
                (r#""amount_paid_usd": 0.1"#, r#""amount_paid_usd": 0"#),
                (r#""received": 0.000111"#, r#""received": 0"#),
                (r#""received_usd": 0.1"#, r#""received_usd": 0"#),
            ],
            Handling::Ignored("not successful"),
        ),
        (
            "not successful, and funded",
            &[(r#"{"status": "success""#, r#"{"status": "created""#)],
            Handling::Logged("unknown: `status`"),
        ),
        (
            "paid in part",
            &[
                (paid, r#""status": "partial""#),
                (r#""amount_paid": 0.000113"#, r#""amount_paid": 0.0001"#),
            ],
            Handling::Logged("underpaid"),
        ),
        (
            "paid in part, by its status alone",
            &[(paid, r#""status": "partial""#)],
            Handling::Logged("unknown: `invoice_info.status`"),
        ),
        (
            "canceled",
            &[
                (paid, r#""status": "canceled""#),
                (r#""amount_paid": 0.000113"#, r#""amount_paid": 0"#),
                (r#""amount_paid_usd": 0.1"#, r#""amount_paid_usd": 0"#),
                (r#""received": 0.000111"#, r#""received": 0"#),
                (r#""received_usd": 0.1"#, r#""received_usd": 0"#),
            ],
            Handling::Ignored("not successful"),
        ),
        (
            "canceled, and funded",
            &[(paid, r#""status": "canceled""#)],
            Handling::Logged("unknown: `invoice_info.status`"),
        ),
        (
            "underpaid",
            &[(
                r#""amount_crypto": 0.000113"#,
                r#""amount_crypto": 0.000112"#,
            )],
            Handling::Logged("underpaid"),
        ),
        (
            "wrong coin",
            &[
                (r#""currency": "BNB""#, r#""currency": "LTC""#),
                (r#""fullcode": "BNB""#, r#""fullcode": "LTC""#),
            ],
            Handling::Logged("wrong currency"),
        ),
        (
            "unreadable amount",
            &[(r#""amount_crypto": 0.000113"#, r#""amount_crypto": "nil""#)],
            Handling::Logged("unknown: `amount_crypto`"),
        ),
        (
            "one amount zero",
            &[(r#""amount_crypto": 0.000113"#, r#""amount_crypto": 0"#)],
            Handling::Logged("unknown: `amount_crypto`"),
        ),
        (
            "amounts zero",
            &[
                (r#""amount_crypto": 0.000113"#, r#""amount_crypto": 0"#),
                (r#""amount": 0.000113"#, r#""amount": 0"#),
                (r#""amount_usd": 0.1"#, r#""amount_usd": 0"#),
                (r#""amount_paid": 0.000113"#, r#""amount_paid": 0"#),
                (r#""amount_paid_usd": 0.1"#, r#""amount_paid_usd": 0"#),
                (r#""received": 0.000111"#, r#""received": 0"#),
                (r#""received_usd": 0.1"#, r#""received_usd": 0"#),
            ],
            Handling::Ignored("underpaid"),
        ),
    ];
    let v2 = |id: &str| sample(target, id, &[]);
    let v1 = |id: &str| {
        let token = testing::fresh_token(&secret(), id);
        let body = format!(
            r#"{{"status":"success","invoice_id":"{id}","amount_crypto":0.000113,"currency":"BNB","token":"{token}"}}"#
        );
        fixtures::post(target, JSON, body)
    };
    let form = |id: &str| {
        let token = testing::fresh_token(&secret(), id);
        let body = testing::sample_form(Some(&token)).replace(testing::SAMPLE_INVOICE_ID, id);
        fixtures::post(target, FORM, body)
    };
    let made = |name, price, handling, request: &dyn Fn(&str) -> Request| {
        let invoice_id = invoice_id();
        let request = request(&invoice_id);
        Delivery {
            name,
            invoice_id,
            price,
            request,
            handling,
        }
    };
    let no_info = Handling::Logged("unknown: `invoice_info`");
    let mut deliveries = vec![
        made("version 2 in JSON", price(), Handling::Credited, &v2),
        made("version 1 in JSON", price(), Handling::Credited, &v1),
        made("a form", price(), Handling::Credited, &form),
        made("in dollars", price_in_dollars(), Handling::Credited, &v2),
        made("in dollars, version 1", price_in_dollars(), no_info, &v1),
        made("in dollars, a form", price_in_dollars(), no_info, &form),
        made(
            "in dollars, underpaid",
            price_in_dollars(),
            Handling::Logged("underpaid"),
            &|id| {
                let less = (r#""amount_paid_usd": 0.1"#, r#""amount_paid_usd": 0.09"#);
                sample(target, id, &[less])
            },
        ),
    ];
    for (name, replacements, handling) in altered {
        deliveries.push(made(name, price(), handling, &|id| {
            sample(target, id, replacements)
        }));
    }
    deliveries
}
