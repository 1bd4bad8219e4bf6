//! Deliveries of CryptoCloud.

use std::hint::black_box;

use bytes::Bytes;
use postback_core::{
    MediaType, Rejection, SecretKey, Verified, Verifier, cryptocloud::CryptoCloud, testing,
};

use super::NOW;

pub(crate) const SECRET: &str = "cc-project-secret-for-tests-0001";

/// Limit of a body, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// Parts of hostile forms, which a sender without the secret can write.
pub(crate) const HOSTILE_PARTS: [&str; 10] = [
    "plain",
    "a&",
    "a=b&",
    "%61&",
    "+&",
    "%61%62%63",
    "%61%62%63=%61%62%63&",
    "%61mount_crypt=1&",
    "%61%6d%6f%75%6e%74%5f%63%72%79%70%74=1&",
    "%ff&",
];

pub(crate) fn verifier() -> Verifier<CryptoCloud> {
    Verifier::new(
        CryptoCloud::new(),
        SecretKey::new(SECRET).expect("a secret"),
    )
}

/// Returns a form of [`BODY_LIMIT`] bytes that consists of one part.
pub(crate) fn hostile_form(part: &str) -> Bytes {
    let mut form = part.repeat(BODY_LIMIT.div_ceil(part.len()));
    form.truncate(BODY_LIMIT);
    form.into()
}

/// Returns JSON of [`BODY_LIMIT`] bytes: an object that consists of one part.
pub(crate) fn hostile_json(part: &str) -> Bytes {
    let mut json = String::from("{") + &part.repeat(BODY_LIMIT.div_ceil(part.len()));
    json.truncate(BODY_LIMIT);
    json.into()
}

/// Returns the documented sample, with a token that is signed with `secret`.
pub(crate) fn sample_json(secret: &str) -> Bytes {
    testing::sample_json(Some(&token(secret))).into()
}

/// Returns copies of the documented sample, with values of different lengths, repeated without end.
pub(crate) fn different_samples(secret: &str) -> impl Iterator<Item = Bytes> {
    let sample = testing::sample_json(Some(&token(secret)));
    let copy = |number: usize| {
        // Multiples of an odd number, so that the lengths have no pattern.
        let scattered = number.wrapping_mul(0x9e37_79b9) >> 8;
        let length = |most: usize| scattered.checked_rem(most).unwrap_or_default();
        let amount = format!("0.{}1", number.wrapping_mul(7_919));
        let copy = sample
            .replace("0.000113", &amount)
            .replace("\"Test\"", &format!("\"{}\"", "T".repeat(length(30))))
            .replace("0x12fb", &"0x12fb".repeat(length(7)))
            .replace("/img/", &"/img".repeat(length(5)));
        Bytes::from(copy)
    };
    (0..512).map(copy).collect::<Vec<_>>().into_iter().cycle()
}

/// Returns the documented sample as a form.
pub(crate) fn sample_form() -> Bytes {
    testing::sample_form(Some(&token(SECRET))).into()
}

fn token(secret: &str) -> String {
    let secret = SecretKey::new(secret).expect("a secret");
    testing::token(&secret, testing::SAMPLE_INVOICE_ID, NOW + 300)
}

pub(crate) fn deliver(
    verifier: &Verifier<CryptoCloud>,
    media_type: MediaType,
    body: &Bytes,
) -> Result<Verified<CryptoCloud>, Rejection> {
    testing::deliver(
        verifier,
        black_box(media_type),
        black_box(body).clone(),
        NOW,
    )
}
