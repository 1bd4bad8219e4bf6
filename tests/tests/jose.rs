//! Examples of the RFCs on JSON web signatures and tokens: 7515, 7519, 7520 and 7797.
//!
//! No example has CryptoCloud's claim `id`, so that no example is accepted. Those that are signed
//! with HS256 are rejected for their claims, after their signature held, and all others as badly
//! signed.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::collections::BTreeMap;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::PublicKeyComponents,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use postback_conformance::fixtures::{JSON, builder, post, secret};
use postback_core::{InvalidClaimsReason, PublicKey, Rejection, SecretKey};
use serde::Deserialize;
use serde_json::json;

/// An example: `kind` is its algorithm, or another form than the compact one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    source: String,
    kind: String,
    token: String,
    key: Option<Key>,
    /// The message that is signed, if it is not a part of the token.
    signed: Option<String>,
}

/// A key as a JSON web key.
#[derive(Deserialize)]
#[serde(tag = "kty", deny_unknown_fields)]
enum Key {
    #[serde(rename = "oct")]
    Secret { k: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

impl Example {
    fn all() -> Vec<Self> {
        let text = include_str!("../vectors/jose.json");
        serde_json::from_str(text).unwrap()
    }

    /// Returns the message that is signed, and its signature.
    fn parts(&self) -> (&str, Vec<u8>) {
        let (message, signature) = self.token.rsplit_once('.').unwrap();
        (self.signed.as_deref().unwrap_or(message), decode(signature))
    }

    /// Verifies a token with the secret of the example, or with another if it has none.
    fn reject(&self, token: &str) -> Rejection {
        let key = match &self.key {
            Some(Key::Secret { k }) => SecretKey::new(decode(k)).unwrap(),
            _ => secret("another secret"),
        };
        let verifier = builder(key).build().unwrap();
        let body = json!({ "status": "success", "invoice_id": "AQKZQ3JD", "token": token });
        let delivery = post("/", JSON, body.to_string());
        delivery.verify(&verifier).unwrap_err()
    }
}

fn decode(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).unwrap()
}

fn rsa_key(n: &str, e: &str) -> PublicKey {
    let components = PublicKeyComponents {
        n: decode(n),
        e: decode(e),
    };
    let der: PublicKeyX509Der<'_> = components.as_der().unwrap();
    let digits = STANDARD.encode(der.as_ref());
    PublicKey::from_pem(format!(
        "-----BEGIN PUBLIC KEY-----\n{digits}\n-----END PUBLIC KEY-----\n"
    ))
    .unwrap()
}

/// Returns the token with another character at `at`, and the same number of parts. The last
/// character of a part is left alone, because some of its bits may be unused.
fn altered(token: &str, at: usize) -> Option<String> {
    let replacement = match &token.as_bytes()[at..] {
        [b'.', ..] | [_, b'.', ..] | [_] => return None,
        [b'A', ..] => "B",
        _ => "A",
    };
    let mut altered = token.to_owned();
    altered.replace_range(at..=at, replacement);
    Some(altered)
}

#[test]
fn each_example_is_verified_or_rejected_for_its_reason() {
    let mut counts = BTreeMap::new();
    let examples = Example::all();
    for example in &examples {
        let holds = example.kind == "HS256";
        let expected = match holds {
            true => Rejection::InvalidClaims(InvalidClaimsReason::Unusable),
            false => Rejection::BadSignature,
        };
        assert_eq!(
            example.reject(&example.token),
            expected,
            "{}",
            example.source
        );
        *counts.entry(&*example.kind).or_insert(0) += 1;
    }
    let expected = [
        ("ES256", 1),
        ("ES512", 2),
        ("HS256", 3),
        ("JSON serialization", 2),
        ("PS384", 1),
        ("RS256", 2),
        ("detached", 3),
        ("encrypted", 2),
        ("none", 2),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn each_signature_holds_for_its_key_and_message_alone() {
    let (mut secrets, mut rsa_keys) = (0, 0);
    for example in Example::all() {
        let Some(key) = &example.key else { continue };
        let (message, signature) = example.parts();
        let other_message = format!("{message}.");
        let mut other_signature = signature.clone();
        other_signature[0] ^= 1;
        let verify: &dyn Fn(&str, &[u8]) -> bool = match key {
            Key::Secret { k } => {
                secrets += 1;
                let key = SecretKey::new(decode(k)).unwrap();
                &move |message, tag| key.verify_hmac_sha256(message.as_bytes(), tag)
            }
            Key::Rsa { n, e } => {
                rsa_keys += 1;
                let key = rsa_key(n, e);
                &move |message, signature| {
                    key.verify_rsa_pkcs1_sha256(message.as_bytes(), signature)
                }
            }
        };
        let source = &example.source;
        assert!(verify(message, &signature), "{source}");
        assert!(!verify(&other_message, &signature), "{source}");
        assert!(!verify(message, &other_signature), "{source}");
    }
    assert_eq!((secrets, rsa_keys), (6, 2));
}

#[test]
fn example_with_another_character_is_rejected_as_badly_signed() {
    let mut count = 0;
    for example in Example::all() {
        if example.kind != "HS256" {
            continue;
        }
        for at in 0..example.token.len() {
            let Some(token) = altered(&example.token, at) else {
                continue;
            };
            let rejection = example.reject(&token);
            assert_eq!(
                rejection,
                Rejection::BadSignature,
                "{}: {token}",
                example.source
            );
            count += 1;
        }
    }
    assert_eq!(count, 583);
}
