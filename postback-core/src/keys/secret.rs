use std::{fmt, str, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::ConfigError;

/// Secret that a provider shares with the application, prepared for HMAC with SHA-256, SHA-512 and
/// SHA-1.
///
/// It holds the prepared keys and not the text. They are wiped when the last clone is dropped, and
/// never printed.
///
/// ```
/// use postback_core::{ConfigError, SecretKey};
///
/// assert_eq!(format!("{:?}", SecretKey::new("a secret")?), "SecretKey(..)");
/// assert_eq!(SecretKey::new(" \n").err(), Some(ConfigError::BlankSecret));
/// assert_eq!(SecretKey::new("with a line end\n").err(), Some(ConfigError::UntrimmedSecret));
/// assert_eq!(SecretKey::new("'quoted'").err(), Some(ConfigError::QuotedSecret));
/// # Ok::<(), ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SecretKey(Arc<Prepared>);

struct Prepared {
    sha1: Hmac<Sha1>,
    sha256: Hmac<Sha256>,
    sha512: Hmac<Sha512>,
    /// Secrets that may have been intended, for the hint of a rejection. If
    /// [`verbatim`](SecretKey::verbatim) took `"secret";`, these are `"secret"` and `secret`. Each
    /// has the flaw of the outermost characters, here the semicolon.
    intended: Vec<(SecretFlaw, SecretKey)>,
    is_api_key: bool,
}

/// Characters around a secret that are most often an accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretFlaw {
    Quotes,
    Semicolon,
    WhiteSpace,
}

impl SecretKey {
    /// Takes the secret's text or bytes as the provider shows them: nothing is decoded.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::BlankSecret`] if it is empty or holds only white space, control characters,
    ///   characters that no font shows (Unicode's `Default_Ignorable_Code_Point`), and quotation
    ///   marks or semicolons around them.
    ///
    /// The following are most often accidents of copying. [`verbatim`](Self::verbatim) accepts such
    /// a secret:
    ///
    /// - [`ConfigError::UntrimmedSecret`] if it begins or ends with white space, a control
    ///   character or an invisible character;
    /// - [`ConfigError::SecretWithSemicolon`] if it ends with `;`;
    /// - [`ConfigError::QuotedSecret`] if it is within quotation marks;
    /// - [`ConfigError::ApiKeyAsSecret`] if it is a JSON web token, as the API keys of CryptoCloud
    ///   and Trybit are.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let key = Self::verbatim(secret)?;
        match key.0.intended.first().map(|(flaw, _)| flaw) {
            Some(SecretFlaw::Quotes) => Err(ConfigError::QuotedSecret),
            Some(SecretFlaw::Semicolon) => Err(ConfigError::SecretWithSemicolon),
            Some(SecretFlaw::WhiteSpace) => Err(ConfigError::UntrimmedSecret),
            None if key.0.is_api_key => Err(ConfigError::ApiKeyAsSecret),
            None => Ok(key),
        }
    }

    /// Takes the secret unchanged, including quotation marks, semicolons and white space that
    /// [`new`](Self::new) rejects. If one of them was an accident, the log event of a rejected
    /// postback has a hint.
    ///
    /// Use it for a secret that the provider shows in base64 and whose decoded bytes are the key.
    /// Of random keys, one in 26 begins or ends with a byte that is white space.
    ///
    /// # Errors
    ///
    /// [`ConfigError::BlankSecret`], as [`new`](Self::new).
    pub fn verbatim(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let secret = secret.as_ref();
        let mut layers = Vec::new();
        let mut inner = secret;
        while let Some((flaw, within)) = flaw_of(inner) {
            layers.push((flaw, within));
            inner = within;
        }
        if is_blank(inner) {
            return Err(ConfigError::BlankSecret);
        }
        let outermost = layers.first().map(|(flaw, _)| *flaw);
        let mut prepared = Prepared::new(secret)?;
        prepared.is_api_key = is_json_web_token(inner);
        for (flaw, within) in layers {
            let key = Self(Arc::new(Prepared::new(within)?));
            prepared.intended.push((outermost.unwrap_or(flaw), key));
        }
        Ok(Self(Arc::new(prepared)))
    }

    /// Returns whether `tag` is the HMAC-SHA-256 of `message`, all 32 bytes of it, compared in
    /// constant time.
    #[must_use]
    pub fn verify_hmac_sha256(&self, message: &[u8], tag: &[u8]) -> bool {
        is_tag(&self.0.sha256, message, tag)
    }

    /// Returns whether `tag` is the HMAC-SHA-512 of `message`, all 64 bytes of it, compared in
    /// constant time.
    #[must_use]
    pub fn verify_hmac_sha512(&self, message: &[u8], tag: &[u8]) -> bool {
        is_tag(&self.0.sha512, message, tag)
    }

    /// Returns whether `tag` is the HMAC-SHA-1 of `message`, all 20 bytes of it, compared in
    /// constant time.
    ///
    /// Use it only for providers that sign with SHA-1. Its collisions do not break HMAC, but
    /// SHA-256 is the better choice if the provider offers it.
    #[must_use]
    pub fn verify_hmac_sha1(&self, message: &[u8], tag: &[u8]) -> bool {
        is_tag(&self.0.sha1, message, tag)
    }

    /// Returns the secrets that may have been intended, each with the flaw of this one.
    pub(crate) fn trimmed(&self) -> impl Iterator<Item = (SecretFlaw, &Self)> {
        self.0.intended.iter().map(|(flaw, key)| (*flaw, key))
    }

    pub(crate) fn is_api_key(&self) -> bool {
        self.0.is_api_key
    }

    #[cfg(feature = "testing")]
    pub(crate) fn hmac_sha256(&self, message: &[u8]) -> [u8; 32] {
        let mac = self.0.sha256.clone().chain_update(message);
        mac.finalize().into_bytes().into()
    }
}

