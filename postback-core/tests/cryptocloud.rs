//! Rejections of CryptoCloud and Trybit postbacks, with one defect for each case, beyond the
//! corpus.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod fixtures;

use postback_core::{
    InvalidClaimsReason, MalformedReason, MediaType, Provider, Rejection, Verified, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};
use serde_json::Value;

use self::fixtures::{NOW, secret, token};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn deliver(media_type: MediaType, body: String) -> Result<Verified<CryptoCloud>, Rejection> {
    let verifier = Verifier::new(CryptoCloud::new(), secret("s"));
    testing::deliver(&verifier, media_type, body, NOW)
}

fn with_token(token: &str) -> Option<Rejection> {
    let body = format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{token}"}}"#);
    deliver(MediaType::Json, body).err()
}

fn with_claims(claims: &str) -> Option<Rejection> {
    with_token(&testing::sign_hs256(&secret("s"), HEADER, claims))
}

#[test]
fn defect_of_claims_has_its_rejection() {
    let unusable = Some(Rejection::InvalidClaims(InvalidClaimsReason::Unusable));
    let cases = [
        (r#"{"id":"ILRAJE1Q","exp":1769509700}"#, None),
        (
            r#"{"id":"ILRAJE1Q","exp":1769509700,"nbf":1769509430}"#,
            None,
        ),
        (
            r#"{"id":"ILRAJE1Q","exp":253402300799}"#,
            Some(Rejection::InvalidClaims(
                InvalidClaimsReason::LifetimeTooLong,
            )),
        ),
        (r#"{"id":"ILRAJE1Q","exp":253402300800}"#, unusable.clone()),
        (
            r#"{"id":"ILRAJE1Q","exp":1769509700,"nbf":1,"nbf":1}"#,
            unusable.clone(),
        ),
        (
            r#"{"id":"ILRAJE1Q","exp":1769509700,"x":1,"x":1}"#,
            unusable.clone(),
        ),
        (r#"["ILRAJE1Q",1769509700]"#, unusable.clone()),
        // The other claims are checked before the times, so that the id decides.
        (r#"{"id":"","exp":1}"#, unusable.clone()),
        // A fraction is rounded up, which rejects.
        (
            r#"{"id":"ILRAJE1Q","exp":1769509700,"nbf":1769509430.1}"#,
            Some(Rejection::InvalidClaims(InvalidClaimsReason::NotYetValid)),
        ),
    ];
    for (claims, expected) in cases {
        assert_eq!(with_claims(claims), expected, "{claims}");
    }
}

/// A token has three parts, each in canonical base64url, even with a valid signature.
#[test]
fn non_canonical_token_is_bad_signature() {
    let sign = |message: &str| with_token(&testing::sign_message(&secret("s"), message));
    let claims = "eyJpZCI6IklMUkFKRTFRIiwiZXhwIjoxNzY5NTA5NzAwfQ";
    let header = "eyJhbGciOiJIUzI1NiJ9";
    let bad = Some(Rejection::BadSignature);
    assert_eq!(sign(&format!("{header}.{claims}")), None, "control case");
    assert_eq!(sign(&format!("{header}.{claims}==")), bad);
    assert_eq!(sign(&format!("{header}.{claims}.")), bad);
    assert_eq!(sign(&format!("{header}.{claims}.{claims}")), bad);
    assert_eq!(sign(&format!("{header}=.{claims}")), bad);
    assert_eq!(
        sign(&format!(
            "{header}.eyJpZCI6IklMUkFKRTFRIiwiZXhwIjoxNzY5NTA5NzAwfR"
        )),
        bad
    );
    assert_eq!(sign(header), bad);
}

#[test]
fn defect_of_body_has_its_rejection() {
    let token = token("s");
    let json = |members: &str| deliver(MediaType::Json, members.replace("TOKEN", &token)).err();
    let form = |pairs: &str| deliver(MediaType::Form, pairs.replace("TOKEN", &token)).err();
    let malformed = |defect| Some(Rejection::Malformed(defect));

    let odd_name = json(r#"{"\ud800":1,"token":"TOKEN","invoice_id":"ILRAJE1Q"}"#);
    assert_eq!(odd_name, None, "an unknown field, whatever its name");
    let escaped_twice = json(r#"{"tok\u0065n":"x","token":"TOKEN","invoice_id":"ILRAJE1Q"}"#);
    assert_eq!(escaped_twice, malformed(MalformedReason::Repeated("token")));
    let wrong_token = json(r#"{"invoice_id":"ILRAJE1Q","token":5}"#);
    assert_eq!(wrong_token, malformed(MalformedReason::Value("token")));
    let no_id = json(r#"{"token":"TOKEN"}"#);
    assert_eq!(no_id, malformed(MalformedReason::Missing("invoice_id")));
    let twice = json(r#"{"token":null,"token":"TOKEN","invoice_id":"ILRAJE1Q"}"#);
    assert_eq!(twice, malformed(MalformedReason::Repeated("token")));
    let number = json(r#"{"token":"TOKEN","invoice_id":1e3}"#);
    assert_eq!(number, malformed(MalformedReason::Value("invoice_id")));
    let undecodable = form("invoice_id=%zz&token=TOKEN");
    assert_eq!(undecodable, malformed(MalformedReason::Syntax));
    let escaped = form("invoice_id=ILRAJE1Q&token=TOKEN&tok%65n=x");
    assert_eq!(escaped, malformed(MalformedReason::Repeated("token")));
    let twice = json(r#"{"token":"TOKEN","invoice_id":"ILRAJE1Q","status":[],"status":"success"}"#);
    assert_eq!(twice, malformed(MalformedReason::Repeated("status")));

    assert_eq!(
        form("invoice_id=ILRAJE1Q&token=TOKEN"),
        None,
        "control case"
    );
    assert_eq!(form(""), malformed(MalformedReason::Syntax));
    assert_eq!(
        form("invoice_id=ILRAJE1Q&token=None"),
        Some(Rejection::BadSignature)
    );
    assert_eq!(
        form("invoice_id=null&token=TOKEN"),
        Some(Rejection::InvoiceMismatch)
    );
    let empty_id = form("invoice_id=&token=TOKEN");
    assert_eq!(empty_id, malformed(MalformedReason::Value("invoice_id")));
}

/// Unsigned fields do not reject a payment.
#[test]
fn invalid_unsigned_field_is_unreadable() {
    let token = token("s");
    let unreadable = |media_type, members: &str| -> Vec<(String, String)> {
        let body = members.replace("TOKEN", &token);
        let payment = deliver(media_type, body).unwrap();
        assert_eq!(payment.invoice_id(), testing::SAMPLE_INVOICE_ID);
        let unsigned = payment.unsigned();
        let read = (
            unsigned.status(),
            unsigned.amount(),
            unsigned.currency(),
            unsigned.order_id(),
        );
        assert_eq!(read, (None, None, None, None), "{members}");
        let fields = unsigned.unreadable();
        fields
            .map(|(name, raw)| (name.to_owned(), raw.to_owned()))
            .collect()
    };
    let fields = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        fields
            .iter()
            .map(|(name, raw)| ((*name).to_owned(), (*raw).to_owned()))
            .collect()
    };
    let json = r#"{"token":"TOKEN","invoice_id":"ILRAJE1Q","status":true,"amount_crypto":"-0",
        "currency":{"code":"BNB"},"order_id":[1, 2],"invoice_info":[]}"#;
    assert_eq!(
        unreadable(MediaType::Json, json),
        fields(&[
            ("status", "true"),
            ("amount_crypto", "\"-0\""),
            ("currency", r#"{"code":"BNB"}"#),
            ("order_id", "[1, 2]"),
            ("invoice_info", "[]"),
        ])
    );
    let malformed = r#"{"token":"TOKEN","invoice_id":"ILRAJE1Q","status":"\x","amount_crypto":NaN,
        "currency":{"code":"BNB"],"order_id":01,"invoice_info":-Infinity,"more":[}}"#;
    assert_eq!(
        unreadable(MediaType::Json, malformed),
        fields(&[
            ("status", r#""\x""#),
            ("amount_crypto", "NaN"),
            ("currency", r#"{"code":"BNB"]"#),
            ("order_id", "01"),
            ("invoice_info", "-Infinity"),
        ])
    );
    let form =
        "invoice_id=ILRAJE1Q&token=TOKEN&status=%zz&amount_crypto=1%2C5&currency=%ff&order_id=100%";
    assert_eq!(
        unreadable(MediaType::Form, form),
        fields(&[
            ("status", "%zz"),
            ("amount_crypto", "1%2C5"),
            ("currency", "%ff"),
            ("order_id", "100%"),
        ])
    );
    let absent = r#"{"token":"TOKEN","invoice_id":"ILRAJE1Q","status":null,"invoice_info":null}"#;
    assert_eq!(
        unreadable(MediaType::Json, absent),
        fields(&[]),
        "control case"
    );
}

#[test]
fn stored_invoice_id_compares_without_prefix() {
    let token = token("s");
    let payment = deliver(MediaType::Json, testing::sample_json(Some(&token))).unwrap();
    for (stored, same) in [
        ("ILRAJE1Q", true),
        ("INV-ILRAJE1Q", true),
        ("INV-INV-ILRAJE1Q", false),
        ("inv-ILRAJE1Q", false),
        ("INV-", false),
        ("", false),
        ("89UX09KA", false),
    ] {
        assert_eq!(payment.is_for_invoice(stored), same, "{stored:?}");
    }
}

#[test]
fn number_names_invoice_by_its_digits() {
    let token = testing::token(&secret("s"), "12345678", NOW + 300);
    let named = |invoice_id: &str| {
        let body = format!(r#"{{"invoice_id":{invoice_id},"token":"{token}"}}"#);
        deliver(MediaType::Json, body).err()
    };
    let malformed = Rejection::Malformed(MalformedReason::Value("invoice_id"));
    for (invoice_id, rejection) in [
        ("12345678", None),
        ("87654321", Some(Rejection::InvoiceMismatch)),
        ("12345678.0", Some(malformed.clone())),
        ("-12345678", Some(malformed)),
    ] {
        assert_eq!(named(invoice_id), rejection, "{invoice_id}");
    }
}

/// The provider spells null in a form in three ways, for each optional field.
#[test]
fn three_spellings_of_null_in_form_are_absent() {
    let token = token("s");
    for null in ["", "None", "null"] {
        let body = format!(
            "invoice_id=ILRAJE1Q&token={token}\
             &status={null}&amount_crypto={null}&currency={null}&order_id={null}"
        );
        let payment = deliver(MediaType::Form, body).unwrap();
        let unsigned = payment.unsigned();
        assert!(
            unsigned.status().is_none() && unsigned.amount().is_none(),
            "{null:?}"
        );
        assert!(
            unsigned.currency().is_none() && unsigned.order_id().is_none(),
            "{null:?}"
        );
    }
}

#[test]
fn provider_names_are_those_of_log() {
    assert_eq!((CryptoCloud::NAME, Trybit::NAME), ("cryptocloud", "trybit"));
}

/// The sample of the `testing` feature equals the provider's documentation.
#[test]
fn sample_is_documented_one() {
    let ours: Value = serde_json::from_str(&testing::sample_json(Some("x"))).unwrap();
    let printed = include_str!("../../tests/corpus/samples/cryptocloud_v2.json");
    let mut printed: Value = serde_json::from_str(printed).unwrap();
    *printed.get_mut("token").unwrap() = "x".into();
    assert_eq!(ours, printed);
}
