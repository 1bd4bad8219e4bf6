//! Makes genuine and deliberately wrong deliveries, for tests of handlers and for demonstrations.
//!
//! ```
//! use postback_core::{MediaType, Rejection, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
//!
//! let secret = SecretKey::new("a secret for tests")?;
//! let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
//!
//! let token = testing::token(&secret, testing::SAMPLE_INVOICE_ID, 1_769_509_700);
//! let body = testing::sample_json(Some(&token));
//! let payment = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
//! assert_eq!(payment.invoice_id(), "ILRAJE1Q");
//!
//! let unsigned = testing::sample_json(None);
//! let refused = testing::deliver(&verifier, MediaType::Json, unsigned, 1_769_509_400);
//! assert_eq!(refused.err(), Some(Rejection::Unsigned));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;

use crate::{Head, MediaType, Method, Provider, Rejection, SecretKey, Verified, Verifier};

/// The invoice that the samples are about.
pub const SAMPLE_INVOICE_ID: &str = "ILRAJE1Q";

/// A genuine token of CryptoCloud or Trybit: `invoice_id` and the expiry in Unix seconds, signed
/// with the project's secret.
#[must_use]
pub fn token(secret: &SecretKey, invoice_id: &str, expires_at: u64) -> String {
    let claims = serde_json::json!({ "id": invoice_id, "exp": expires_at }).to_string();
    sign_hs256(secret, r#"{"typ":"JWT","alg":"HS256"}"#, &claims)
}

/// Signs any header and claims, JSON or not, as a JWT with HS256 would be (RFC 7515).
#[must_use]
pub fn sign_hs256(secret: &SecretKey, header: &str, claims: &str) -> String {
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    sign_message(secret, &message.join("."))
}

/// Signs a token's message, encoded already and in whatever form, and appends the signature to it.
#[must_use]
pub fn sign_message(secret: &SecretKey, message: &str) -> String {
    let signature = URL_SAFE_NO_PAD.encode(secret.hmac_sha256(message.as_bytes()));
    format!("{message}.{signature}")
}

/// The JSON postback of version 2's documentation, value for value, with another token or none.
#[must_use]
pub fn sample_json(token: Option<&str>) -> String {
    let member = match token {
        Some(token) => format!(r#""token": "{token}", "#),
        None => String::new(),
    };
    include_str!("cryptocloud_v2.json")
        .trim_end()
        .replace(r#""token": "TOKEN", "#, &member)
}

/// The same postback as a form, with the order id `ORDER 93223`. Forms carry no `invoice_info`.
#[must_use]
pub fn sample_form(token: Option<&str>) -> String {
    let pair = match token {
        Some(token) => format!("&token={token}"),
        None => String::new(),
    };
    format!(
        "status=success&invoice_id={SAMPLE_INVOICE_ID}&amount_crypto=0.000113&currency=BNB\
         &order_id=ORDER+93223{pair}"
    )
}

/// Posts a body to a verifier as an adapter would, with the clock at `now`, in Unix seconds.
///
/// # Errors
///
/// The refusal.
pub fn deliver<P: Provider>(
    verifier: &Verifier<P>,
    media_type: MediaType,
    body: impl Into<Bytes>,
    now: u64,
) -> Result<Verified<P>, Rejection> {
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
        if name == "content-type" {
            visit(media_type.as_str().as_bytes());
        }
    };
    verifier
        .admit(&Head::new(Method::Post.as_str(), "/", &headers))?
        .verify_at(body.into(), now)
}
