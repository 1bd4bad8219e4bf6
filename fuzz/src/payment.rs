//! Deliveries of CryptoCloud.

use std::sync::LazyLock;

use postback_core::{
    Bytes, MediaType, Rejection, SecretKey, Verified, Verifier,
    cryptocloud::CryptoCloud,
    reconcile::Price,
    testing::{self, SAMPLE_INVOICE_ID},
};
use serde::de::IgnoredAny;

use crate::{
    corpus::Case,
    cost,
    settings::{NOW, SECRET},
};

/// Secret that signs the tokens.
pub static KEY: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::new(SECRET).expect("a secret"));

/// Verifier of the deliveries.
pub static VERIFIER: LazyLock<Verifier<CryptoCloud>> =
    LazyLock::new(|| Verifier::new(CryptoCloud::new(), KEY.clone()));

/// Genuine token of the sample's invoice.
pub static TOKEN: LazyLock<String> =
    LazyLock::new(|| testing::token(&KEY, SAMPLE_INVOICE_ID, NOW + 300));

/// Token of the sample's invoice that another key signed.
pub static FORGED: LazyLock<String> = LazyLock::new(|| {
    let other = SecretKey::new("another secret of the same kind").expect("a secret");
    testing::token(&other, SAMPLE_INVOICE_ID, NOW + 300)
});

/// Text that a body has in place of a token.
pub const PLACEHOLDER: &str = "TOKEN";

/// Returns the body with a token in each place that is kept for one.
#[must_use]
pub fn with_token(body: &[u8], token: &str) -> Bytes {
    let mut filled = Vec::with_capacity(body.len() + token.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        rest = match rest.strip_prefix(PLACEHOLDER.as_bytes()) {
            Some(after) => {
                filled.extend_from_slice(token.as_bytes());
                after
            }
            None => {
                filled.push(*first);
                after
            }
        };
    }
    filled.into()
}

/// Verifies a body at [`NOW`].
///
/// # Errors
///
/// The rejection.
pub fn verify(media_type: MediaType, body: Bytes) -> Result<Verified<CryptoCloud>, Rejection> {
    testing::deliver(&VERIFIER, media_type, body, NOW)
}

/// Checks that a body with a forged token is rejected, with limited memory and time.
///
/// # Panics
///
/// If it is not.
pub fn reject_forged(media_type: MediaType, body: &[u8]) {
    let forged = with_token(body, &FORGED);
    let verifier = &*VERIFIER;
    let deliver = || testing::deliver(verifier, media_type, forged.clone(), NOW);
    let result = cost::bounded(forged.len(), deliver);
    assert!(result.is_err(), "a forged token was accepted");
}

/// Reads everything of a payment, and reconciles it with a price.
pub fn use_up(payment: &Verified<CryptoCloud>) {
    let unsigned = payment.unsigned();
    let _ = format!("{:?} {:?}", payment.payload(), unsigned.invoice_info());
    let _ = unsigned.unreadable().count();
    for (amount, currency) in [("0.000113", "BNB"), ("1", "USD")] {
        let amount = amount.parse().expect("an amount");
        let price = Price::new(amount, currency).expect("a price");
        if let Ok(reconciliation) = payment.reconcile(&price) {
            let json = reconciliation.event().payload_json();
            assert!(serde_json::from_str::<IgnoredAny>(json).is_ok(), "{json}");
        }
    }
}

/// Returns the bodies of the corpus with a content type that contains `media_type`, with the
/// placeholder instead of their token.
#[must_use]
pub fn seeds(media_type: &str) -> Vec<Vec<u8>> {
    let cases = Case::cryptocloud().into_iter();
    let is_of_type = |case: &Case| {
        let mut headers = case.request.headers.iter();
        headers.any(|(_, value)| value.to_lowercase().contains(media_type))
    };
    let bodies = cases.filter(is_of_type).map(|case| case.request.body);
    bodies.map(|body| without_token(&body)).collect()
}

/// Replaces the first token in a body by the placeholder.
fn without_token(body: &[u8]) -> Vec<u8> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let Some(begin) = body.windows(3).position(|it| it == b"eyJ") else {
        return body.to_vec();
    };
    let token = body[begin..]
        .iter()
        .take_while(|byte| is_part(byte))
        .count();
    [
        &body[..begin],
        PLACEHOLDER.as_bytes(),
        &body[begin + token..],
    ]
    .concat()
}
