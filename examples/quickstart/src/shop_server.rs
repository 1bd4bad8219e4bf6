use std::net::SocketAddr;

use postback_core::{
    MediaType,
    testing::{SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT},
};
use serde_json::{Value, json};
use shop::{CryptApiVerifier, Messages, Orders, Verifiers};
use tokio::{fs, net::TcpListener};

use crate::{Result, cryptocloud, folder::Folder, http::Request};

/// Beginning of the callback URLs of the shop.
pub(crate) const ORIGIN: &str = "https://shop.example";

/// Server of the shop. Each order is for 0.05 BTC.
pub(crate) struct ShopServer {
    pub(crate) address: SocketAddr,
}

impl ShopServer {
    /// Starts a shop with a database of its own.
    pub(crate) async fn start(
        folder: &Folder,
        name: &str,
        cryptapi: CryptApiVerifier,
    ) -> Result<Self> {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).await?;
        let orders = Orders::open(folder.join("shop.db")).await?;
        let messages = Messages::new(orders.clone(), folder);
        let (secret, trybit_secret) = (cryptocloud::secret()?, cryptocloud::trybit_secret()?);
        let verifiers = Verifiers::new(cryptapi, secret, trybit_secret)?;
        let router = shop::router(orders, messages, verifiers, ORIGIN);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(shop::serve(listener, router));
        println!("examples/shop listens on http://{address}; CryptAPI delivers by {name}.\n");
        Ok(Self { address })
    }

    /// Adds an order that is paid by an invoice of CryptoCloud, and returns its number.
    pub(crate) async fn add_by_invoice(&self, invoice_id: &str) -> Result<i64> {
        let order = json!({ "price": "0.05", "coin": "BTC", "cryptocloud_invoice_id": invoice_id });
        number(&self.post("/orders", &order).await?)
    }

    /// Adds an order that is paid to an address, and returns its number, and path and query of its
    /// callback URL.
    pub(crate) async fn add_by_address(&self) -> Result<(i64, String)> {
        let order = json!({ "price": "0.05", "coin": "btc", "payout_address": SAMPLE_ADDRESS_OUT });
        let added = self.post("/orders", &order).await?;
        let number = number(&added)?;
        let address = json!({ "address_in": SAMPLE_ADDRESS_IN }).to_string();
        let put = Request::put(format!("/orders/{number}/address"), address);
        put.send_for_json(self.address).await?;
        let url = added.get("callback_url").and_then(Value::as_str);
        let target = url.and_then(|url| url.strip_prefix(ORIGIN));
        Ok((number, target.ok_or("no callback URL")?.to_owned()))
    }

    /// Returns the amount paid for an order, and whether it is paid in full.
    pub(crate) async fn paid(&self, order: i64) -> Result<String> {
        let order = Request::get(format!("/orders/{order}"));
        let order = order.send_for_json(self.address).await?;
        let paid = order.get("paid").and_then(Value::as_str);
        let is_paid = order.get("paid_in_full").and_then(Value::as_bool);
        let (paid, is_paid) = paid.zip(is_paid).ok_or("no amount")?;
        Ok(format!(
            "{} with {paid}",
            if is_paid { "paid" } else { "open" }
        ))
    }

    async fn post(&self, target: &str, body: &Value) -> Result<Value> {
        let request = Request::post(target, MediaType::Json, body.to_string());
        request.send_for_json(self.address).await
    }
}

fn number(order: &Value) -> Result<i64> {
    let number = order.get("order").and_then(Value::as_i64);
    number.ok_or_else(|| "no number".into())
}
