//! Verification beside the handler that most integrations copy, on the documented sample.
//!
//! Read the medians as ratios to `hand_written`: absolute times say more about the machine.

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops where its set-up is wrong"
)]

mod by_hand;

use bytes::Bytes;
use divan::{Bencher, black_box};
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
    bencher.bench(|| drop(by_hand::verify(black_box(&body), SECRET).expect("genuine")));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample(SECRET));
    bencher.bench(|| drop(deliver(&verifier, MediaType::Json, &body).expect("genuine")));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_and_decode_invoice_info(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample(SECRET));
    bencher.bench(|| {
        let payment = deliver(&verifier, MediaType::Json, &body).expect("genuine");
        let info = payment.claimed().invoice_info();
        let InvoiceInfo { status, .. } = black_box(info.known()).expect("an object");
        black_box(status);
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn refuse_forged(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample("another secret"));
    bencher.bench(|| deliver(&verifier, MediaType::Json, &body).expect_err("forged"));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_form(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (
        verifier(),
        testing::sample_form(Some(&token(SECRET))).into(),
    );
    bencher.bench(|| drop(deliver(&verifier, MediaType::Form, &body).expect("genuine")));
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
