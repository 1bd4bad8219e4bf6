//! Properties of CryptoCloud's verification: no request makes core panic, and core accepts no token
//! that an independent implementation rejects.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test stops where something is wrong"
)]

use bytes::Bytes;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use postback_conformance::fixtures::{self, NOW, token};
use postback_core::{
    MediaType, Rejection, SecretKey, Verified, Verifier, cryptocloud::CryptoCloud, testing,
};
use proptest::prelude::*;
use serde::Deserialize;

const SECRET: &str = "cc-project-secret-for-tests-0001";

fn secret() -> SecretKey {
    fixtures::secret(SECRET)
}

fn deliver(
    media_type: MediaType,
    body: impl Into<Bytes>,
) -> Result<Verified<CryptoCloud>, Rejection> {
    let verifier = Verifier::new(CryptoCloud::new(), secret());
    testing::deliver(&verifier, media_type, body, NOW)
}

fn with_token(token: &str) -> String {
    serde_json::json!({ "invoice_id": testing::SAMPLE_INVOICE_ID, "token": token }).to_string()
}

#[derive(Deserialize)]
struct Claims {
    id: String,
    exp: serde_json::Number,
}

/// Decodes a token with `jsonwebtoken`, the oracle, without its clock.
fn oracle(token: &str) -> Result<Claims, jsonwebtoken::errors::Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    decode(token, &key, &validation).map(|data| data.claims)
}

/// Returns `true` if core accepts a token. Fails unless the oracle accepts it too, with the same
/// claims.
fn agree(token: &str) -> Result<bool, TestCaseError> {
    let Ok(payment) = deliver(MediaType::Json, with_token(token)) else {
        return Ok(false);
    };
    let claims = oracle(token.trim_matches([' ', '\t', '\r', '\n']));
    let claims = claims.map_err(|error| TestCaseError::fail(format!("{token}: {error}")))?;
    let id = claims.id.strip_prefix("INV-").unwrap_or(&claims.id);
    prop_assert_eq!(payment.invoice_id(), id);
    let exp = claims
        .exp
        .as_u64()
        .or_else(|| claims.exp.as_f64().map(|exp| exp as u64));
    prop_assert_eq!(Some(payment.expires_at()), exp);
    Ok(true)
}

