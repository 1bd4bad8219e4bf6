//! Verification works with each combination of crypto providers of `jsonwebtoken`.

use postback_core::{MediaType, Rejection, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};

const NOW: u64 = 1_769_509_400;

/// Verifies the documented sample, signed with `signer`, for a project whose secret is `s`.
pub fn deliver(signer: &str) -> Result<String, Rejection> {
    let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("s").unwrap());
    let signer = SecretKey::new(signer).unwrap();
    // Not one of the headers that core compares as text, so that it is decoded.
    let token = testing::sign_hs256(
        &signer,
        r#"{"alg":"HS256"}"#,
        &format!(r#"{{"id":"ILRAJE1Q","exp":{}}}"#, NOW + 300),
    );
    let body = testing::sample_json(Some(&token));
    let payment = testing::deliver(&verifier, MediaType::Json, body, NOW)?;
    Ok(payment.invoice_id().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genuine_postback_is_verified() {
        assert_eq!(deliver("s").as_deref(), Ok("ILRAJE1Q"));
    }

    #[test]
    fn forged_postback_is_bad_signature() {
        assert_eq!(deliver("forged"), Err(Rejection::BadSignature));
    }
}
