//! Keys, times, verifiers and requests that the tests share.

use std::sync::LazyLock;

use bytes::Bytes;
use postback_core::{
    KeyRing, Provider, PublicKey, SecretKey, Verifier, VerifierBuilder,
    cryptapi::{CryptApi, Expected, Get},
    cryptocloud::CryptoCloud,
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SigningKey},
};

use crate::corpus::Request;

/// Time on the verifiers' clock, in Unix seconds.
pub const NOW: u64 = 1_769_509_400;

/// Origin of the callback URLs.
pub const ORIGIN: &str = "https://shop.example";

/// Callback secret in the callback URLs.
pub const CALLBACK_SECRET: &str = "5d1f3b0e7a6b43059fa2b0fbda6e3ff2";

/// The `uuid` of [`SAMPLE_CALLBACK`](testing::SAMPLE_CALLBACK).
pub const SAMPLE_UUID: &str = "dbfcb40e-5a6b-4305-9fa2-b0fbda6e3ff2";

/// Media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Media type of JSON.
pub const JSON: &str = "application/json";

/// Key that signs callbacks, in place of the provider's.
pub static SIGNING_KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate().expect("a key"));

/// Returns the public half of [`SIGNING_KEY`].
pub fn public_key() -> PublicKey {
    SIGNING_KEY.public_key().expect("a public half")
}

/// Returns the signature of a callback's URL or body, by [`SIGNING_KEY`].
pub fn sign(message: impl AsRef<[u8]>) -> String {
    SIGNING_KEY.sign(message).expect("a signature")
}

/// Returns a secret with this text.
#[must_use]
pub fn secret(text: &str) -> SecretKey {
    SecretKey::new(text).expect("a secret")
}

/// Returns a token of the sample's invoice, signed with the secret `signer`. It expires 300 seconds
/// after [`NOW`].
#[must_use]
pub fn token(signer: &str) -> String {
    token_of(signer, testing::SAMPLE_INVOICE_ID)
}

/// Returns a token of another invoice.
#[must_use]
pub fn token_of(signer: &str, invoice_id: &str) -> String {
    testing::token(&secret(signer), invoice_id, NOW.saturating_add(300))
}

/// Returns the documented JSON postback with a [`token`].
#[must_use]
pub fn sample_json(signer: &str) -> String {
    testing::sample_json(Some(&token(signer)))
}

/// Returns the documented form with a [`token`].
#[must_use]
pub fn sample_form(signer: &str) -> String {
    testing::sample_form(Some(&token(signer)))
}

/// Returns a builder of a CryptoCloud verifier whose clock is at [`NOW`].
pub fn builder(keys: impl Into<KeyRing<SecretKey>>) -> VerifierBuilder<CryptoCloud> {
    Verifier::builder(CryptoCloud::new(), keys).clock(|| Some(NOW))
}

/// Returns a CryptoCloud verifier whose secret has this text, and whose clock is at [`NOW`].
#[must_use]
pub fn cryptocloud(text: &str) -> Verifier<CryptoCloud> {
    builder(secret(text)).build().expect("a verifier")
}

/// Returns a verifier that trusts [`SIGNING_KEY`].
pub fn trusting<P: Provider<Key = PublicKey>>(provider: P) -> Verifier<P> {
    Verifier::new(provider, public_key())
}

/// Returns CryptAPI by GET at [`ORIGIN`].
#[must_use]
pub fn cryptapi() -> CryptApi<Get> {
    cryptapi_at(ORIGIN, None)
}

/// Returns CryptAPI by GET at another origin, behind a proxy that strips `prefix`.
#[must_use]
pub fn cryptapi_at(origin: &str, prefix: Option<&str>) -> CryptApi<Get> {
    let provider = CryptApi::get([origin]).expect("an origin");
    match prefix {
        Some(prefix) => provider.stripped_prefix(prefix).expect("a prefix"),
        None => provider,
    }
}

/// Returns `expected` with the address, the coin and the wallet of
/// [`SAMPLE_CALLBACK`](testing::SAMPLE_CALLBACK).
pub fn with_sample_payment(expected: Expected) -> Expected {
    expected
        .address_in(SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([SAMPLE_ADDRESS_OUT])
}

/// Returns a POST without a signature header.
pub fn post(target: &str, content_type: &str, body: impl Into<Bytes>) -> Request {
    Request::new("POST", target, &[("content-type", content_type)], body)
}

/// Returns a callback by GET at [`ORIGIN`].
#[must_use]
pub fn callback(target: &str) -> Request {
    callback_signed_for(&format!("{ORIGIN}{target}"), target)
}

/// Returns a callback by GET whose signature covers the URL `signed`.
#[must_use]
pub fn callback_signed_for(signed: &str, target: &str) -> Request {
    let signature = sign(signed);
    Request::new("GET", target, &[("x-ca-signature", &signature)], "")
}

/// Returns a callback by POST.
#[must_use]
pub fn posted_callback(target: &str, content_type: &str, body: &str) -> Request {
    let signature = sign(body);
    let headers = [
        ("x-ca-signature", &*signature),
        ("content-type", content_type),
    ];
    Request::new("POST", target, &headers, body.to_owned())
}