impl Prepared {
    fn new(secret: &[u8]) -> Result<Self, ConfigError> {
        // HMAC accepts keys of any length. An error here rejects the secret, in case that changes.
        let rejected = |_| ConfigError::BlankSecret;
        Ok(Self {
            sha1: Hmac::new_from_slice(secret).map_err(rejected)?,
            sha256: Hmac::new_from_slice(secret).map_err(rejected)?,
            sha512: Hmac::new_from_slice(secret).map_err(rejected)?,
            intended: Vec::new(),
            is_api_key: false,
        })
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

fn is_tag<M: Mac + Clone>(mac: &M, message: &[u8], tag: &[u8]) -> bool {
    mac.clone().chain_update(message).verify_slice(tag).is_ok()
}

/// Returns the outermost flaw of a secret, and the secret without it.
fn flaw_of(secret: &[u8]) -> Option<(SecretFlaw, &[u8])> {
    let Ok(text) = str::from_utf8(secret) else {
        let trimmed = secret.trim_ascii();
        return (trimmed.len() < secret.len()).then_some((SecretFlaw::WhiteSpace, trimmed));
    };
    let trimmed = text.trim_matches(is_invisible);
    if trimmed.len() < text.len() {
        return Some((SecretFlaw::WhiteSpace, trimmed.as_bytes()));
    }
    if let Some(before) = text.strip_suffix(';') {
        return Some((SecretFlaw::Semicolon, before.as_bytes()));
    }
    let within = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    let within = QUOTATION_MARKS.into_iter().find_map(within)?;
    Some((SecretFlaw::Quotes, within.as_bytes()))
}

const QUOTATION_MARKS: [(char, char); 7] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
];

/// Returns whether a secret is three parts in base64url, the first of which begins as a JSON object
/// does.
fn is_json_web_token(secret: &[u8]) -> bool {
    let is_part = |part: &[u8]| {
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        !part.is_empty() && part.iter().all(is_digit)
    };
    secret.starts_with(b"eyJ")
        && secret.split(|byte| *byte == b'.').all(is_part)
        && secret.iter().filter(|byte| **byte == b'.').count() == 2
}

fn is_blank(secret: &[u8]) -> bool {
    str::from_utf8(secret).is_ok_and(|text| text.chars().all(is_invisible))
}

/// Returns whether a character is white space, a control character or one that no font shows. NUL
/// is among them: HMAC pads a key with NUL bytes, so that a secret of nothing else is the empty
/// key.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_default_ignorable(c)
}

