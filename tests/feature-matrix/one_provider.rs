//! The application uses `jsonwebtoken` beside verification.

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};

#[test]
fn application_signs_and_decodes_beside_verification() {
    assert!(verify::deliver("s").is_ok());
    let claims = serde_json::json!({ "exp": u32::MAX });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"a")).unwrap();
    let key = DecodingKey::from_secret(b"a");
    let decoded = decode::<serde_json::Value>(&token, &key, &Validation::default()).unwrap();
    assert_eq!(decoded.claims, claims);
    assert!(verify::deliver("s").is_ok());
}
