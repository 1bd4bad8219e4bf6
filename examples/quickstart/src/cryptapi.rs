//! CryptAPI, in each of the ways in which it delivers. The callbacks are signed with a key of this
//! process in place of the provider's.

use postback_core::{
    MediaType, Verifier,
    cryptapi::CryptApi,
    testing::{SAMPLE_CALLBACK, SigningKey},
};
use shop::CryptApiVerifier;

use crate::{
    Result, cryptocloud,
    folder::Folder,
    http::Request,
    shop_server::{ORIGIN, ShopServer},
    table::{Row, Table},
};

const MALFORMED: &str = "400 Malformed postback";
const METHOD: &str = "405 Method not allowed";
const OK: &str = "200 *ok*";
const UNKNOWN_ORDER: &str = "404 Unknown order";
const UNSUPPORTED: &str = "415 Unsupported media type";
const UNVERIFIED: &str = "401 Unverified postback";

const OPEN: &str = "open with 0";
const PAID: &str = "paid with 0.05";

const SIGNATURE: &str = "x-ca-signature";

/// Callback about an order of its own, with a transaction of its own.
struct Callback {
    order: i64,
    /// Path and query of the order's callback URL.
    target: String,
    /// Fields of the provider.
    fields: String,
}

impl Callback {
    async fn new(shop: &ShopServer) -> Result<Self> {
        let (order, target) = shop.add_by_address().await?;
        // The sample's `uuid` and `txid_in` begin so.
        let fields = SAMPLE_CALLBACK
            .replace("dbfcb40e", &format!("{order:08x}"))
            .replace("a2174ffd", &format!("{order:08x}"));
        Ok(Self {
            order,
            target,
            fields,
        })
    }

    fn with(mut self, from: &str, to: &str) -> Self {
        self.fields = self.fields.replace(from, to);
        self
    }

    /// Returns path and query of a GET.
    fn url(&self) -> String {
        format!("{}&{}", self.target, self.fields)
    }

