//! The callbacks that each printed CryptAPI handler receives, with the expected result of each.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use postback_core::{
    reconcile::Price,
    testing::{SAMPLE_CALLBACK, SigningKey},
};

use crate::{
    corpus::Request,
    deliveries::{Handling, priced, replaced},
    fixtures::{ORIGIN, SAMPLE_UUID},
    log::Log,
};

/// One callback.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Name of the case.
    pub name: &'static str,
    /// Replacements in the sample.
    pub replacements: &'static [(&'static str, &'static str)],
    /// Change of the callback URL.
    pub url: UrlChange,
    /// Price of the order.
    pub price: Price,
    /// Expected status of the response.
    pub status: u16,
    /// Expected handling.
    pub handling: Handling,
}

/// A change of the order's callback URL.
#[derive(Clone, Copy, Debug)]
pub enum UrlChange {
    /// The stored URL, unchanged.
    Unchanged,
    /// The first parameter, which names the order, names an order that does not exist.
    UnknownOrder,
    /// The first parameter is missing.
    NoOrder,
}

/// An application under test, which credits orders that are paid to addresses.
pub trait HandlerUnderTest {
    /// The application's identifier of an order.
    type Order;

    /// Adds an order that is paid to the sample's address, and returns it with its callback URL.
    fn add(&mut self, price: &Price) -> impl Future<Output = (Self::Order, String)>;

    /// Sends a request to the handler.
    fn deliver(&self, request: &Request) -> impl Future<Output = Response<String>>;

    /// Returns the number of credits of an order.
    fn credits(&self, order: &Self::Order) -> impl Future<Output = u64>;
}

/// Sends each of the callbacks, then the genuine ones, pending and confirmed, each of them twice.
///
/// The order is credited once: a callback that is not credited must not use up the record of the
/// payment.
pub async fn assert_credits_what_is_paid<S: HandlerUnderTest>(
    handler: &str,
    application: &mut S,
    key: &SigningKey,
    callbacks: &[Callback],
    log: &Log,
) {
    for callback in callbacks {
        let name = format!("{handler}: {}", callback.name);
        let (order, url) = application.add(&callback.price).await;
        let uuid = uuid();
        let altered = callback.url.altered(&url);
        let request = request(key, &altered, &uuid, callback.replacements);
        for _ in 0..2 {
            let response = application.deliver(&request).await;
            assert_eq!(response.status(), callback.status, "{name}");
            let is_retried = response.headers().contains_key("retry-after");
            assert_eq!(is_retried, callback.status == 404, "{name}");
        }
        let is_credited = callback.handling == Handling::Credited;
        let credits = application.credits(&order).await;
        assert_eq!(credits, u64::from(is_credited), "{name}");
        callback.handling.assert_logged(log, &uuid, &name);
        assert_credits_genuine(&name, application, key, &url, &uuid, &order, is_credited).await;
    }

    let name = format!("{handler}: forged");
    let (order, url) = application.add(&priced("0.05", "btc")).await;
    let uuid = uuid();
    let another = SigningKey::generate().expect("a key");
    let forged = request(&another, &url, &uuid, &[]);
    assert_eq!(application.deliver(&forged).await.status(), 401, "{name}");
    assert_eq!(application.credits(&order).await, 0, "{name}");
    // The log does not contain the id of an unsigned callback.
    Handling::Credited.assert_logged(log, &uuid, &name);
    assert_credits_genuine(&name, application, key, &url, &uuid, &order, false).await;
}

async fn assert_credits_genuine<S: HandlerUnderTest>(
    name: &str,
    application: &S,
    key: &SigningKey,
    url: &str,
    uuid: &str,
    order: &S::Order,
    is_credited: bool,
) {
    let name = format!("{name}, then genuine");
    for (pending, credits) in [("pending=1", u64::from(is_credited)), ("pending=0", 1)] {
        let genuine = [("pending=0", pending), ("pending=", CONVERTED)];
        let genuine = request(key, url, uuid, &genuine);
        for _ in 0..2 {
            let status = application.deliver(&genuine).await.status();
            assert_eq!(status, 200, "{name}: {pending}");
        }
        assert_eq!(
            application.credits(order).await,
            credits,
            "{name}: {pending}"
        );
    }
}

/// Field of an address with `convert=1`, before the field `pending`.
const CONVERTED: &str = "value_coin_convert=%7B%22USD%22%3A+%223200%22%7D&pending=";

