//! The callbacks that every printed handler of CryptAPI is sent, and what becomes of each.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use postback_core::{
    reconcile::Price,
    testing::{SAMPLE_CALLBACK, SigningKey},
};

use crate::{
    corpus::Request,
    deliveries::{Fate, priced, replaced},
    fixtures::{ORIGIN, SAMPLE_UUID},
    log::Log,
};

/// One callback.
#[derive(Clone, Debug)]
pub struct Callback {
    /// What is special about it.
    pub name: &'static str,
    /// Replacements in the sample.
    pub replacements: &'static [(&'static str, &'static str)],
    /// What becomes of the callback URL.
    pub url: Url,
    /// What its order costs.
    pub price: Price,
    /// The status of the response.
    pub status: u16,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of the order's callback URL in a callback.
#[derive(Clone, Copy, Debug)]
pub enum Url {
    /// It is called as it is stored.
    AsStored,
    /// Its first parameter, which names the order, names another that does not exist.
    OfUnknownOrder,
    /// Its first parameter is missing.
    WithoutOrder,
}

/// An application that credits orders which are paid to addresses.
pub trait Shop {
    /// How the application names an order.
    type Order;

    /// Adds an order, to be paid to the sample's address, and returns it with its callback URL.
    fn add(&mut self, price: &Price) -> impl Future<Output = (Self::Order, String)>;

    /// Delivers a request.
    fn deliver(&self, request: &Request) -> impl Future<Output = Response<String>>;