    /// Returns the fields as JSON, in which numbers are numbers.
    fn json(&self) -> String {
        let members = self.fields.split('&').filter_map(|field| {
            let (name, value) = field.split_once('=')?;
            let is_number = value.parse::<f64>().is_ok();
            Some(match is_number {
                true => format!(r#""{name}":{value}"#),
                false => format!(r#""{name}":"{value}""#),
            })
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    fn get(&self, key: &SigningKey) -> Result<Request> {
        let url = self.url();
        let signature = key.sign(format!("{ORIGIN}{url}"))?;
        Ok(Request::get(url).header(SIGNATURE, signature))
    }

    fn post(&self, media_type: MediaType, body: String, key: &SigningKey) -> Result<Request> {
        let signature = key.sign(&body)?;
        let request = Request::post(&self.target, media_type, body);
        Ok(request.header(SIGNATURE, signature))
    }

    fn form(&self, key: &SigningKey) -> Result<Request> {
        self.post(MediaType::Form, self.fields.clone(), key)
    }

    fn row(
        &self,
        sent: &'static str,
        request: Request,
        response: &'static str,
        credited: &'static str,
    ) -> Row<i64> {
        Row::new(sent, request, self.order, response, credited)
    }
}

async fn send(shop: &ShopServer, rows: Vec<Row<i64>>, table: &mut Table) -> Result<()> {
    let paid = async |order: &i64| shop.paid(*order).await;
    table.send(shop.address, rows, paid).await
}

/// Sends postbacks of CryptoCloud, and callbacks by GET, to a shop.
pub(crate) async fn send_gets(folder: &Folder, table: &mut Table) -> Result<()> {
    let (key, guess) = (SigningKey::generate()?, SigningKey::generate()?);
    let verifier = Verifier::new(CryptApi::get([ORIGIN])?, key.public_key()?);
    let shop = ShopServer::start(folder, "GET", CryptApiVerifier::Get(verifier)).await?;
    cryptocloud::send_to_shop(&shop, table).await?;

    let new = async || Callback::new(&shop).await;
    let mut rows = Vec::new();

    let callback = new().await?.with("pending=0", "pending=1");
    rows.push(callback.row("GET, pending", callback.get(&key)?, OK, OPEN));
    let callback = callback.with("pending=1", "pending=0");
    rows.push(callback.row("GET, confirmed", callback.get(&key)?, OK, PAID));
    rows.push(callback.row("the same again", callback.get(&key)?, OK, PAID));

    let callback = new().await?;
    let unsigned = Request::get(callback.url());
    rows.push(callback.row("GET, no signature", unsigned, UNVERIFIED, OPEN));
    let forged = callback.get(&guess)?;
    rows.push(callback.row("GET, forged with another key", forged, UNVERIFIED, OPEN));
    let signature = key.sign(format!("{ORIGIN}{}", callback.url()))?;
    let callback = callback.with("value_coin=0.05", "value_coin=0.5");
    let changed = Request::get(callback.url()).header(SIGNATURE, signature);
    rows.push(callback.row(
        "GET, value changed after signing",
        changed,
        UNVERIFIED,
        OPEN,
    ));
    let signature = key.sign(format!("https://other.example{}", callback.url()))?;
    let other = Request::get(callback.url()).host("other.example");
    let other = other.header(SIGNATURE, signature);
    rows.push(callback.row(
        "GET, signed for the origin in Host",
        other,
        UNVERIFIED,
        OPEN,
    ));

    let mut callback = new().await?;
    callback.target.push_str("&value_coin=0.5");
    let planted = callback.get(&key)?;
    rows.push(callback.row(
        "GET, signed, a field planted in the URL",
        planted,
        MALFORMED,
        OPEN,
    ));

    let callback = new().await?;
    let post = callback.form(&key)?;
    rows.push(callback.row("POST to a verifier of GET", post, METHOD, OPEN));
    let callback = callback.with("address_in=3PF", "address_in=4PF");
    let foreign = callback.get(&key)?;
    rows.push(callback.row(
        "GET, signed, to another address",
        foreign,
        UNKNOWN_ORDER,
        OPEN,
    ));
    let callback = callback.with("address_in=4PF", "address_in=3PF");
    rows.push(callback.row(
        "GET, to the order's own address",
        callback.get(&key)?,
        OK,
        PAID,
    ));
    send(&shop, rows, table).await
}

/// Sends callbacks by POST as a form.
pub(crate) async fn send_forms(folder: &Folder, table: &mut Table) -> Result<()> {
    let key = SigningKey::generate()?;
    let verifier = Verifier::new(CryptApi::post_form(), key.public_key()?);
    let verifier = CryptApiVerifier::Post(verifier);
    let shop = ShopServer::start(folder, "POST as a form", verifier).await?;
    let mut rows = Vec::new();

    let callback = Callback::new(&shop).await?;
    rows.push(callback.row("POST form, confirmed", callback.form(&key)?, OK, PAID));

    let callback = Callback::new(&shop).await?;
    let signature = key.sign(&callback.fields)?;
    let changed = callback
        .form(&key)?
        .body(callback.fields.replace("0.05", "0.5"));
    let changed = changed.header(SIGNATURE, signature);
    rows.push(callback.row(
        "POST form, changed after signing",
        changed,
        UNVERIFIED,
        OPEN,
    ));
    let url = format!("{ORIGIN}{}", callback.url());
    let url = callback.post(MediaType::Form, url, &key)?;
    rows.push(callback.row("POST form, the text of a signed URL", url, MALFORMED, OPEN));
    let json = callback.post(MediaType::Form, callback.json(), &key)?;
    rows.push(callback.row("POST form, the text of signed JSON", json, MALFORMED, OPEN));
    let get = callback.get(&key)?;
    rows.push(callback.row("GET to a verifier of POST", get, METHOD, OPEN));
    send(&shop, rows, table).await
}

/// Sends callbacks by POST as JSON.
pub(crate) async fn send_json(folder: &Folder, table: &mut Table) -> Result<()> {
    let key = SigningKey::generate()?;
    let verifier = Verifier::new(CryptApi::post_json(), key.public_key()?);
    let verifier = CryptApiVerifier::Post(verifier);
    let shop = ShopServer::start(folder, "POST as JSON", verifier).await?;
    let mut rows = Vec::new();

    let callback = Callback::new(&shop).await?;
    let callback = callback.with("value_coin=0.05", "value_coin=0.050000000000000001");
    let exact = callback.post(MediaType::Json, callback.json(), &key)?;
    let paid = "paid with 0.050000000000000001";
    rows.push(callback.row("POST JSON, an amount with 18 digits", exact, OK, paid));

    let callback = Callback::new(&shop).await?;
    let duplicate = callback.json().replacen('{', r#"{"uuid":"u-1","#, 1);
    let duplicate = callback.post(MediaType::Json, duplicate, &key)?;
    rows.push(callback.row("POST JSON, two members `uuid`", duplicate, MALFORMED, OPEN));
    let form = callback.form(&key)?;
    rows.push(callback.row("POST form to a verifier of JSON", form, UNSUPPORTED, OPEN));
    send(&shop, rows, table).await
}
