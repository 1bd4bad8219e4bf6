//! Public keys as PEM: an accepted text is one section `PUBLIC KEY` whose base64 is the canonical
//! DER of an RSA key.

#![no_main]

use aws_lc_rs::digest::{SHA256, digest};
use libfuzzer_sys::fuzz_target;
use postback_core::{PublicKey, cryptapi::PUBLISHED_KEY};
use postback_fuzz::{
    base64,
    key::{self, SIGNING_KEY},
    seeds, settings,
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let Ok(key) = PublicKey::from_pem(data) else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----").expect("a first line");
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----").expect("a last line");
    assert_eq!(text.matches("-----BEGIN").count(), 1);
    let is_space = |it: char| it.is_ascii_whitespace() || it == '\u{b}';
    let digits: String = body.split(is_space).collect();
    let der = base64::decode(digits.as_bytes(), base64::STANDARD).expect("base64");
    let (modulus, exponent) = key::public_parts(&der).expect("a public key");
    assert_eq!(key::public_der(&modulus, &exponent), der);
    let bits = usize::try_from(modulus.bits()).expect("a short number");
    assert!((PublicKey::MIN_MODULUS_BITS..=PublicKey::MAX_MODULUS_BITS).contains(&bits), "{bits}");
    assert_eq!(key.fingerprint(), digest(&SHA256, &der).as_ref());
});

fn seeds() -> Vec<Vec<u8>> {
    let key = SIGNING_KEY.public_pem();
    let relabelled = ["RSA PUBLIC KEY", "PRIVATE KEY", "CERTIFICATE", "X"];
    let relabelled = relabelled.map(|label| key.replace("PUBLIC KEY", label).into_bytes());
    let whole = [
        PUBLISHED_KEY,
        settings::PUBLIC_KEY,
        &key,
        &format!("comment\r\n{key}"),
    ];
    let whole = whole.map(|pem| pem.as_bytes().to_vec());
    let marked = [
        format!("\u{feff}{key}"),
        format!("{{\"pubkey\": \"{key}\"}}"),
        key.repeat(2),
    ];
    relabelled
        .into_iter()
        .chain(whole)
        .chain(marked.map(String::into_bytes))
        .collect()
}
