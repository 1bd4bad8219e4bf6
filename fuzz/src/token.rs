//! JSON web tokens as PyJWT and `jsonwebtoken` decode them.

use aws_lc_rs::hmac;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::{
    base64,
    settings::{NOW, SECRET},
};

/// Maximum difference between two clocks, in seconds: the verifier's default.
pub const LEEWAY: u64 = 30;

/// Claims of a token that an oracle accepts.
#[derive(Debug)]
pub struct Claims {
    /// Id of the invoice, as written.
    pub id: String,
    /// Expiry, in Unix seconds.
    pub exp: f64,
}

/// Decodes a token as PyJWT does with `algorithms=["HS256"]`, at [`NOW`], and takes its `id`.
///
/// Nothing of it is shared with core: base64 and the checks are written here, HMAC is that of
/// `aws-lc-rs`, and JSON is read without types.
#[must_use]
pub fn py_jwt(token: &str) -> Option<Claims> {
    py_jwt_at(token, NOW, LEEWAY)
}

/// Decodes a token like [`py_jwt`], at another time and with another leeway, in seconds.
#[must_use]
pub fn py_jwt_at(token: &str, now: u64, leeway: u64) -> Option<Claims> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header: Value = serde_json::from_slice(&base64url(header)?).ok()?;
    if header.as_object()?.get("alg")? != "HS256" {
        return None;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, message.as_bytes(), &base64url(signature)?).ok()?;
    let claims = claims_of(claims)?;
    let seconds = |name| claims.get(name).map(Value::as_f64);
    let (now, leeway) = (now as f64, leeway as f64);
    let exp = seconds("exp")??;
    if exp.trunc() <= now - leeway {
        return None;
    }
    if let Some(not_before) = seconds("nbf")
        && not_before?.trunc() > now + leeway
    {
        return None;
    }
    let id = claims.get("id")?.as_str()?.to_owned();
    Some(Claims { id, exp })
}

/// Decodes a token by `jsonwebtoken`, without its clock and any audience, and returns its `id`.
#[must_use]
pub fn jsonwebtoken(token: &str) -> Option<String> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?;
    Some(decoded.claims.get("id")?.as_str()?.to_owned())
}

/// Returns the `id` in a token's claims, whether the token is genuine or not.
#[must_use]
pub fn id_of(token: &str) -> Option<String> {
    let claims = claims_of(token.split('.').nth(1)?)?;
    Some(claims.get("id")?.as_str()?.to_owned())
}

/// Returns the decoded header and claims of a token, whether it is genuine or not.
#[must_use]
pub fn parts(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut parts = token.split('.');
    Some((base64url(parts.next()?)?, base64url(parts.next()?)?))
}

/// Returns a text without the `INV-` in front, if it then has the form of an invoice's id.
#[must_use]
pub fn invoice_id(text: &str) -> Option<&str> {
    let id = text.strip_prefix("INV-").unwrap_or(text);
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let length = id.chars().count();
    let is_id = (1..=64).contains(&length) && id.chars().all(is_plain) && !id.starts_with("INV-");
    is_id.then_some(id)
}

fn claims_of(encoded: &str) -> Option<serde_json::Map<String, Value>> {
    match serde_json::from_slice(&base64url(encoded)?).ok()? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    base64::decode(text.as_bytes(), base64::URL)
}
