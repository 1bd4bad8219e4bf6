use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{Head, PublicKey, Rejection};

/// The bytes of the one `x-ca-signature`.
pub struct Signature(Vec<u8>);

const HEADER: &str = "x-ca-signature";

/// In characters: what the longest key's signature takes.
const MAX_LENGTH: usize = MAX_BYTES.div_ceil(3).saturating_mul(4);

const MAX_BYTES: usize = PublicKey::MAX_MODULUS_BITS.div_ceil(8);

impl Signature {
    /// Reads the header: standard base64 with its padding, and the only spelling of its bytes.
    pub(super) fn of(head: &Head<'_>) -> Result<Self, Rejection> {
        let mut found = Err(Rejection::Unsigned);
        let mut count: u32 = 0;
        head.each(HEADER, |value| {
            count = count.saturating_add(1);
            found = Self::parse(value);
        });
        match count {
            0 | 1 => found,
            _ => Err(Rejection::BadSignature),
        }
    }

    fn parse(value: &[u8]) -> Result<Self, Rejection> {
        if value.trim_ascii().is_empty() {
            return Err(Rejection::Unsigned);
        }
        if value.len() > MAX_LENGTH {
            return Err(Rejection::BadSignature);
        }
        // The engine refuses other alphabets, white space, missing padding and unused bits that are
        // set.
        match STANDARD.decode(value) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err(Rejection::BadSignature),
        }
    }

    /// Whether `key` made it over `message`. One of another length than the key's is none of its.
    pub(super) fn is_by(&self, key: &PublicKey, message: &[u8]) -> bool {
        key.verify_rsa_pkcs1_sha256(message, &self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Result<usize, Rejection> {
        let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
            if name == HEADER {
                values.iter().for_each(|value| visit(value));
            }
        };
        let signature = Signature::of(&Head::new("GET", "/", &headers))?;
        Ok(signature.0.len())
    }

    #[test]
    fn one_canonical_value_is_read() {
        let longest = STANDARD.encode([1; MAX_BYTES]);
        let longer = STANDARD.encode([1; MAX_BYTES + 3]);
        let good: &[u8] = b"AAEC/w==";
        let bad = Err(Rejection::BadSignature);
        let cases: [(&str, &[&[u8]], _); 14] = [
            ("control case", &[good], Ok(4)),
            ("the longest", &[longest.as_bytes()], Ok(1024)),
            ("too long", &[longer.as_bytes()], bad.clone()),
            ("absent", &[], Err(Rejection::Unsigned)),
            ("empty", &[b""], Err(Rejection::Unsigned)),
            ("blank", &[b" \t"], Err(Rejection::Unsigned)),
            ("twice", &[good, good], bad.clone()),
            ("twice, the first blank", &[b"", good], bad.clone()),
            ("url alphabet", &[b"AAEC_w=="], bad.clone()),
            ("no padding", &[b"AAEC/w"], bad.clone()),
            ("unused bits", &[b"AAEC/x=="], bad.clone()),
            ("white space", &[b" AAEC/w=="], bad.clone()),
            ("more padding", &[b"AAEC/w==="], bad.clone()),
            ("not text", &[b"\xff\xff\xff\xff"], bad.clone()),
        ];
        for (name, values, expected) in cases {
            assert_eq!(read(values), expected, "{name}");
        }
    }
}
