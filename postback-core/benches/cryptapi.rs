//! Compares the verification of a CryptAPI callback by GET with the RSA operation that it needs at
//! least.
//!
//! Read the fastest samples as ratios to `rsa_alone`, because absolute times depend on the machine.

#![expect(
    clippy::expect_used,
    reason = "a benchmark cannot run with a wrong set-up"
)]

mod deliveries;

use deliveries::get::{ORIGIN, Rsa, TARGET, deliver, read_all, verifier};
use divan::{Bencher, black_box};
use postback_core::{
    cryptapi::{CryptApi, Expected},
    testing,
};

fn main() {
    divan::main();
}

/// Verifies a signature that is decoded, over a URL that is complete.
#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn rsa_alone(bencher: Bencher<'_, '_>) {
    let rsa = Rsa::new();
    bencher.bench(|| rsa.verify());
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify(bencher: Bencher<'_, '_>) {
    let verifier = verifier();
    bencher.bench(|| drop(deliver(&verifier, TARGET).expect("a genuine callback")));
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_and_read_all_fields(bencher: Bencher<'_, '_>) {
    let verifier = verifier();
    bencher.bench(|| {
        let callback = deliver(&verifier, TARGET).expect("a genuine callback");
        read_all(&callback);
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn verify_and_bind(bencher: Bencher<'_, '_>) {
    let verifier = verifier();
    let (stored, _) = TARGET
        .split_once("&uuid")
        .expect("a uuid after the callback secret");
    let stored = CryptApi::get([ORIGIN])
        .expect("an origin")
        .stored_callback_url(&format!("{ORIGIN}{stored}"))
        .expect("a stored callback URL");
    let expected = Expected::callback_url(stored)
        .address_in(testing::SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([testing::SAMPLE_ADDRESS_OUT]);
    bencher.bench(|| {
        let callback = deliver(&verifier, TARGET).expect("a genuine callback");
        drop(
            callback
                .bind(black_box(&expected))
                .expect("a callback of the order"),
        );
    });
}

#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn reject_changed(bencher: Bencher<'_, '_>) {
    let verifier = verifier();
    let changed = TARGET.replace("value_coin=0.05", "value_coin=9.05");
    bencher.bench(|| deliver(&verifier, black_box(&changed)).expect_err("a changed callback"));
}