/// Strategy of headers and claims as the provider writes them, and variations, all signed with the
/// genuine key.
///
/// `aud`, `iss` and `sub`, which core does not read, are texts or null, because the oracle rejects
/// other values.
fn signed_token() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        4 => Just(r#"{"typ":"JWT","alg":"HS256"}"#.to_owned()),
        2 => Just(r#"{"alg":"HS256","typ":"JWT"}"#.to_owned()),
        1 => "\\{\"alg\":\"(HS256|hs256|HS384|none)\"(,\"(typ|kid|crit|b64|x|alg)\":(\"JWT\"|5|null|\\[\"x\"\\])){0,2}\\}",
        1 => "\\{\"alg\": ?\"HS256\"\\} ?",
    ];
    let claims = prop_oneof![
        4 => Just(format!(r#"{{"id":"ILRAJE1Q","exp":{}}}"#, NOW + 300)),
        2 => "\\{\"(id|i\\\\u0064)\":\"(INV-)?ILRAJE1Q\",\"exp\":(1769509700|1769509700\\.5|17695097e2|1e30|-1|null)(,\"((nbf|id|exp)\":(1|\"1\"|null|1769509401)|(aud|iss|sub)\":(\"1\"|null)|x\":(\\[1\\]|1e400))){0,2}\\}",
        1 => "\\[\"ILRAJE1Q\",1769509700(,null)?\\]",
    ];
    (header, claims).prop_map(|(header, claims)| testing::sign_hs256(&secret(), &header, &claims))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn arbitrary_bytes_are_rejected(
        body: Vec<u8>,
        media_type in prop::sample::select(vec![MediaType::Form, MediaType::Json]),
    ) {
        prop_assert!(deliver(media_type, body).is_err());
    }

    #[test]
    fn json_with_genuine_token_keeps_uuid_consistent(
        extra in "(,\"(invoice_info|order_id|amount_crypto|status|x|\\\\ud800)\":(1e400|-0|\"\\\\ud800\"|\\{\"uuid\":[\\[\\]\\{\\}\",a0-9]{0,8}|\"[^\"\\\\]{0,6}\"|null|\\[\\]|\\{\\})){0,3}\\}",
    ) {
        let token = token(SECRET);
        let body = format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{token}"{extra}"#);
        if let Ok(payment) = deliver(MediaType::Json, body) {
            let unsigned = payment.unsigned();
            let info = unsigned.invoice_info();
            let uuid = info.known().and_then(|info| info.uuid.known());
            prop_assert!(uuid.is_none_or(|uuid| unsigned.invoice_uuid() == Some(&**uuid)));
        }
    }

    #[test]
    fn form_with_genuine_token_keeps_invoice_id(extra in "(&[a-z_%0-9=+;\\[\\]\\PC]{0,24}){0,3}") {
        let token = token(SECRET);
        let body = format!("invoice_id=ILRAJE1Q&token={token}{extra}");
        if let Ok(payment) = deliver(MediaType::Form, body) {
            prop_assert_eq!(payment.invoice_id(), "ILRAJE1Q");
        }
    }

    #[test]
    fn arbitrary_token_is_rejected(token in "\\PC*|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){0,3}") {
        prop_assert!(deliver(MediaType::Json, with_token(&token)).is_err());
    }

    #[test]
    fn accepted_signed_token_is_accepted_by_oracle(token in signed_token()) {
        agree(&token)?;
    }

    /// Inserts, removes or replaces characters. Most edits break the signature; surrounding white
    /// space does not.
    #[test]
    fn accepted_edited_token_is_accepted_by_oracle(
        token in signed_token(),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..3_usize, "[A-Za-z0-9_.= \n-]{0,2}"),
            0..3,
        ),
    ) {
        let mut edited = token;
        for (at, removed, text) in edits {
            let at = at.index(edited.len() + 1);
            let end = (at + removed).min(edited.len());
            edited.replace_range(at..end, &text);
        }
        agree(&edited)?;
    }
}

/// Control case: a core that accepts nothing would pass the properties.
#[test]
fn genuine_token_is_accepted_by_core_and_oracle() {
    for exp in ["1769509700", "1769509700.5", "17695097e2"] {
        let claims = format!(r#"{{"id":"ILRAJE1Q","exp":{exp}}}"#);
        let header = r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#;
        let token = testing::sign_hs256(&secret(), header, &claims);
        assert!(agree(&token).unwrap(), "{exp}");
    }
}

/// Core compares usual headers as text, and decodes others.
#[test]
fn known_and_decoded_headers_get_same_result() {
    let claims = format!(r#"{{"id":"ILRAJE1Q","exp":{}}}"#, NOW + 300);
    let accepts = |header| {
        let token = testing::sign_hs256(&secret(), header, &claims);
        deliver(MediaType::Json, with_token(&token)).is_ok()
    };
    for header in [
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{ "alg" : "HS256", "typ" : "JWT" }"#,
        r#"{"alg":"HS256","typ":"at+jwt","x":{"y":[1]}}"#,
    ] {
        assert!(accepts(header), "{header}");
    }
    for header in [
        r#"{"alg":"HS256","x":1,"x":1}"#,
        r#"{"alg":"HS256","cri\u0074":null}"#,
        r#"{"alg":"HS256","b64":true}"#,
        r#"{"alg":{"HS256":null}}"#,
        r#"{"alg":["HS256"]}"#,
        r#"["HS256"]"#,
        r#"{"typ":"JWT"}"#,
        "",
    ] {
        assert!(!accepts(header), "{header}");
    }
}
