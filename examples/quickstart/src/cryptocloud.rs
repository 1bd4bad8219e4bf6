//! CryptoCloud and Trybit: signed here and now, for their tokens expire.

use std::{
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};

use postback_conformance::corpus::Request;
use postback_core::{MediaType, SecretKey, testing};
use serde_json::json;

use crate::delivery::{Delivery, UNVERIFIED};

/// The secret of the demonstration's CryptoCloud project.
pub(crate) const SECRET: &str = "the CryptoCloud project's secret";

const RECEIVED: &str = r#"200 {"message":"Postback received"}"#;

const JSON: &str = MediaType::Json.as_str();
const FORM: &str = MediaType::Form.as_str();

pub(crate) fn deliveries() -> Result<Vec<Delivery>, Box<dyn Error + Send + Sync>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let secret = SecretKey::new(SECRET)?;
    let guess = SecretKey::new("a guess")?;
    let (fresh, past) = (now.saturating_add(300), now.saturating_sub(300));
    let genuine = testing::token(&secret, testing::SAMPLE_INVOICE_ID, fresh);
    let forged = testing::token(&guess, testing::SAMPLE_INVOICE_ID, fresh);
    let expired = testing::token(&secret, testing::SAMPLE_INVOICE_ID, past);
    let foreign = testing::token(&secret, "89UX09KA", fresh);
    let claims = json!({ "id": testing::SAMPLE_INVOICE_ID, "exp": fresh }).to_string();
    let none = testing::sign_hs256(&secret, r#"{"typ":"JWT","alg":"none"}"#, &claims);
    let stripped = match none.rsplit_once('.') {
        Some((message, _)) => format!("{message}."),
        None => none.clone(),
    };
    let sample = testing::sample_json(Some(&genuine));

    let spaces = 65_537_usize.saturating_sub(sample.len());
    let oversized = format!("{sample}{}", " ".repeat(spaces));

    let row = |name, content_type: &str, body: String, answer| Delivery {
        name,
        request: Request {
            method: "POST".to_owned(),
            target: "/postback/cryptocloud".to_owned(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        },
        answer,
        handler_saw: Vec::new(),
    };
    let accepted = |name, content_type, body, order_id| Delivery {
        handler_saw: vec![line(order_id)],
        ..row(name, content_type, body, RECEIVED)
    };
    let json = |token: &str| testing::sample_json(Some(token));
    let mut to_trybit = row(
        "delivered to the other gateway",
        JSON,
        sample.clone(),
        UNVERIFIED,
    );
    "/postback/trybit".clone_into(&mut to_trybit.request.target);
    Ok(vec![
        accepted("the documented sample as JSON", JSON, sample.clone(), None),
        accepted(
            "the same as a form",
            FORM,
            testing::sample_form(Some(&genuine)),
            Some("ORDER 93223"),
        ),
        accepted("the JSON delivery again", JSON, sample.clone(), None),
        row("no token", JSON, testing::sample_json(None), UNVERIFIED),
        row(
            "forged with another secret",
            JSON,
            json(&forged),
            UNVERIFIED,
        ),
        row("alg: none, no signature", JSON, json(&stripped), UNVERIFIED),
        row(
            "alg: none, signed all the same",
            JSON,
            json(&none),
            UNVERIFIED,
        ),
        row("expired five minutes ago", JSON, json(&expired), UNVERIFIED),
        row(
            "a genuine token of another invoice",
            JSON,
            json(&foreign),
            UNVERIFIED,
        ),
        to_trybit,
        row(
            "one byte over 64 KiB",
            JSON,
            oversized,
            r#"413 {"error":"Postback too large"}"#,
        ),
        row(
            "called text/plain",
            "text/plain",
            sample,
            r#"415 {"error":"Unsupported media type"}"#,
        ),
    ])
}

/// What the receiver prints for the sample.
fn line(order_id: Option<&str>) -> String {
    json!({
        "provider": "cryptocloud",
        "invoice_id": testing::SAMPLE_INVOICE_ID,
        "status": "success",
        "amount": "0.000113",
        "currency": "BNB",
        "order_id": order_id,
    })
    .to_string()
}
