//! Properties of CryptAPI's verification: each change of a signed message is rejected, and no
//! signed message makes core panic.

use std::sync::LazyLock;

use postback_conformance::fixtures::{
    CALLBACK_SECRET, NOW, ORIGIN, cryptapi, sign, trusting, with_sample_payment,
};
use postback_core::{
    MediaType, Method, Rejection, Verified, Verifier,
    cryptapi::{Callback, CallbackSecret, CryptApi, Expected, Get, Post},
    testing::{self, SAMPLE_CALLBACK},
};
use proptest::prelude::*;

static BY_GET: LazyLock<Verifier<CryptApi<Get>>> = LazyLock::new(|| trusting(cryptapi()));
static BY_FORM: LazyLock<Verifier<CryptApi<Post>>> =
    LazyLock::new(|| trusting(CryptApi::post_form()));
static BY_JSON: LazyLock<Verifier<CryptApi<Post>>> =
    LazyLock::new(|| trusting(CryptApi::post_json()));

fn get(target: &str, signature: &str) -> Result<Verified<CryptApi<Get>>, Rejection> {
    let headers = [("x-ca-signature", signature)];
    testing::request(&BY_GET, Method::Get, target, &headers, "", NOW)
}

fn post(
    media_type: MediaType,
    body: impl Into<bytes::Bytes>,
    signature: &str,
) -> Result<Verified<CryptApi<Post>>, Rejection> {
    let verifier = if media_type == MediaType::Json {
        &BY_JSON
    } else {
        &BY_FORM
    };
    let headers = [
        ("content-type", media_type.as_str()),
        ("x-ca-signature", signature),
    ];
    testing::request(verifier, Method::Post, "/callback?a=1", &headers, body, NOW)
}

/// Calls each accessor.
fn read(callback: &Callback) {
    let unbound = callback.unbound();
    let _ = (
        unbound.payouts(),
        unbound.value_coin_convert(),
        unbound.value_forwarded_coin_convert(),
        unbound.value_coin().map(|amount| amount.to_string()),
        unbound.confirmations(),
        callback.parameters().count(),
        unbound.unreadable().count(),
    );
}

const JSON: &str = r#"{"uuid":"u","address_in":"a","coin":"btc","pending":0,"value_coin":1.5,
    "note":"\u00e4 \ud83d\ude00"}"#;

/// Changes each bit of a signed target and body, and each character of a signature.
#[test]
fn changed_bit_is_bad_signature() {
    let target = format!("/callback?order_id=1%2F2&{SAMPLE_CALLBACK}");
    let signature = sign(format!("{ORIGIN}{target}"));
    assert!(get(&target, &signature).is_ok(), "control case");
    for at in 0..target.len() {
        for bit in 0..7 {
            let mut changed = target.clone().into_bytes();
            changed[at] ^= 1 << bit;
            let changed = String::from_utf8(changed).unwrap();
            let rejected = get(&changed, &signature).err();
            assert_eq!(rejected, Some(Rejection::BadSignature), "{changed:?}");
        }
    }
    for (media_type, body) in [(MediaType::Form, SAMPLE_CALLBACK), (MediaType::Json, JSON)] {
        let signature = sign(body);
        assert!(post(media_type, body, &signature).is_ok(), "control case");
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut changed = body.as_bytes().to_vec();
                changed[at] ^= 1 << bit;
                let rejected = post(media_type, changed, &signature).err();
                assert_eq!(rejected, Some(Rejection::BadSignature), "{at} {bit}");
            }
        }
    }
    for at in 0..signature.len() {
        let mut changed = signature.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let rejected = get(&target, &String::from_utf8(changed).unwrap()).err();
        assert_eq!(rejected, Some(Rejection::BadSignature), "{at}");
    }
}

