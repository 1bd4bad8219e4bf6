//! CryptAPI: deliveries of the corpus as they are, which OpenSSL signed and which never expire.

use std::error::Error;

use postback_conformance::corpus::{self, Case};
use postback_core::{
    PublicKey, Verifier,
    cryptapi::{CryptApi, Get, Post},
};
use receiver::CryptApiVerifier;
use serde_json::json;

use crate::delivery::{Delivery, UNVERIFIED};

const OK: &str = "200 *ok*";
const MALFORMED: &str = r#"400 {"error":"Malformed postback"}"#;
const METHOD: &str = r#"405 {"error":"Method not allowed"}"#;
const MEDIA_TYPE: &str = r#"415 {"error":"Unsupported media type"}"#;

/// The verifier of a receiver, and what it is sent.
type Rows = (CryptApiVerifier, Vec<Delivery>);

/// The rows for a receiver in each mode, with its verifier.
pub(crate) fn deliveries() -> Result<[Rows; 3], Box<dyn Error + Send + Sync>> {
    let key = || PublicKey::from_pem(corpus::file("keys/cryptapi_test_public.pem"));
    let get: CryptApi<Get> = CryptApi::get(["https://shop.example"])?;
    let post = |provider: CryptApi<Post>| -> Result<_, Box<dyn Error + Send + Sync>> {
        Ok(CryptApiVerifier::Post(Verifier::new(provider, key()?)))
    };
    Ok([
        (
            CryptApiVerifier::Get(Verifier::new(get, key()?)),
            rows(&[
                ("GET pending", OK),
                ("GET confirmed", OK),
                ("GET without signature", UNVERIFIED),
                ("GET, signed by another key", UNVERIFIED),
                ("GET, value changed after signing", UNVERIFIED),
                ("GET, signed for another origin, Host says so", UNVERIFIED),
                (
                    "GET, planted duplicate of a provider field, truly signed",
                    MALFORMED,
                ),
                ("POST where GET was asked for", METHOD),
            ])?,
        ),
        (
            post(CryptApi::post_form())?,
            rows(&[
                ("POST form confirmed", OK),
                ("POST body changed", UNVERIFIED),
                ("POST, a signed URL sent as a form body", MALFORMED),
                ("POST JSON re-labelled as a form", MALFORMED),
                ("GET where POST was asked for", METHOD),
            ])?,
        ),
        (
            post(CryptApi::post_json())?,
            rows(&[
                ("POST JSON confirmed, numbers keep every digit", OK),
                ("POST JSON, duplicate uuid", MALFORMED),
                ("POST form sent where JSON is configured", MEDIA_TYPE),
            ])?,
        ),
    ])
}

fn rows(
    expected: &[(&'static str, &'static str)],
) -> Result<Vec<Delivery>, Box<dyn Error + Send + Sync>> {
    let mut rows = Vec::new();
    for (name, answer) in expected {
        let case = Case::cryptapi_named(name);
        let handler_saw = match *answer {
            OK => vec![line(&case)?],
            _ => Vec::new(),
        };
        rows.push(Delivery {
            name,
            request: case.request,
            answer,
            handler_saw,
        });
    }
    Ok(rows)
}

/// What the receiver prints for an accepted case, by the corpus's own account of it.
fn line(case: &Case) -> Result<String, String> {
    let corpus::Expect::Accepted { fields } = &case.expect else {
        return Err(format!("{} is not accepted", case.name));
    };
    let fact = |name: &str| fields.get(name).cloned().unwrap_or_default();
    Ok(json!({
        "provider": "cryptapi",
        "uuid": fact("uuid"),
        "pending": fact("pending"),
        "coin": fact("coin"),
        "address_in": fact("address_in"),
        "value_coin": fact("value_coin"),
        "params": case.printed_params(),
    })
    .to_string())
}
