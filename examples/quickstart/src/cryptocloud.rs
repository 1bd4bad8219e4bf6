//! CryptoCloud and Trybit. The postbacks are signed here, because their tokens expire.

use std::time::{SystemTime, UNIX_EPOCH};

use postback_core::{MediaType, SecretKey, testing};
use serde_json::json;

use crate::{
    Result,
    example_axum::ExampleServer,
    folder::Folder,
    http::Request,
    shop_server::ShopServer,
    table::{Row, Table},
};

const RECEIVED: &str = "200 Postback received";
const TOO_LARGE: &str = "413 Postback too large";
const UNKNOWN_ORDER: &str = "404 Unknown order";
const UNSUPPORTED: &str = "415 Unsupported media type";
const UNVERIFIED: &str = "401 Unverified postback";

/// Returns the secret of the CryptoCloud project.
pub(crate) fn secret() -> Result<SecretKey> {
    Ok(SecretKey::new("the CryptoCloud project's secret")?)
}

/// Returns the secret of the Trybit project.
pub(crate) fn trybit_secret() -> Result<SecretKey> {
    Ok(SecretKey::new("the Trybit project's secret")?)
}

/// Sends postbacks to `examples/axum`, each forged one about an order of its own.
pub(crate) async fn send_to_example(folder: &Folder, table: &mut Table) -> Result<()> {
    let server = ExampleServer::start(folder.path(), secret()?).await?;
    println!("examples/axum listens on http://{}.\n", server.address);

    let (secret, guess) = (secret()?, SecretKey::new("a guess")?);
    let json = |body| Request::post("/postback", MediaType::Json, body);
    let genuine = |id| sample(Some(&testing::fresh_token(&secret, id)), id);
    let form = testing::sample_form(Some(&testing::fresh_token(&secret, "EXAMPLE1")));
    let form = form.replace(testing::SAMPLE_INVOICE_ID, "EXAMPLE1");
    let form = Request::post("/postback", MediaType::Form, form);
    let forged = testing::fresh_token(&guess, "FORGED01");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let expired = testing::token(&secret, "EXPIRED1", now.saturating_sub(300));
    let alg_none = |id| {
        let claims = json!({ "id": id, "exp": now.saturating_add(300) }).to_string();
        testing::sign_hs256(&secret, r#"{"typ":"JWT","alg":"none"}"#, &claims)
    };
    let mut unsigned = alg_none("ALGNONE1");
    unsigned.truncate(unsigned.rfind('.').map_or(0, |dot| dot.saturating_add(1)));
    let of_another = testing::fresh_token(&secret, "89UX09KA");
    let mut oversized = genuine("TOOLARGE");
    oversized.push_str(&" ".repeat(65_537_usize.saturating_sub(oversized.len())));

    let credited = |sent, request| Row::new(sent, request, "EXAMPLE1", RECEIVED, "credited");
    let rejected = |sent, id, request, status| Row::new(sent, request, id, status, "not credited");
    let unverified = |sent, id, token| {
        let request = json(sample(token, id));
        rejected(sent, id, request, UNVERIFIED)
    };
    let unknown = json(genuine("UNKNOWN1"));
    let text = json(genuine("PLAINTXT")).header("content-type", "text/plain");
    let rows = [
        credited("the documented sample as JSON", json(genuine("EXAMPLE1"))),
        credited("the same as a form", form),
        credited("the JSON delivery again", json(genuine("EXAMPLE1"))),
        Row::new(
            "about an unknown order",
            unknown,
            "UNKNOWN1",
            UNKNOWN_ORDER,
            "no order",
        ),
        unverified("no token", "NOTOKEN1", None),
        unverified("forged with another secret", "FORGED01", Some(&forged)),
        unverified("alg: none, no signature", "ALGNONE1", Some(&unsigned)),
        unverified(
            "alg: none, with a signature",
            "ALGNONE2",
            Some(&alg_none("ALGNONE2")),
        ),
        unverified("expired five minutes ago", "EXPIRED1", Some(&expired)),
        unverified(
            "a genuine token of another invoice",
            "OFOTHER1",
            Some(&of_another),
        ),
        rejected(
            "one byte over 64 KiB",
            "TOOLARGE",
            json(oversized),
            TOO_LARGE,
        ),
        rejected("labelled text/plain", "PLAINTXT", text, UNSUPPORTED),
    ];
    for row in &rows {
        if row.order() != &"UNKNOWN1" {
            server.add_order(row.order()).await?;
        }
    }
    let credited = async |id: &&str| server.credited(id).await;
    table.send(server.address, rows, credited).await
}

/// Sends postbacks to `examples/shop`, whose orders are for 0.05 BTC.
pub(crate) async fn send_to_shop(shop: &ShopServer, table: &mut Table) -> Result<()> {
    let secret = secret()?;
    let pay = |target, invoice_id: &str, amount| {
        let token = testing::fresh_token(&secret, invoice_id);
        let body = json!({ "status": "success", "invoice_id": invoice_id, "token": token,
                           "amount_crypto": amount, "currency": "BTC" });
        Request::post(target, MediaType::Json, body.to_string())
    };
    let mut orders = [0; 4];
    let ids = ["TWICE001", "FIFTY001", "SHORT001", "FOREIGN1"];
    for (order, id) in orders.iter_mut().zip(ids) {
        *order = shop.add_by_invoice(id).await?;
    }
    let [twice, fifty, short, foreign] = orders;
    let route = "/postback/cryptocloud";
    let once = pay(route, "TWICE001", "0.05");
    let fifty_times = pay(route, "FIFTY001", "0.05");
    let too_little = pay(route, "SHORT001", "0.04999");
    let to_trybit = pay("/postback/trybit", "FOREIGN1", "0.05");
    let paid = "paid with 0.05";
    let rows = [
        Row::new("one postback", once.clone(), twice, RECEIVED, paid),
        Row::new("the same again", once, twice, RECEIVED, paid),
        Row::new("50 copies at once", fifty_times, fifty, RECEIVED, paid).copies(50),
        Row::new(
            "too little",
            too_little,
            short,
            RECEIVED,
            "open with 0.04999",
        ),
        Row::new(
            "sent to the route of Trybit",
            to_trybit,
            foreign,
            UNVERIFIED,
            "open with 0",
        ),
    ];
    let paid = async |order: &i64| shop.paid(*order).await;
    table.send(shop.address, rows, paid).await
}

/// Returns the documented postback about an invoice.
fn sample(token: Option<&str>, invoice_id: &str) -> String {
    testing::sample_json(token).replace(testing::SAMPLE_INVOICE_ID, invoice_id)
}
