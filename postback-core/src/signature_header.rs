use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{Rejection, RequestHead, hexadecimal};

/// Header that holds one signature, in hexadecimal digits or base64, with an optional prefix.
///
/// ```
/// use postback_core::{Rejection, RequestHead, SignatureHeader};
///
/// const SIGNATURE: SignatureHeader =
///     SignatureHeader::hexadecimal("btcpay-sig").with_prefix("sha256=");
///
/// let read = |value| {
///     let headers = [("BTCPay-Sig", value)];
///     SIGNATURE.read(&RequestHead::new("POST", "/", &headers))
/// };
/// assert_eq!(read("sha256=00fF"), Ok(vec![0, 255]));
/// assert_eq!(read("sha256="), Err(Rejection::Unsigned));
/// assert_eq!(read("sha1=00ff"), Err(Rejection::BadSignature));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureHeader {
    name: &'static str,
    prefix: &'static str,
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Base64,
    Hexadecimal,
}

impl SignatureHeader {
    /// Maximum length of a signature, in bytes: that of an RSA key of 8192 bits.
    pub const MAX_BYTES: usize = 1024;

    /// Reads the header `name` as standard base64 with padding. Only one spelling of the bytes is
    /// accepted: no white space, no other alphabet, no unused bits.
    ///
    /// # Panics
    ///
    /// If `name` has upper-case letters. Make the header a constant, so that the panic is a
    /// compiler error, which shows the line with the name.
    #[must_use]
    #[track_caller]
    pub const fn base64(name: &'static str) -> Self {
        assert!(is_lower_case(name), "expected a lower-case header name");
        Self {
            name,
            prefix: "",
            encoding: Encoding::Base64,
        }
    }

    /// Reads the header `name` as hexadecimal digits of either case, two for each byte.
    ///
    /// # Panics
    ///
    /// If `name` has upper-case letters. Make the header a constant, so that the panic is a
    /// compiler error, which shows the line with the name.
    #[must_use]
    #[track_caller]
    pub const fn hexadecimal(name: &'static str) -> Self {
        assert!(is_lower_case(name), "expected a lower-case header name");
        Self {
            name,
            prefix: "",
            encoding: Encoding::Hexadecimal,
        }
    }

    /// Expects exactly this prefix, such as `sha256=`, in front of the digits.
    #[must_use]
    pub const fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// Returns the bytes of the signature.
    ///
    /// # Errors
    ///
    /// - [`Rejection::Unsigned`] if the header is absent or blank, or if nothing follows the
    ///   prefix;
    /// - [`Rejection::BadSignature`] if the header is repeated, longer than
    ///   [`MAX_BYTES`](Self::MAX_BYTES) in its encoding, has another prefix, or is encoded in
    ///   another way.
    pub fn read(&self, head: &RequestHead<'_>) -> Result<Vec<u8>, Rejection> {
        let mut found = Err(Rejection::Unsigned);
        let mut count: u32 = 0;
        head.values(self.name, |value| {
            count = count.saturating_add(1);
            found = self.parse(value);
        });
        match count {
            0 | 1 => found,
            _ => Err(Rejection::BadSignature),
        }
    }

    fn parse(&self, value: &[u8]) -> Result<Vec<u8>, Rejection> {
        if value.trim_ascii().is_empty() {
            return Err(Rejection::Unsigned);
        }
        let digits = value.strip_prefix(self.prefix.as_bytes());
        let digits = digits.ok_or(Rejection::BadSignature)?;
        if digits.trim_ascii().is_empty() {
            return Err(Rejection::Unsigned);
        }
        if digits.len() > self.longest() {
            return Err(Rejection::BadSignature);
        }
        let bytes = match self.encoding {
            // The engine rejects every other spelling.
            Encoding::Base64 => STANDARD.decode(digits).ok(),
            Encoding::Hexadecimal => hexadecimal::decode(digits),
        };
        bytes
            .filter(|bytes| bytes.len() <= Self::MAX_BYTES)
            .ok_or(Rejection::BadSignature)
    }