/// Returns whether a character has Unicode's property `Default_Ignorable_Code_Point`
/// (`DerivedCoreProperties.txt`, version 16).
const fn is_default_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_or_miscopied_secret_is_rejected() {
        let cases: [(&[u8], ConfigError); 24] = [
            (b"''", ConfigError::BlankSecret),
            (b"\"key\"", ConfigError::QuotedSecret),
            (b"`key`", ConfigError::QuotedSecret),
            ("\u{201c}key\u{201d}".as_bytes(), ConfigError::QuotedSecret),
            ("\u{201e}key\u{201c}".as_bytes(), ConfigError::QuotedSecret),
            (b"key;", ConfigError::SecretWithSemicolon),
            (b"\"key\";", ConfigError::SecretWithSemicolon),
            (
                b"eyJ0eXAiOiJKV1QifQ.eyJpZCI6MTN9.c2ln",
                ConfigError::ApiKeyAsSecret,
            ),
            (b"", ConfigError::BlankSecret),
            (b" \t\r\n", ConfigError::BlankSecret),
            ("\u{a0}\u{2003}".as_bytes(), ConfigError::BlankSecret),
            (b"\0\0\0\0", ConfigError::BlankSecret),
            (b"\0 ", ConfigError::BlankSecret),
            ("\u{feff}\u{200b}".as_bytes(), ConfigError::BlankSecret),
            (b"\x01\x1b\x7f", ConfigError::BlankSecret),
            (
                "\u{ad}\u{200e}\u{2063}".as_bytes(),
                ConfigError::BlankSecret,
            ),
            (
                "\u{3164}\u{fe0f}\u{e0041}".as_bytes(),
                ConfigError::BlankSecret,
            ),
            ("key\u{200e}".as_bytes(), ConfigError::UntrimmedSecret),
            (b"\x1bkey", ConfigError::UntrimmedSecret),
            ("\u{feff}key".as_bytes(), ConfigError::UntrimmedSecret),
            (b"key\0", ConfigError::UntrimmedSecret),
            (b"key\n", ConfigError::UntrimmedSecret),
            (b" key", ConfigError::UntrimmedSecret),
            (b"\xff ", ConfigError::UntrimmedSecret),
        ];
        for (secret, expected) in cases {
            assert_eq!(SecretKey::new(secret).err(), Some(expected), "{secret:?}");
        }
        assert!(SecretKey::new("k").is_ok(), "control case");
    }

    #[test]
    fn verbatim_accepts_miscopied_and_rejects_blank_secret() {
        let tag = SecretKey::new("key").unwrap().hmac_sha256(b"");
        for (secret, expected) in [
            ("key\n", SecretFlaw::WhiteSpace),
            ("key;", SecretFlaw::Semicolon),
            ("'key'", SecretFlaw::Quotes),
            (" \"key\";\n", SecretFlaw::WhiteSpace),
        ] {
            let key = SecretKey::verbatim(secret).unwrap();
            assert!(!key.verify_hmac_sha256(b"", &tag), "{secret:?}");
            let fits = |(_, key): &(_, &SecretKey)| key.verify_hmac_sha256(b"", &tag);
            let (flaw, _) = key.trimmed().find(fits).unwrap();
            assert_eq!(flaw, expected, "{secret:?}");
        }
        // The semicolon belongs to the secret, and the line end does not.
        let key = SecretKey::verbatim("key;\n").unwrap();
        let tag = SecretKey::verbatim("key;").unwrap().hmac_sha256(b"");
        assert!(
            key.trimmed()
                .any(|(_, key)| key.verify_hmac_sha256(b"", &tag))
        );
        for token in ["eyJ0eXAiOiJKV1QifQ.eyJpZCI6MTN9.c2ln", "eyJ0.eyJ9.c2ln\n"] {
            assert!(
                SecretKey::verbatim(token).unwrap().is_api_key(),
                "{token:?}"
            );
        }
        for blank in ["\n\0", "\"\"", ";", "' ';"] {
            let rejected = SecretKey::verbatim(blank).err();
            assert_eq!(rejected, Some(ConfigError::BlankSecret), "{blank:?}");
        }
    }

    #[test]
    fn secret_resembling_accident_is_accepted() {
        for secret in [
            "a;b",
            "\"a",
            "a'",
            "it's",
            "eyJ",
            "eyJa.b",
            "eyJa.b.c.d",
            "eyJa..c",
            "xeyJ.a.b",
        ] {
            assert!(SecretKey::new(secret).is_ok(), "{secret}");
        }
    }

    /// Uses RFC 4231, test case 2, and variants with one difference.
    #[test]
    fn only_whole_tag_verifies() {
        let key = SecretKey::new("Jefe").unwrap();
        let message = b"what do ya want for nothing?";
        let tag = *b"\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7\
                     \x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43";
        assert!(key.verify_hmac_sha256(message, &tag));
        assert!(!key.verify_hmac_sha256(b"what", &tag));
        assert!(!key.verify_hmac_sha256(message, &tag[..31]));
        assert!(!key.verify_hmac_sha256(message, &[&tag[..], &[0]].concat()));
        assert!(!key.verify_hmac_sha256(message, b""));
        let other = SecretKey::new("jefe").unwrap();
        assert!(!other.verify_hmac_sha256(message, &tag));
    }

    /// Uses RFC 4231, test case 2, and RFC 2202, test case 2.
    #[test]
    fn tags_of_other_hashes_verify() {
        let key = SecretKey::new("Jefe").unwrap();
        let message = b"what do ya want for nothing?";
        let sha512 = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                      9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
        let sha1 = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert!(key.verify_hmac_sha512(message, &bytes(sha512)));
        assert!(!key.verify_hmac_sha512(message, &bytes(sha512)[..32]));
        assert!(key.verify_hmac_sha1(message, &bytes(sha1)));
        assert!(!key.verify_hmac_sha1(b"what", &bytes(sha1)));
    }

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        hexadecimal.as_bytes().chunks(2).map(byte).collect()
    }

    /// A prepared key consists of two hash states. The features that wipe them are on.
    #[test]
    fn prepared_keys_are_wiped_on_drop() {
        fn wiped<T: hmac::digest::zeroize::ZeroizeOnDrop>() {}
        wiped::<Sha1>();
        wiped::<Sha256>();
        wiped::<Sha512>();
    }
}