fn pairs() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[a-z_]{1,8}",
        Just("coin".to_owned()),
        Just("value_coin".to_owned()),
        Just("p%65nding".to_owned()),
        Just("address_out".to_owned()),
        Just("value_coin_convert".to_owned()),
        "\\PC{0,3}",
    ];
    let value = prop_oneof![
        "[0-9a-zA-Z.+%-]{0,12}",
        Just("%7B%22USD%22%3A1%7D".to_owned()),
        Just("{a: 0.5, b: 0.5}".to_owned()),
        "\\PC{0,8}",
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|pairs| {
        let pair = |(name, value)| format!("{name}={value}");
        pairs.into_iter().map(pair).collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn changed_byte_is_bad_signature(
        further in "[a-z%+=&;0-9]{0,40}",
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        kind in 0..3_u8,
    ) {
        let body = format!("{SAMPLE_CALLBACK}&{further}");
        let signature = sign(&body);
        let mut changed = body.clone().into_bytes();
        let at = at.index(changed.len());
        match kind {
            0 => changed[at] = byte,
            1 => changed.insert(at, byte),
            _ => drop(changed.remove(at)),
        }
        prop_assume!(changed != body.as_bytes());
        let rejected = post(MediaType::Form, changed.clone(), &signature).err();
        prop_assert_eq!(rejected, Some(Rejection::BadSignature));

        let target = format!("/callback?{body}");
        let signature = sign(format!("{ORIGIN}{target}"));
        if let Ok(changed) = String::from_utf8(changed) {
            let rejected = get(&format!("/callback?{changed}"), &signature).err();
            prop_assert_eq!(rejected, Some(Rejection::BadSignature));
        }
    }

    /// Signed pairs are read or rejected, and no parameter has the name of a field.
    #[test]
    fn signed_pairs_are_read_or_malformed(before in pairs(), after in pairs(), order in any::<bool>()) {
        let query = match order {
            true => format!("{before}&uuid=u&address_in=a&coin=btc&pending=0&{after}"),
            false => format!("{before}&{after}"),
        };
        let target = format!("/callback?{query}");
        let signature = sign(format!("{ORIGIN}{target}"));
        match get(&target, &signature) {
            Ok(callback) => {
                read(&callback);
                for parameter in callback.parameters() {
                    prop_assert!(!["coin", "pending", "uuid"].contains(&parameter.name()));
                }
            }
            Err(rejected) => prop_assert_eq!(rejected.code(), "malformed"),
        }
        let signature = sign(&query);
        match post(MediaType::Form, query, &signature) {
            Ok(callback) => read(&callback),
            Err(rejected) => prop_assert_eq!(rejected.code(), "malformed"),
        }
    }

    #[test]
    fn signed_bytes_are_read_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let signature = sign(&bytes);
        for media_type in [MediaType::Form, MediaType::Json] {
            if let Err(rejected) = post(media_type, bytes.clone(), &signature) {
                prop_assert_eq!(rejected.code(), "malformed");
            }
        }
    }

    /// A query binds only with the callback secret.
    #[test]
    fn callback_without_secret_does_not_bind(before in pairs(), guess in "[0-9a-f]{0,32}") {
        let secret = CallbackSecret::from_stored(CALLBACK_SECRET).unwrap();
        prop_assume!(guess != secret.as_str());
        let target = format!("/callback?{before}&nonce={guess}&{SAMPLE_CALLBACK}");
        let signature = sign(format!("{ORIGIN}{target}"));
        let url = format!("{ORIGIN}/callback?nonce={}", secret.as_str());
        let url = cryptapi().stored_callback_url(&url).unwrap();
        for how in [Expected::callback_url(url), Expected::secret(secret)] {
            let expected = with_sample_payment(how);
            if let Ok(callback) = get(&target, &signature) {
                prop_assert!(callback.bind(&expected).is_err());
            }
            // Control case: with the callback secret, at the stored URL.
            let target = format!("/callback?nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}");
            let signature = sign(format!("{ORIGIN}{target}"));
            prop_assert!(get(&target, &signature).unwrap().bind(&expected).is_ok());
        }
    }
}
