//! Keys in DER: a public key (`SubjectPublicKeyInfo`) is accepted in its canonical encoding only,
//! and verifies a signature as RSA is defined; a private key (PKCS#8) is loaded as it was saved.

#![no_main]

use libfuzzer_sys::fuzz_target;
use num_bigint::BigUint;
use postback_core::{PublicKey, cryptapi::PUBLISHED_KEY, testing::SigningKey};
use postback_fuzz::{
    base64,
    key::{self, EXPONENT, SIGNING_KEY},
    seeds, settings,
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    match data.split_first() {
        Some((b'p', der)) => check_private(der),
        Some((b's', rest)) => check_public(rest),
        _ => {}
    }
});

/// Checks a public key with the first bytes of its own encoding as a signature.
fn check_public(der: &[u8]) {
    let key = PublicKey::from_pem(key::pem("PUBLIC KEY", der));
    let parts = key::public_parts(der);
    let parts = parts.filter(|(modulus, exponent)| key::public_der(modulus, exponent) == der);
    let Some((modulus, exponent)) = parts else {
        return assert!(key.is_err(), "{key:?}");
    };
    let bits = usize::try_from(modulus.bits()).expect("a short number");
    let is_of_length = (PublicKey::MIN_MODULUS_BITS..=PublicKey::MAX_MODULUS_BITS).contains(&bits);
    let Ok(key) = key else {
        let is_usual = modulus.bit(0) && exponent == EXPONENT.into();
        return assert!(!is_of_length || !is_usual, "{key:?}");
    };
    assert!(is_of_length, "{bits}");
    let message = b"a message";
    let signature = vec![der[der.len() / 2]; bits.div_ceil(8)];
    let is_signature = key::is_signature(&modulus, &exponent, message, &signature);
    assert_eq!(
        key.verify_rsa_pkcs1_sha256(message, &signature),
        is_signature
    );
    // One is the only root of one that needs no private key.
    assert!(!key.verify_rsa_pkcs1_sha256(message, &BigUint::from(1_u32).to_bytes_be()));
}

fn check_private(der: &[u8]) {
    let Ok(key) = SigningKey::from_pem(key::pem("PRIVATE KEY", der)) else {
        return;
    };
    let saved = key.to_pem().expect("a key can be saved");
    let loaded = SigningKey::from_pem(saved).expect("a saved key can be loaded");
    let public = loaded.public_key().expect("a public half");
    assert_eq!(key.public_key_pem(), loaded.public_key_pem());
    let signature = key.sign("a message").expect("a signature");
    let signature = base64::decode(signature.as_bytes(), base64::STANDARD).expect("base64");
    assert!(public.verify_rsa_pkcs1_sha256(b"a message", &signature));
}

fn seeds() -> Vec<Vec<u8>> {
    let der = |pem: &str| {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        base64::decode(body.as_bytes(), base64::STANDARD).expect("base64")
    };
    let public = [
        PUBLISHED_KEY,
        settings::PUBLIC_KEY,
        &SIGNING_KEY.public_pem(),
    ];
    let public = public.map(|pem| [b"s", &*der(pem)].concat());
    let private = [settings::PRIVATE_KEY, PRIVATE_KEY].map(|pem| [b"p", &*der(pem)].concat());
    public.into_iter().chain(private).collect()
}

/// Key of 2048 bits, made for this target.
const PRIVATE_KEY: &str = include_str!("../keys/rsa_2048_private.pem");
