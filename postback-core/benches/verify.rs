//! Compares verification with the handler that most integrations copy.
//!
//! Read the fastest samples as ratios to `hand_written`, because absolute times depend on the
//! machine. The deliveries in JSON are copies of the documented sample with values of different
//! lengths, because a processor learns the branches of a body that is repeated.

#![expect(
    clippy::expect_used,
    reason = "a benchmark cannot run with a wrong set-up"
)]

mod by_hand;
mod deliveries;

use bytes::Bytes;
use deliveries::post::{
    BODY_LIMIT, HOSTILE_PARTS, SECRET, deliver, different_samples, hostile_form, sample_form,
    verifier,
};
use divan::{Bencher, black_box, counter::BytesCount};
use postback_core::{MediaType, cryptocloud::InvoiceInfo};

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 1_000, sample_size = 512)]
fn hand_written(bencher: Bencher<'_, '_>) {
    let mut bodies = different_samples(SECRET);
    bencher.bench_local(|| {
        let body = bodies.next().expect("a body");
        drop(by_hand::verify(black_box(&body), SECRET).expect("a genuine postback"));
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 512)]
fn verify(bencher: Bencher<'_, '_>) {
    let (verifier, mut bodies) = (verifier(), different_samples(SECRET));
    bencher.bench_local(|| {
        let body = bodies.next().expect("a body");
        drop(deliver(&verifier, MediaType::Json, &body).expect("a genuine postback"));
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 512)]
fn verify_and_decode_invoice_info(bencher: Bencher<'_, '_>) {
    let (verifier, mut bodies) = (verifier(), different_samples(SECRET));
    bencher.bench_local(|| {
        let body = bodies.next().expect("a body");
        let payment = deliver(&verifier, MediaType::Json, &body).expect("a genuine postback");
        let info = payment.unsigned().invoice_info();
        let InvoiceInfo { status, .. } = black_box(info.known()).expect("an object");
        black_box(status);
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 512)]
fn reject_forged(bencher: Bencher<'_, '_>) {
    let (verifier, mut bodies) = (verifier(), different_samples("another secret"));
    bencher.bench_local(|| {
        let body = bodies.next().expect("a body");
        deliver(&verifier, MediaType::Json, &body).expect_err("a forged postback")
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_form(bencher: Bencher<'_, '_>) {
    let (verifier, body) = (verifier(), sample_form());
    bencher.bench(|| drop(deliver(&verifier, MediaType::Form, &body).expect("a genuine postback")));
}

/// Rejects 64 KiB that a sender without the secret can write: one part, repeated. Compare the
/// throughput: no part may be much slower than `plain`.
#[divan::bench(args = HOSTILE_PARTS, sample_count = 200)]
fn reject_unsigned_form(bencher: Bencher<'_, '_>, part: &str) {
    let verifier = verifier();
    let form = hostile_form(part);
    bencher
        .counter(BytesCount::of_slice(&*form))
        .bench(|| deliver(&verifier, MediaType::Form, &form).expect_err("an unsigned postback"));
}

/// Rejects a token of 64 KiB that consists of escapes, which are decoded before the signature is
/// checked.
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
