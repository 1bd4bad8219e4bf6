use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::SecretKey;

/// Invoice of the samples.
pub const SAMPLE_INVOICE_ID: &str = "ILRAJE1Q";

/// Returns a genuine token of CryptoCloud or Trybit, signed with the project's secret. `expires_at`
/// is in Unix seconds.
#[must_use]
pub fn token(secret: &SecretKey, invoice_id: &str, expires_at: u64) -> String {
    let claims = serde_json::json!({ "id": invoice_id, "exp": expires_at }).to_string();
    sign_hs256(secret, r#"{"typ":"JWT","alg":"HS256"}"#, &claims)
}

/// Returns a genuine [`token`] that expires 300 seconds after the current system time, as a
/// provider's does.
///
/// # Panics
///
/// If the system clock is before 1970.
#[must_use]
#[expect(clippy::expect_used, reason = "a test cannot run with a wrong clock")]
pub fn fresh_token(secret: &SecretKey, invoice_id: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("a system clock after 1970").as_secs();
    token(secret, invoice_id, now.saturating_add(300))
}

/// Signs any header and claims, JSON or not, as a JWT with HS256 is signed (RFC 7515).
#[must_use]
pub fn sign_hs256(secret: &SecretKey, header: &str, claims: &str) -> String {
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    sign_message(secret, &message.join("."))
}

/// Signs the encoded message of a token, in any form, and appends the signature to it.
#[must_use]
pub fn sign_message(secret: &SecretKey, message: &str) -> String {
    let signature = URL_SAFE_NO_PAD.encode(secret.hmac_sha256(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Returns the JSON postback in the documentation of version 2, value for value, with this token or
/// without one.
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

/// Returns the postback of [`sample_json`] as a form, with the order id `ORDER 93223`. Forms have
/// no `invoice_info`.
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
    // The encoder only fails for other types.
    serde_urlencoded::to_string(fields).unwrap_or_default()
}
