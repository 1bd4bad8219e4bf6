//! Requests to `examples/shop`: of its API, and of the providers.

use std::sync::Arc;

use http::{Request, StatusCode, request};
use postback_core::{
    Verifier,
    cryptapi::{CryptApi, Get},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};
use serde_json::{Value, json};

pub use crate::fixtures::ORIGIN;
use crate::{client::Client, deliveries};

/// Sender of requests to a shop.
#[derive(Debug)]
pub struct Senders {
    base: String,
    client: Client,
    key: Arc<SigningKey>,
}

impl Senders {
    /// Returns a sender with a new key.
    #[must_use]
    pub fn with_new_key() -> Self {
        Self {
            base: String::new(),
            client: Client::default(),
            key: Arc::new(SigningKey::generate().expect("a key")),
        }
    }

    /// Returns the verifier of the callbacks.
    #[must_use]
    pub fn cryptapi(&self) -> Verifier<CryptApi<Get>> {
        let provider = CryptApi::get([ORIGIN]).expect("an origin");
        Verifier::new(provider, self.key.public_key().expect("a public half"))
    }

    /// Sets the address of the shop, a URL without a path.
    #[must_use]
    pub fn to(self, base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            ..self
        }
    }

    /// Creates an order of 0.05 BTC, paid by an invoice of CryptoCloud, and returns its number.
    pub async fn order_by_invoice(&self, invoice_id: &str) -> i64 {
        let paid_by = ("cryptocloud_invoice_id", invoice_id);
        self.order_at("0.05", "BTC", paid_by).await
    }

    /// Creates an order at another price, and returns its number. The field of the shop's API
    /// `paid_by` names the invoice.
    pub async fn order_at(&self, price: &str, coin: &str, paid_by: (&str, &str)) -> i64 {
        let (field, invoice_id) = paid_by;
        let wanted = json!({ "price": price, "coin": coin, field: invoice_id });
        number(&self.call(Request::post(self.at("/orders")), &wanted).await)
    }

    /// Creates an order of 0.05 `btc`, paid to an address, and returns its number and the path and
    /// query of its callback URL.
    pub async fn order_by_address(&self) -> (i64, String) {
        self.order_by_address_at("0.05", "btc").await
    }

    /// Creates an order at another price, paid to an address, and returns its number and the path
    /// and query of its callback URL.
    pub async fn order_by_address_at(&self, price: &str, coin: &str) -> (i64, String) {
        let wanted = json!({ "price": price, "coin": coin, "payout_address": SAMPLE_ADDRESS_OUT });
        let order = self.call(Request::post(self.at("/orders")), &wanted).await;
        let made = json!({ "address_in": SAMPLE_ADDRESS_IN });
        let path = self.at(&format!("/orders/{}/address", number(&order)));
        self.call(Request::put(path), &made).await;
        let url = order.get("callback_url").and_then(Value::as_str);
        let target = url.and_then(|url| url.strip_prefix(ORIGIN));
        (number(&order), target.expect("a callback URL").to_owned())
    }

    /// Returns the amount paid for an order, and `true` if it is paid in full.
    pub async fn paid(&self, order: i64) -> (String, bool) {
        let path = self.at(&format!("/orders/{order}"));
        let order = self.call(Request::get(path), &Value::Null).await;
        let paid = order.get("paid").and_then(Value::as_str);
        let in_full = order.get("paid_in_full").and_then(Value::as_bool);
        (paid.expect("a sum").to_owned(), in_full.expect("a flag"))
    }

    /// Returns the key that signs callbacks.
    #[must_use]
    pub const fn key(&self) -> &Arc<SigningKey> {
        &self.key
    }

    /// Sends a CryptoCloud postback of an invoice.
    pub async fn pay_invoice(&self, invoice_id: &str, amount: &str) -> StatusCode {
        let token = testing::fresh_token(&deliveries::secret(), invoice_id);
        let body = json!({ "status": "success", "invoice_id": invoice_id, "token": token,
                           "amount_crypto": amount, "currency": "BTC" });
        let request = Request::post(self.at("/postback/cryptocloud"));
        let request = request.header("content-type", "application/json");
        self.send(request, body.to_string()).await.0
    }

    /// Sends a CryptAPI callback: the sample with replacements, to a target of the shop.
    pub async fn call_back(&self, target: &str, replacements: &[(&str, &str)]) -> StatusCode {
        let fields = deliveries::replaced(SAMPLE_CALLBACK.to_owned(), replacements);
        let target = format!("{target}&{fields}");
        let signature = self.key.sign(format!("{ORIGIN}{target}"));
        let request = Request::get(self.at(&target));
        let request = request.header("x-ca-signature", signature.expect("a signature"));
        self.send(request, String::new()).await.0
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request of the shop's API, and returns the JSON of the response, if any.
    async fn call(&self, request: request::Builder, body: &Value) -> Value {
        let request = request.header("content-type", "application/json");
        let (status, body) = self.send(request, body.to_string()).await;
        assert!(status.is_success(), "{status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }

    async fn send(&self, request: request::Builder, body: String) -> (StatusCode, String) {
        let request = request.body(body.into()).expect("a request");
        let (status, _, body) = self.client.send(request).await.expect("a response");
        (status, body)
    }
}

fn number(order: &Value) -> i64 {
    let number = order.get("order").and_then(Value::as_i64);
    number.expect("a number")
}
