use std::{fmt, str};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ConfigError;

/// A secret that a gateway shares with the shop, prepared for HMAC-SHA256.
///
/// Holds the prepared key schedule and not the text; it is wiped when dropped and never printed.
///
/// ```
/// use postback_core::{ConfigError, SecretKey};
///
/// assert_eq!(format!("{:?}", SecretKey::new("a secret")?), "SecretKey(..)");
/// assert_eq!(SecretKey::new(" \n").err(), Some(ConfigError::BlankSecret));
/// assert_eq!(SecretKey::new("copied with a line end\n").err(), Some(ConfigError::PaddedSecret));
/// # Ok::<(), ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SecretKey {
    mac: Hmac<Sha256>,
    /// The same without what [`exact`](Self::exact) let stand at the ends.
    unpadded: Option<Box<Self>>,
}

impl SecretKey {
    /// Takes the secret's text or bytes as the gateway shows them: nothing is decoded.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::BlankSecret`] if it is empty or holds only white space, control characters and characters
    ///   that no font shows (Unicode's `Default_Ignorable_Code_Point`);
    /// - [`ConfigError::PaddedSecret`] if it begins or ends with one of these, which is most often
    ///   an accident of copying; [`exact`](Self::exact) takes it as it is.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let key = Self::exact(secret)?;
        match key.unpadded {
            Some(_) => Err(ConfigError::PaddedSecret),
            None => Ok(key),
        }
    }

    /// Takes the secret as it is, white space at its ends included.
    ///
    /// # Errors
    ///
    /// [`ConfigError::BlankSecret`] if it is empty or holds only white space, control characters and characters that
    /// no font shows.
    pub fn exact(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let secret = secret.as_ref();
        if str::from_utf8(secret).is_ok_and(|text| text.chars().all(is_blank)) {
            return Err(ConfigError::BlankSecret);
        }
        let mut key = Self::prepare(secret)?;
        let unpadded = unpadded(secret);
        if unpadded.len() != secret.len() {
            key.unpadded = Some(Box::new(Self::prepare(unpadded)?));
        }
        Ok(key)
    }

    /// This secret without the white space, control characters and invisible characters at its ends, if
    /// [`exact`](Self::exact) took it with some.
    #[must_use]
    pub fn unpadded(&self) -> Option<&Self> {
        self.unpadded.as_deref()
    }

    /// Whether `tag` is the HMAC-SHA256 of `message`, all 32 bytes of it, compared in constant
    /// time.
    #[must_use]
    pub fn verify_hmac_sha256(&self, message: &[u8], tag: &[u8]) -> bool {
        self.mac
            .clone()
            .chain_update(message)
            .verify_slice(tag)
            .is_ok()
    }

    fn prepare(secret: &[u8]) -> Result<Self, ConfigError> {
        // HMAC takes keys of any length; refusing is the safe answer should that change.
        let mac = Hmac::new_from_slice(secret).map_err(|_| ConfigError::BlankSecret)?;
        Ok(Self {
            mac,
            unpadded: None,
        })
    }

    #[cfg(all(feature = "cryptocloud", feature = "testing"))]
    pub(crate) fn hmac_sha256(&self, message: &[u8]) -> [u8; 32] {
        self.mac
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

fn unpadded(secret: &[u8]) -> &[u8] {
    match str::from_utf8(secret) {
        Ok(text) => text.trim_matches(is_blank).as_bytes(),
        Err(_) => secret.trim_ascii(),
    }
}

/// White space, control characters, and the characters that no font shows. NUL is among them: HMAC pads a key with
/// NUL bytes, so that a secret of nothing else is the empty key.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_default_ignorable(c)
}

/// Unicode's property `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`, version 16).
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
    fn a_secret_that_cannot_be_meant_is_refused() {
        let cases: [(&[u8], ConfigError); 16] = [
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
            ("key\u{200e}".as_bytes(), ConfigError::PaddedSecret),
            (b"\x1bkey", ConfigError::PaddedSecret),
            ("\u{feff}key".as_bytes(), ConfigError::PaddedSecret),
            (b"key\0", ConfigError::PaddedSecret),
            (b"key\n", ConfigError::PaddedSecret),
            (b" key", ConfigError::PaddedSecret),
            (b"\xff ", ConfigError::PaddedSecret),
        ];
        for (secret, expected) in cases {
            assert_eq!(SecretKey::new(secret).err(), Some(expected), "{secret:?}");
        }
        assert!(SecretKey::new("k").is_ok(), "control case");
    }

    #[test]
    fn exact_takes_white_space_but_no_blank() {
        let key = SecretKey::exact("key\n").unwrap();
        let tag = SecretKey::new("key").unwrap().mac.finalize().into_bytes();
        assert!(!key.verify_hmac_sha256(b"", &tag));
        let unpadded = key.unpadded().unwrap();
        assert!(unpadded.verify_hmac_sha256(b"", &tag));
        assert_eq!(
            SecretKey::exact("\n\0").err(),
            Some(ConfigError::BlankSecret)
        );
    }

    /// RFC 4231, test case 2, and what differs from it by one thing.
    #[test]
    fn only_the_whole_tag_verifies() {
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

    /// The prepared schedule is two states of this hash; the feature that wipes them is on.
    #[test]
    fn the_key_schedule_is_wiped_on_drop() {
        fn wiped<T: hmac::digest::zeroize::ZeroizeOnDrop>() {}
        wiped::<Sha256>();
    }
}
