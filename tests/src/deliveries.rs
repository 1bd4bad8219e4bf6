//! The deliveries that every printed handler of CryptoCloud postbacks is sent, and what becomes of each.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud, reconcile::Price, testing};

use crate::{
    corpus::Request,
    fixtures::{self, FORM, JSON},
    log::Log,
};

/// The text of the project's secret.
pub const SECRET: &str = "the project's secret key";

/// One delivery.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What is special about it.
    pub name: &'static str,
    /// The invoice that it is about, which no other delivery of this process is about.
    pub invoice_id: String,
    /// The price of the order.
    pub price: Price,
    /// The request.
    pub request: Request,
    /// What becomes of it, once it is acknowledged.
    pub fate: Fate,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The order is credited, and the log has no warning.
    Credited,
    /// As [`Logged`](Self::Logged), and no warning says that it was kept for review.
    Ignored(&'static str),
    /// The order is not credited, and the log has a warning that names the payment and has this text.
    Logged(&'static str),
}

impl Fate {
    /// Asserts that the log says of the payment with this id what it has to.
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

/// An application that credits orders which are paid by invoices.
pub trait Shop {
    /// How the application names an order.
    type Order;

    /// Adds an order, to be paid by this invoice: named as the create call does, with `INV-`.
    fn add(&self, invoice_id: &str, price: &Price) -> impl Future<Output = Self::Order>;

    /// Delivers a request.
    fn deliver(&self, request: &Request) -> impl Future<Output = Response<String>>;

    /// How often an order was credited.
    fn credits(&self, order: &Self::Order) -> impl Future<Output = u64>;
}

/// Sends each delivery of [`all`] to `target`, and after it the genuine one: nothing that was not credited may use up
/// the record of the payment. Each is sent twice, and the order is credited once.
pub async fn assert_credits_what_is_paid<S: Shop>(
    handler: &str,
    shop: &S,
    target: &str,
    log: &Log,
) {
    for delivery in all(target) {
        let name = format!("{handler}: {}", delivery.name);
        let id = &*delivery.invoice_id;
        let order = shop.add(&format!("INV-{id}"), &delivery.price).await;
        for _ in 0..2 {
            let status = shop.deliver(&delivery.request).await.status();
            assert_eq!(status, 200, "{name}");
        }
        let is_credited = delivery.fate == Fate::Credited;
        let credits = shop.credits(&order).await;
        assert_eq!(credits, u64::from(is_credited), "{name}");
        delivery.fate.assert_logged(log, id, &name);
        assert_credits_genuine(&name, shop, target, &delivery.invoice_id, &order).await;
    }

    let name = format!("{handler}: forged");
    let id = invoice_id();
    let order = shop.add(&format!("INV-{id}"), &price()).await;
    let another = fixtures::secret("another project's secret key");
    let forged = signed_sample(&another, target, &id, &[]);
    assert_eq!(shop.deliver(&forged).await.status(), 401, "{name}");
    assert_eq!(shop.credits(&order).await, 0, "{name}");
    // The id of an unsigned postback is not on the log.
    Fate::Credited.assert_logged(log, &id, &name);
    assert_credits_genuine(&name, shop, target, &id, &order).await;
}

async fn assert_credits_genuine<S: Shop>(
    name: &str,
    shop: &S,
    target: &str,
    invoice_id: &str,
    order: &S::Order,
) {
    let genuine = sample(target, invoice_id, &[]);
    for _ in 0..2 {
        let status = shop.deliver(&genuine).await.status();
        assert_eq!(status, 200, "{name}, then the genuine one");
    }
    let credits = shop.credits(order).await;
    assert_eq!(credits, 1, "{name}, then the genuine one");
}

/// Asserts that a genuine postback without an order is not acknowledged, so that the provider sends it again.
pub async fn assert_unknown_order_is_not_acknowledged<S: Shop>(
    handler: &str,
    shop: &S,
    target: &str,
    log: &Log,
) {
    let id = invoice_id();
    let response = shop.deliver(&sample(target, &id, &[])).await;
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

/// Makes an invoice's id, which no other call in this process makes.
#[must_use]
pub fn invoice_id() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    format!("T{:07}", MADE.fetch_add(1, Ordering::Relaxed))
}

/// What an order costs: what the documented sample pays.
pub fn price() -> Price {
    priced("0.000113", "BNB")
}

/// The same in dollars.
pub fn price_in_dollars() -> Price {
    priced("0.1", "USD")
}

pub(crate) fn priced(amount: &str, currency: &str) -> Price {
    let amount = amount.parse().expect("an amount");
    Price::new(amount, currency).expect("a price")
}

/// The project's secret.
#[must_use]
pub fn secret() -> SecretKey {
    fixtures::secret(SECRET)
}

/// The verifier of the project.
#[must_use]
pub fn verifier() -> Verifier<CryptoCloud> {
    Verifier::new(CryptoCloud::new(), secret())
}

/// The documented postback of version 2, about this invoice, with replacements in the text of its JSON.
#[must_use]
pub fn sample(target: &str, invoice_id: &str, replacements: &[(&str, &str)]) -> Request {
    signed_sample(&secret(), target, invoice_id, replacements)
}

/// The same, signed with the secret of another project.
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

/// The text with replacements, each of which it must hold.
pub(crate) fn replaced(text: String, replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// The deliveries, each about an invoice of its own.
#[must_use]
pub fn all(target: &str) -> Vec<Delivery> {
    type Replacements<'a> = &'a [(&'a str, &'a str)];

    let paid = r#""status": "paid""#;
    let altered: [(&'static str, Replacements<'_>, Fate); 13] = [
        (
            "test mode",
            &[(r#""test_mode": false"#, r#""test_mode": true"#)],
            Fate::Ignored("test mode"),
        ),
        (
            "test mode unknown",
            &[(r#""test_mode": false"#, r#""test_mode": null"#)],
            Fate::Logged("unknown: `invoice_info.test_mode`"),
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
            Fate::Ignored("not successful"),
        ),
        (
            "not successful, and funded",
            &[(r#"{"status": "success""#, r#"{"status": "created""#)],
            Fate::Logged("unknown: `status`"),
        ),
        (
            "paid in part",
            &[
                (paid, r#""status": "partial""#),
                (r#""amount_paid": 0.000113"#, r#""amount_paid": 0.0001"#),
            ],
            Fate::Logged("underpaid"),
        ),
        (
            "paid in part, by its status alone",
            &[(paid, r#""status": "partial""#)],
            Fate::Logged("unknown: `invoice_info.status`"),
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
            Fate::Ignored("not successful"),
        ),
        (
            "canceled, and funded",
            &[(paid, r#""status": "canceled""#)],
            Fate::Logged("unknown: `invoice_info.status`"),
        ),
        (
            "underpaid",
            &[(
                r#""amount_crypto": 0.000113"#,
                r#""amount_crypto": 0.000112"#,
            )],
            Fate::Logged("underpaid"),
        ),
        (
            "wrong coin",
            &[
                (r#""currency": "BNB""#, r#""currency": "LTC""#),
                (r#""fullcode": "BNB""#, r#""fullcode": "LTC""#),
            ],
            Fate::Logged("wrong currency"),
        ),
        (
            "unreadable amount",
            &[(r#""amount_crypto": 0.000113"#, r#""amount_crypto": "nil""#)],
            Fate::Logged("unknown: `amount_crypto`"),
        ),
        (
            "one amount zero",
            &[(r#""amount_crypto": 0.000113"#, r#""amount_crypto": 0"#)],
            Fate::Logged("unknown: `amount_crypto`"),
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
            Fate::Ignored("underpaid"),
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
    let made = |name, price, fate, request: &dyn Fn(&str) -> Request| {
        let invoice_id = invoice_id();
        let request = request(&invoice_id);
        Delivery {
            name,
            invoice_id,
            price,
            request,
            fate,
        }
    };
    let no_info = Fate::Logged("unknown: `invoice_info`");
    let mut deliveries = vec![
        made("version 2 in JSON", price(), Fate::Credited, &v2),
        made("version 1 in JSON", price(), Fate::Credited, &v1),
        made("a form", price(), Fate::Credited, &form),
        made("in dollars", price_in_dollars(), Fate::Credited, &v2),
        made("in dollars, version 1", price_in_dollars(), no_info, &v1),
        made("in dollars, a form", price_in_dollars(), no_info, &form),
        made(
            "in dollars, underpaid",
            price_in_dollars(),
            Fate::Logged("underpaid"),
            &|id| {
                let less = (r#""amount_paid_usd": 0.1"#, r#""amount_paid_usd": 0.09"#);
                sample(target, id, &[less])
            },
        ),
    ];
    for (name, replacements, fate) in altered {
        deliveries.push(made(name, price(), fate, &|id| {
            sample(target, id, replacements)
        }));
    }
    deliveries
}