    /// How often an order was credited.
    fn credits(&self, order: &Self::Order) -> impl Future<Output = u64>;
}

/// Sends each of the callbacks, and after it the genuine ones, pending and confirmed: nothing that was not credited may
/// use up the record of the payment. Each is sent twice, and the order is credited once.
pub async fn assert_credits_what_is_paid<S: Shop>(
    handler: &str,
    shop: &mut S,
    key: &SigningKey,
    callbacks: &[Callback],
    log: &Log,
) {
    for callback in callbacks {
        let name = format!("{handler}: {}", callback.name);
        let (order, url) = shop.add(&callback.price).await;
        let uuid = uuid();
        let altered = callback.url.altered(&url);
        let request = request(key, &altered, &uuid, callback.replacements);
        for _ in 0..2 {
            let response = shop.deliver(&request).await;
            assert_eq!(response.status(), callback.status, "{name}");
            let is_retried = response.headers().contains_key("retry-after");
            assert_eq!(is_retried, callback.status == 404, "{name}");
        }
        let is_credited = callback.fate == Fate::Credited;
        let credits = shop.credits(&order).await;
        assert_eq!(credits, u64::from(is_credited), "{name}");
        callback.fate.assert_logged(log, &uuid, &name);
        assert_credits_genuine(&name, shop, key, &url, &uuid, &order, is_credited).await;
    }

    let name = format!("{handler}: forged");
    let (order, url) = shop.add(&priced("0.05", "btc")).await;
    let uuid = uuid();
    let another = SigningKey::generate().expect("a key");
    let forged = request(&another, &url, &uuid, &[]);
    assert_eq!(shop.deliver(&forged).await.status(), 401, "{name}");
    assert_eq!(shop.credits(&order).await, 0, "{name}");
    // The id of an unsigned callback is not on the log.
    Fate::Credited.assert_logged(log, &uuid, &name);
    assert_credits_genuine(&name, shop, key, &url, &uuid, &order, false).await;
}

async fn assert_credits_genuine<S: Shop>(
    name: &str,
    shop: &S,
    key: &SigningKey,
    url: &str,
    uuid: &str,
    order: &S::Order,
    is_credited: bool,
) {
    let name = format!("{name}, then the genuine one");
    for (pending, credits) in [("pending=1", u64::from(is_credited)), ("pending=0", 1)] {
        let genuine = [("pending=0", pending), ("pending=", CONVERTED)];
        let genuine = request(key, url, uuid, &genuine);
        for _ in 0..2 {
            let status = shop.deliver(&genuine).await.status();
            assert_eq!(status, 200, "{name}: {pending}");
        }
        assert_eq!(shop.credits(order).await, credits, "{name}: {pending}");
    }
}

/// What an address made with `convert=1` adds, before the field `pending`.
const CONVERTED: &str = "value_coin_convert=%7B%22USD%22%3A+%223200%22%7D&pending=";

/// Callbacks about orders that are priced in a coin.
#[must_use]
pub fn in_a_coin() -> Vec<Callback> {
    type Row = (
        &'static str,
        &'static [(&'static str, &'static str)],
        Url,
        u16,
        Fate,
    );
    let stored = Url::AsStored;
    let rows: [Row; 11] = [
        ("confirmed", &[], stored, 200, Fate::Credited),
        (
            "unreadable price",
            &[("price=64000.12", "price=N/A")],
            stored,
            200,
            Fate::Credited,
        ),
        (
            "pending",
            &[("pending=0", "pending=1")],
            stored,
            200,
            Fate::Ignored("pending"),
        ),
        (
            "underpaid",
            &[("value_coin=0.05", "value_coin=0.04")],
            stored,
            200,
            Fate::Logged("underpaid"),
        ),
        (
            "no value",
            &[("&value_coin=0.05", "")],
            stored,
            200,
            Fate::Logged("unknown: `value_coin`"),
        ),
        (
            "unreadable value",
            &[("value_coin=0.05", "value_coin=N/A")],
            stored,
            400,
            Fate::Logged(r#"code="malformed""#),
        ),
        (
            "another coin",
            &[("coin=btc", "coin=ltc")],
            stored,
            404,
            Fate::Logged("another coin"),
        ),
        (
            "another wallet",
            &[("address_out=1H6", "address_out=1H7")],
            stored,
            404,
            Fate::Logged("unknown_order"),
        ),
        (
            "unknown order",
            &[],
            Url::OfUnknownOrder,
            404,
            Fate::Logged("unknown_order"),
        ),
        (
            "no order parameter",
            &[],
            Url::WithoutOrder,
            404,
            Fate::Logged("unknown_order"),
        ),
        (
            "test callback",
            &[("uuid=", "uuid=TEST_")],
            stored,
            401,
            Fate::Logged("test_callback"),
        ),
    ];
    let made = |(name, replacements, url, status, fate): Row| Callback {
        name,
        replacements,
        url,
        price: priced("0.05", "btc"),
        status,
        fate,
    };
    let mut callbacks: Vec<_> = rows.into_iter().map(made).collect();
    callbacks.push(Callback {
        name: "spelled otherwise",
        replacements: &[("coin=btc", "coin=BTC")],
        url: stored,
        price: priced("0.05", "BTC"),
        status: 200,
        fate: Fate::Credited,
    });
    callbacks
}

/// Callbacks about orders that are priced in dollars.
#[must_use]
pub fn in_dollars() -> Vec<Callback> {
    let made = |name, replacements, fate| Callback {
        name,
        replacements,
        url: Url::AsStored,
        price: priced("3200", "USD"),
        status: 200,
        fate,
    };
    vec![
        made(
            "in dollars, converted",
            &[("pending=", CONVERTED)],
            Fate::Credited,
        ),
        made(
            "in dollars, not converted",
            &[],
            Fate::Logged("unknown: `value_coin_convert`"),
        ),
    ]
}

impl Url {
    fn altered(self, url: &str) -> String {
        let (before, rest) = url.split_once('?').expect("a query");
        let (order, rest) = rest.split_once('&').expect("a nonce");
        let (name, _) = order.split_once('=').expect("a parameter");
        match self {
            Self::AsStored => url.to_owned(),
            Self::OfUnknownOrder => format!("{before}?{name}=987654&{rest}"),
            Self::WithoutOrder => format!("{before}?{rest}"),
        }
    }
}

/// The sample with replacements, as the provider with this key calls this URL. The transaction has an id of its own.
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

/// Makes a payment's id, which no other call in this process makes.
fn uuid() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let serial = MADE.fetch_add(1, Ordering::Relaxed);
    format!("{serial:08x}-5a6b-4305-9fa2-b0fbda6e3ff2")
}
