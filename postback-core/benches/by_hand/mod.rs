use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode};
use serde_json::Value;

/// Verifies a postback as most integrations do: reads the whole body as a `Value`, makes key and
/// validation for each call, decodes the token, and binds nothing.
pub(crate) fn verify(body: &[u8], secret: &str) -> Option<(TokenData<Value>, Value)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let token = body.get("token")?.as_str()?;
    let mut validation = Validation::new(Algorithm::HS256);
    // The sample has expired.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(secret.as_bytes());
    let token = decode(token, &key, &validation).ok()?;
    Some((token, body))
}
