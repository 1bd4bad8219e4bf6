//! Compares the verification of a CryptAPI callback by GET with the RSA operation that it needs at
//! least.
//!
//! Read the medians as ratios to `rsa_alone`, because absolute times depend on the machine.

#![expect(
    clippy::expect_used,
    reason = "a benchmark cannot run with a wrong set-up"
)]

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY};
use base64::{Engine, engine::general_purpose::STANDARD};
use divan::{Bencher, black_box};
use postback_core::{
    Method, PublicKey, Rejection, Verified, Verifier,
    cryptapi::{CallbackFields, CryptApi, Expected, Get},
    testing,
};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};

const NOW: u64 = 1_769_509_400;
const ORIGIN: &str = "https://shop.example";

// Signed with OpenSSL and the test key of the corpus, which has 1024 bits as the provider's key
// has.
const KEY: &str = include_str!("../../tests/corpus/keys/cryptapi_test_public.pem");
const TARGET: &str = include_str!("cryptapi/target.txt");
const SIGNATURE: &str = include_str!("cryptapi/signature.txt");

fn main() {
    divan::main();
}

/// Verifies a signature that is decoded, over a URL that is complete.
#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn rsa_alone(bencher: Bencher<'_, '_>) {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
    let key = ParsedPublicKey::new(algorithm, key).expect("a key");
    let url = format!("{ORIGIN}{TARGET}");
    let signature = STANDARD.decode(SIGNATURE).expect("base64");
    bencher.bench(|| {
        key.verify_sig(black_box(url.as_bytes()), black_box(&signature))
            .expect("a genuine callback");
    });
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
        read(black_box(callback.unbound()));
        black_box(callback.parameters().count());
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

fn verifier() -> Verifier<CryptApi<Get>> {
    let provider = CryptApi::get([ORIGIN]).expect("an origin");
    Verifier::new(provider, PublicKey::from_pem(KEY).expect("a key"))
}

fn deliver(
    verifier: &Verifier<CryptApi<Get>>,
    target: &str,
) -> Result<Verified<CryptApi<Get>>, Rejection> {
    let headers = [("x-ca-signature", black_box(SIGNATURE))];
    testing::request(verifier, Method::Get, black_box(target), &headers, "", NOW)
}

fn read(fields: &CallbackFields) {
    black_box((
        fields.uuid(),
        fields.stage(),
        fields.address_in(),
        fields.address_out(),
        fields.payouts(),
        fields.txid_in(),
        fields.txid_out(),
        fields.coin(),
        fields.price(),
    ));
    black_box((
        fields.confirmations(),
        fields.value_coin(),
        fields.value_coin_convert(),
        fields.value_forwarded_coin(),
        fields.value_forwarded_coin_convert(),
        fields.fee_coin(),
        fields.result(),
    ));
    black_box((fields.value(), fields.value_forwarded(), fields.fee()));
}
