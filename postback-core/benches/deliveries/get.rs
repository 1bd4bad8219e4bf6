//! Deliveries of CryptAPI by GET.

use std::hint::black_box;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY};
use base64::{Engine, engine::general_purpose::STANDARD};
use postback_core::{
    Method, PublicKey, Rejection, Verified, Verifier,
    cryptapi::{CallbackFields, CryptApi, Get},
    testing,
};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};

use super::NOW;

pub(crate) const ORIGIN: &str = "https://shop.example";
// Signed with OpenSSL and the test key of the corpus, which has 1024 bits as the provider's key
// has.
const KEY: &str = include_str!("../../../tests/corpus/keys/cryptapi_test_public.pem");
pub(crate) const TARGET: &str = include_str!("target.txt");
const SIGNATURE: &str = include_str!("signature.txt");

/// The RSA operation alone: verifies a signature that is decoded, over a URL that is complete.
pub(crate) struct Rsa {
    key: ParsedPublicKey,
    url: String,
    signature: Vec<u8>,
}

impl Rsa {
    pub(crate) fn new() -> Self {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(KEY.as_bytes()).expect("a key");
        let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
        Self {
            key: ParsedPublicKey::new(algorithm, key).expect("a key"),
            url: format!("{ORIGIN}{TARGET}"),
            signature: STANDARD.decode(SIGNATURE).expect("base64"),
        }
    }

    pub(crate) fn verify(&self) {
        let url = black_box(self.url.as_bytes());
        let signature = black_box(&self.signature);
        let verified = self.key.verify_sig(url, signature);
        verified.expect("a genuine callback");
    }
}

pub(crate) fn verifier() -> Verifier<CryptApi<Get>> {
    let provider = CryptApi::get([ORIGIN]).expect("an origin");
    Verifier::new(provider, PublicKey::from_pem(KEY).expect("a key"))
}

pub(crate) fn deliver(
    verifier: &Verifier<CryptApi<Get>>,
    target: &str,
) -> Result<Verified<CryptApi<Get>>, Rejection> {
    let headers = [("x-ca-signature", black_box(SIGNATURE))];
    testing::request(verifier, Method::Get, black_box(target), &headers, "", NOW)
}

/// Reads every field of a callback, and its parameters.
pub(crate) fn read_all(callback: &Verified<CryptApi<Get>>) {
    read(black_box(callback.unbound()));
    black_box(callback.parameters().count());
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
