use std::fmt;

use aws_lc_rs::{constant_time, rand};

use super::CallbackUrlError;
use crate::{hexadecimal, public_url::is_unreserved};

/// Secret text in the URL of one order's callbacks, known only to the application and the provider.
///
/// It is the only complete defence against callbacks that others have arranged.
///
/// ```
/// use postback_core::cryptapi::CallbackSecret;
///
/// let secret = CallbackSecret::random()?;
/// let stored = secret.as_str().to_owned();
/// assert_eq!(CallbackSecret::from_stored(&stored)?, secret);
/// assert!(CallbackSecret::from_stored("17").is_err());
/// # Ok::<(), postback_core::cryptapi::CallbackUrlError>(())
/// ```
#[derive(Clone)]
pub struct CallbackSecret(Box<str>);

impl CallbackSecret {
    /// Minimum number of bits that a callback secret must be able to hold.
    pub const MIN_BITS: usize = 128;

    /// Maximum length of a callback secret, in characters.
    pub const MAX_LENGTH: usize = 256;

    /// Returns a new callback secret of 128 random bits, as 32 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`CallbackUrlError::NoRandomness`] if the operating system provides no randomness.
    pub fn random() -> Result<Self, CallbackUrlError> {
        for _ in 0..8 {
            let mut bytes = [0; Self::MIN_BITS.div_ceil(8)];
            rand::fill(&mut bytes).map_err(|_| CallbackUrlError::NoRandomness)?;
            // One in some millions has no letter. When loaded, it would count as decimal digits,
            // which hold fewer bits.
            if let Ok(secret) = Self::of_bytes(&bytes) {
                return Ok(secret);
            }
        }
        Err(CallbackUrlError::NoRandomness)
    }

    /// Loads a callback secret that was stored with its order. Never pass one that a callback
    /// brought.
    ///
    /// The characters do not show how a text was made: a long text may still be easy to guess.
    /// Fewer than one in 40,000 random texts of 22 base64url characters have letters of one case
    /// only, and are rejected. Check a callback secret of your own when you make it, before its URL
    /// goes to the provider.
    ///
    /// # Errors
    ///
    /// [`CallbackUrlError::WeakSecret`] in these cases:
    ///
    /// - it cannot hold 128 bits, because it has fewer than 39 decimal digits, 32 hexadecimal
    ///   digits, 26 digits and letters of one case, or 22 characters with letters of both cases;
    /// - it has characters other than letters, digits and `-._~`;
    /// - it has fewer than six different letters and digits;
    /// - it is longer than 256 characters.
    pub fn from_stored(text: &str) -> Result<Self, CallbackUrlError> {
        match hundredths_of_bits(text) >= Self::MIN_BITS.saturating_mul(100) {
            true => Ok(Self(text.into())),
            false => Err(CallbackUrlError::WeakSecret),
        }
    }

    /// Returns the text, to be stored with the order.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self, CallbackUrlError> {
        Self::from_stored(&hexadecimal::encode(bytes))
    }

    /// Returns whether `text` is this callback secret, compared in constant time.
    pub(super) fn is(&self, text: &str) -> bool {
        constant_time::verify_slices_are_equal(self.0.as_bytes(), text.as_bytes()).is_ok()
    }
}

impl PartialEq for CallbackSecret {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for CallbackSecret {}

/// Shows nothing.
impl fmt::Debug for CallbackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackSecret(..)")
    }
}

/// Returns how much a text can hold at most, in hundredths of bits, by the smallest usual alphabet
/// that has its characters. Returns 0 for a text that no callback secret may be.
fn hundredths_of_bits(text: &str) -> usize {
    let mut letters: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let has = |of: fn(&u8) -> bool| letters.iter().any(of);
    let (upper, lower) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
    // Hyphens between the parts of a UUID or a date hold nothing. In base64url, `-` and `_` are
    // digits.
    let others = text.len().saturating_sub(letters.len());
    let digits = letters.len().saturating_add(others.min(letters.len() / 2));
    let (per_character, counted) = if letters.iter().all(u8::is_ascii_digit) {
        (332, letters.len())
    } else if letters.iter().all(u8::is_ascii_hexdigit) {
        (400, letters.len())
    } else if upper && lower {
        (595, digits)
    } else {
        (500, letters.len())
    };
    letters.sort_unstable();
    letters.dedup();
    let plain = text.bytes().all(is_unreserved);
    match text.len() <= CallbackSecret::MAX_LENGTH && letters.len() >= 6 && plain {
        true => counted.saturating_mul(per_character),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_below_128_bits_is_rejected() {
        let longest = "0123456789abcdef".repeat(16);
        let too_long = format!("{longest}0");
        for text in [
            "012345678901234567890123456789012345678",
            "0123456789abcdef0123456789abcdef",
            "0123456789ABCDEF0123456789abcdef",
            "5d1f3b0e-5a6b-4305-9fa2-b0fbda6e3ff2",
            "012345012345012345012345012345012345012345",
            "abcdefghijklmnopqrstuvwxyz",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "AbCdEfGhIjKlMnOpQr-._~",
            &longest,
        ] {
            assert!(CallbackSecret::from_stored(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "17",
            "01234567890123456789012345678901234567",
            "0123456789abcdef0123456789abcde",
            "0123-4567-89ab-cdef-0123-4567-89ab-cde",
            "abcdefghijklmnopqrstuvwxy",
            "AbCdEfGhIjKlMnOpQrStU",
            "AbCdEfGhIjKlMn--------",
            "Order-1-2-------------",
            "order-2026-11-21-00093223",
            "000000-order-1-00000000",
            "abcdefghijklmnopqrstu-",
            "00000000000000000000000000000000000000000000",
            "ababababababababababababababababababababab",
            "01234012340123401234012340123401234012340123",
            "0123456789abcdef0123456789abcdef ",
            "0123456789abcdef0123456789abcdef&x=1",
            "0123456789abcdef%2F0123456789abcdef",
            &too_long,
        ] {
            let rejected = CallbackSecret::from_stored(text).err();
            assert_eq!(rejected, Some(CallbackUrlError::WeakSecret), "{text}");
        }
    }

    /// A secret that is made must be accepted when it is loaded.
    #[test]
    fn random_bytes_without_letter_are_rejected() {
        let no_letter = [0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x23, 0x45].repeat(2);
        let rejected = CallbackSecret::of_bytes(&no_letter).err();
        assert_eq!(rejected, Some(CallbackUrlError::WeakSecret));
        let letter = [&no_letter[1..], &[0x0a]].concat();
        assert!(CallbackSecret::of_bytes(&letter).is_ok(), "control case");
    }

    #[test]
    fn random_secrets_differ() {
        let (one, other) = (
            CallbackSecret::random().unwrap(),
            CallbackSecret::random().unwrap(),
        );
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 32);
        assert!(CallbackSecret::from_stored(one.as_str()).is_ok());
        assert_eq!(format!("{one:?}"), "CallbackSecret(..)");
    }
}