/// Returns callbacks for orders that are priced in a coin.
#[must_use]
pub fn in_a_coin() -> Vec<Callback> {
    type Row = (
        &'static str,
        &'static [(&'static str, &'static str)],
        UrlChange,
        u16,
        Handling,
    );
    let stored = UrlChange::Unchanged;
    let rows: [Row; 11] = [
        ("confirmed", &[], stored, 200, Handling::Credited),
        (
            "unreadable price",
            &[("price=64000.12", "price=N/A")],
            stored,
            200,
            Handling::Credited,
        ),
        (
            "pending",
            &[("pending=0", "pending=1")],
            stored,
            200,
            Handling::Ignored("pending"),
        ),
        (
            "underpaid",
            &[("value_coin=0.05", "value_coin=0.04")],
            stored,
            200,
            Handling::Logged("underpaid"),
        ),
        (
            "no value",
            &[("&value_coin=0.05", "")],
            stored,
            200,
            Handling::Logged("unknown: `value_coin`"),
        ),
        (
            "unreadable value",
            &[("value_coin=0.05", "value_coin=N/A")],
            stored,
            400,
            Handling::Logged(r#"code="malformed""#),
        ),
        (
            "another coin",
            &[("coin=btc", "coin=ltc")],
            stored,
            404,
            Handling::Logged("unexpected coin"),
        ),
        (
            "another wallet",
            &[("address_out=1H6", "address_out=1H7")],
            stored,
            404,
            Handling::Logged("unknown_order"),
        ),
        (
            "unknown order",
            &[],
            UrlChange::UnknownOrder,
            404,
            Handling::Logged("unknown_order"),
        ),
        (
            "no order parameter",
            &[],
            UrlChange::NoOrder,
            404,
            Handling::Logged("unknown_order"),
        ),
        (
            "test callback",
            &[("uuid=", "uuid=TEST_")],
            stored,
            401,
            Handling::Logged("test_callback"),
        ),
    ];
    let made = |(name, replacements, url, status, handling): Row| Callback {
        name,
        replacements,
        url,
        price: priced("0.05", "btc"),
        status,
        handling,
    };
    let mut callbacks: Vec<_> = rows.into_iter().map(made).collect();
    callbacks.push(Callback {
        name: "other spelling",
        replacements: &[("coin=btc", "coin=BTC")],
        url: stored,
        price: priced("0.05", "BTC"),
        status: 200,
        handling: Handling::Credited,
    });
    callbacks
}

/// Returns callbacks for orders that are priced in dollars.
#[must_use]
pub fn in_dollars() -> Vec<Callback> {
    let made = |name, replacements, handling| Callback {
        name,
        replacements,
        url: UrlChange::Unchanged,
        price: priced("3200", "USD"),
        status: 200,
        handling,
    };
    vec![
        made(
            "in dollars, converted",
            &[("pending=", CONVERTED)],
            Handling::Credited,
        ),
        made(
            "in dollars, not converted",
            &[],
            Handling::Logged("unknown: `value_coin_convert`"),
        ),
    ]
}

impl UrlChange {
    fn altered(self, url: &str) -> String {
        let (before, rest) = url.split_once('?').expect("a query");
        let (order, rest) = rest.split_once('&').expect("a callback secret");
        let (name, _) = order.split_once('=').expect("a parameter");
        match self {
            Self::Unchanged => url.to_owned(),
            Self::UnknownOrder => format!("{before}?{name}=987654&{rest}"),
            Self::NoOrder => format!("{before}?{rest}"),
        }
    }
}

/// Returns a confirmed callback of a new payment of 0.05 `btc`, for the callback URL `url`.
#[must_use]
pub fn confirmed(key: &SigningKey, url: &str) -> Request {
    request(key, url, &uuid(), &[])
}

/// Returns the sample with replacements, signed with `key` for the callback URL `url`. Its `uuid`
/// and transaction are unique.
fn request(key: &SigningKey, url: &str, uuid: &str, replacements: &[(&str, &str)]) -> Request {
    let (serial, _) = uuid.split_once('-').expect("a UUID");
    let fields = SAMPLE_CALLBACK
        .replace(SAMPLE_UUID, uuid)
        .replace("a2174ffd", serial);
    let fields = replaced(fields, replacements);
    let signed = format!("{url}&{fields}");
    let target = signed.strip_prefix(ORIGIN).expect("the shop's origin");
    let signature = key.sign(&signed).expect("a signature");
    Request::new("GET", target, &[("x-ca-signature", &*signature)], "")
}

/// Returns a `uuid` that is unique in this process.
fn uuid() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let serial = MADE.fetch_add(1, Ordering::Relaxed);
    format!("{serial:08x}-5a6b-4305-9fa2-b0fbda6e3ff2")
}
