use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::SecretKey;

/// The invoice that the samples are about.
pub const SAMPLE_INVOICE_ID: &str = "ILRAJE1Q";

/// A genuine token of CryptoCloud or Trybit: `invoice_id` and the expiry in Unix seconds, signed
/// with the project's secret.
#[must_use]
pub fn token(secret: &SecretKey, invoice_id: &str, expires_at: u64) -> String {
    let claims = serde_json::json!({ "id": invoice_id, "exp": expires_at }).to_string();
    sign_hs256(secret, r#"{"typ":"JWT","alg":"HS256"}"#, &claims)
}

/// A genuine [`token`] that was sent just now, by the system's clock, and expires in 300 seconds as a provider's does.
///
/// # Panics
///
/// If the system's clock is before 1970.
#[must_use]
#[expect(clippy::expect_used, reason = "a test stops where its clock is wrong")]
pub fn fresh_token(secret: &SecretKey, invoice_id: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("a clock after 1970").as_secs();
    token(secret, invoice_id, now.saturating_add(300))
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
    let fields = [
        ("status", "success"),
        ("invoice_id", SAMPLE_INVOICE_ID),
        ("amount_crypto", "0.000113"),
        ("currency", "BNB"),
        ("order_id", "ORDER 93223"),
    ];
    let token = token.map(|token| ("token", token));
    let fields: Vec<_> = fields.into_iter().chain(token).collect();
    // The encoder fails on other types alone.
    serde_urlencoded::to_string(fields).unwrap_or_default()
}
