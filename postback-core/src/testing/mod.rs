//! Makes genuine and deliberately wrong deliveries, for tests of handlers and for demonstrations.
//!
//! Deliveries of CryptoCloud and Trybit are made as below. Those of CryptAPI and BlockBee are
//! signed with a `SigningKey` in place of the provider's key.
//!
//! ```
//! # #[cfg(feature = "cryptocloud")] {
//! use postback_core::{
//!     MediaType, Rejection, SecretKey, Verifier, cryptocloud::CryptoCloud, testing,
//! };
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
//! let rejected = testing::deliver(&verifier, MediaType::Json, unsigned, 1_769_509_400);
//! assert_eq!(rejected.err(), Some(Rejection::Unsigned));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "cryptapi")]
mod cryptapi;
#[cfg(feature = "cryptocloud")]
mod cryptocloud;

use bytes::Bytes;

#[cfg(feature = "cryptapi")]
pub use self::cryptapi::{
    SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningError, SigningKey,
};
#[cfg(feature = "cryptocloud")]
pub use self::cryptocloud::{
    SAMPLE_INVOICE_ID, fresh_token, sample_form, sample_json, sign_hs256, sign_message, token,
};
use crate::{
    MediaType, Method, Provider, Rejection, RequestHead, SecretKey, Verified, Verifier, hexadecimal,
};

/// Returns the HMAC-SHA-256 of a message as 64 hexadecimal digits in lower case, as many providers
/// sign.
#[must_use]
pub fn hmac_sha256_hex(secret: &SecretKey, message: impl AsRef<[u8]>) -> String {
    hexadecimal::encode(&secret.hmac_sha256(message.as_ref()))
}

/// Posts a body to a verifier as an adapter would, with a content type and no other header. `now`
/// is the time of the delivery, in Unix seconds.
///
/// # Errors
///
/// The [`Rejection`] of the verifier.
pub fn deliver<P: Provider>(
    verifier: &Verifier<P>,
    media_type: MediaType,
    body: impl Into<Bytes>,
    now: u64,
) -> Result<Verified<P>, Rejection> {
    let headers = [("content-type", media_type.as_str())];
    request(verifier, Method::Post, "/", &headers, body, now)
}

/// Sends a whole request to a verifier as an adapter would. `target` is path and query, and `now`
/// is the time of the delivery, in Unix seconds.
///
/// # Errors
///
/// The [`Rejection`] of the verifier.
pub fn request<P: Provider>(
    verifier: &Verifier<P>,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
    now: u64,
) -> Result<Verified<P>, Rejection> {
    verifier
        .admit(&RequestHead::new(method.as_str(), target, &headers))?
        .verify_at(body.into(), now)
}