    /// Returns the maximum length of the encoded signature, in characters without the prefix.
    const fn longest(&self) -> usize {
        match self.encoding {
            Encoding::Base64 => Self::MAX_BYTES.div_ceil(3).saturating_mul(4),
            Encoding::Hexadecimal => Self::MAX_BYTES.saturating_mul(2),
        }
    }
}

/// Returns whether a header name has no upper-case letter. Headers are looked up in lower case.
const fn is_lower_case(name: &str) -> bool {
    let mut bytes = name.as_bytes();
    while let [first, rest @ ..] = bytes {
        if first.is_ascii_uppercase() {
            return false;
        }
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: SignatureHeader, values: &[&[u8]]) -> Result<usize, Rejection> {
        let headers: Vec<_> = values.iter().map(|value| ("X-Signature", value)).collect();
        let signature = header.read(&RequestHead::new("GET", "/", &headers))?;
        Ok(signature.len())
    }

    const UNSIGNED: Result<usize, Rejection> = Err(Rejection::Unsigned);
    const BAD: Result<usize, Rejection> = Err(Rejection::BadSignature);

    #[test]
    fn one_canonical_base64_value_is_read() {
        let longest = STANDARD.encode([1; SignatureHeader::MAX_BYTES]);
        let longer = STANDARD.encode([1; SignatureHeader::MAX_BYTES + 1]);
        let good: &[u8] = b"AAEC/w==";
        let cases: [(&str, &[&[u8]], _); 14] = [
            ("control case", &[good], Ok(4)),
            ("the longest", &[longest.as_bytes()], Ok(1024)),
            ("too long", &[longer.as_bytes()], BAD),
            ("absent", &[], UNSIGNED),
            ("empty", &[b""], UNSIGNED),
            ("blank", &[b" \t"], UNSIGNED),
            ("twice", &[good, good], BAD),
            ("twice, the first blank", &[b"", good], BAD),
            ("url alphabet", &[b"AAEC_w=="], BAD),
            ("no padding", &[b"AAEC/w"], BAD),
            ("unused bits", &[b"AAEC/x=="], BAD),
            ("white space", &[b" AAEC/w=="], BAD),
            ("more padding", &[b"AAEC/w==="], BAD),
            ("not text", &[b"\xff\xff\xff\xff"], BAD),
        ];
        for (name, values, expected) in cases {
            let header = SignatureHeader::base64("x-signature");
            assert_eq!(read(header, values), expected, "{name}");
        }
    }

    #[test]
    fn one_hexadecimal_value_after_prefix_is_read() {
        let longest = format!("v1={}", "0".repeat(2 * SignatureHeader::MAX_BYTES));
        let longer = format!("{longest}00");
        let cases: [(&str, &[&[u8]], _); 14] = [
            ("control case", &[b"v1=00fF"], Ok(2)),
            ("the longest", &[longest.as_bytes()], Ok(1024)),
            ("too long", &[longer.as_bytes()], BAD),
            ("absent", &[], UNSIGNED),
            ("blank", &[b" "], UNSIGNED),
            ("prefix alone", &[b"v1="], UNSIGNED),
            ("blank after the prefix", &[b"v1= "], UNSIGNED),
            ("no prefix", &[b"00ff"], BAD),
            ("prefix in another case", &[b"V1=00ff"], BAD),
            ("odd number of digits", &[b"v1=00f"], BAD),
            ("no digit", &[b"v1=00fg"], BAD),
            ("white space", &[b"v1=00ff "], BAD),
            ("not text", &[b"v1=\xff\xff"], BAD),
            ("twice", &[b"v1=00ff", b"v1=00ff"], BAD),
        ];
        for (name, values, expected) in cases {
            let header = SignatureHeader::hexadecimal("x-signature").with_prefix("v1=");
            assert_eq!(read(header, values), expected, "{name}");
        }
    }
}
