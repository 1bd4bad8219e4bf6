//! Compares verification with the handler that most integrations copy, on the documented sample.
//!
//! Read the medians as ratios to `hand_written`, because absolute times depend on the machine.

#![expect(
    clippy::expect_used,
    reason = "a benchmark cannot run with a wrong set-up"
)]

mod by_hand;

use bytes::Bytes;
use divan::{Bencher, black_box, counter::BytesCount};
use postback_core::{
    MediaType, Rejection, SecretKey, Verified, Verifier,
    cryptocloud::{CryptoCloud, InvoiceInfo},
    testing,
};

const SECRET: &str = "cc-project-secret-for-tests-0001";
const NOW: u64 = 1_769_509_400;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn hand_written(bencher: Bencher<'_, '_>) {
    let body = sample(SECRET);
    bencher.bench(|| drop(by_hand::verify(black_box(&body), SECRET).expect("a genuine postback")));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample(SECRET));
    bencher.bench(|| drop(deliver(&verifier, MediaType::Json, &body).expect("a genuine postback")));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_and_decode_invoice_info(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample(SECRET));
    bencher.bench(|| {
        let payment = deliver(&verifier, MediaType::Json, &body).expect("a genuine postback");
        let info = payment.unsigned().invoice_info();
        let InvoiceInfo { status, .. } = black_box(info.known()).expect("an object");
        black_box(status);
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn reject_forged(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample("another secret"));
    bencher.bench(|| deliver(&verifier, MediaType::Json, &body).expect_err("a forged postback"));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_form(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (
        verifier(),
        testing::sample_form(Some(&token(SECRET))).into(),
    );
    bencher.bench(|| drop(deliver(&verifier, MediaType::Form, &body).expect("a genuine postback")));
}

/// Rejects 64 KiB that a sender without the secret can write: one part, repeated. Compare the
/// throughput: no part may be much slower than `plain`.
#[divan::bench(args = HOSTILE_PARTS, sample_count = 200)]
fn reject_unsigned_form(bencher: Bencher<'_, '_>, part: &str) {
    let verifier = verifier();
    let mut form = part.repeat(BODY_LIMIT.div_ceil(part.len()));
    form.truncate(BODY_LIMIT);
    let form = Bytes::from(form);
    bencher
        .counter(BytesCount::of_slice(&*form))
        .bench(|| deliver(&verifier, MediaType::Form, &form).expect_err("an unsigned postback"));
}

const BODY_LIMIT: usize = 64 * 1024;

const HOSTILE_PARTS: [&str; 10] = [
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

/// Rejects a token of 64 KiB that consists of escapes. The token is the only value that is decoded
/// before the signature is checked.
#[divan::bench(sample_count = 200)]
fn reject_escaped_token(bencher: Bencher<'_, '_>) {
    let verifier = verifier();
    let mut form = format!(
        "invoice_id=ILRAJE1Q&token={}",
        "%61%2e".repeat(BODY_LIMIT / 6)
    );
    form.truncate(BODY_LIMIT - 1);
    let form = Bytes::from(form);
    bencher.counter(BytesCount::of_slice(&*form)).bench(|| {
        deliver(&verifier, MediaType::Form, &form).expect_err("a postback without a token")
    });
}

fn verifier() -> Verifier<CryptoCloud> {
    Verifier::new(
        CryptoCloud::new(),
        SecretKey::new(SECRET).expect("a secret"),
    )
}

fn token(secret: &str) -> String {
    let secret = SecretKey::new(secret).expect("a secret");
    testing::token(&secret, testing::SAMPLE_INVOICE_ID, NOW + 300)
}

fn sample(secret: &str) -> Bytes {
    testing::sample_json(Some(&token(secret))).into()
}

fn deliver(
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
