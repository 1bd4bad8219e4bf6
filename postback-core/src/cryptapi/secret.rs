use std::fmt;

use aws_lc_rs::{constant_time, rand};

use super::CallbackUrlError;
use crate::public_url::is_unreserved;

/// A text that nobody but the shop and the provider knows, in the URL of one order's callbacks: the one
/// complete defence against callbacks that somebody else arranged.
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
    /// The fewest bits that a callback secret may have, as it is written.
    pub const MIN_BITS: usize = 128;

    /// The longest callback secret, in characters.
    pub const MAX_LENGTH: usize = 256;

    /// A fresh one of 128 random bits, as 32 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`CallbackUrlError::NoRandomness`] if the system has none to give.
    pub fn random() -> Result<Self, CallbackUrlError> {
        for _ in 0..8 {
            let mut bytes = [0; Self::MIN_BITS.div_ceil(8)];
            rand::fill(&mut bytes).map_err(|_| CallbackUrlError::NoRandomness)?;
            // One in some millions has no letter, and would be taken for a shorter number when it comes
            // back from where it was stored.
            if let Ok(secret) = Self::of_bytes(&bytes) {
                return Ok(secret);
            }
        }
        Err(CallbackUrlError::NoRandomness)
    }

    /// Takes one that the shop stored with its order. Never one that a callback brought.
    ///
    /// # Errors
    ///
    /// [`CallbackUrlError::WeakSecret`] if it cannot hold 128 bits: fewer than 39 decimal digits, 32
    /// hexadecimal ones, 26 letters of one case and digits, or 22 characters with letters of both cases; if it
    /// holds others than letters, digits and `-._~`; if fewer than six letters and digits differ; or if it is
    /// longer than 256 characters. How it was made cannot be seen: a long text may still be easy to guess, and
    /// one in some ten thousand random texts of 22 characters has letters of one case alone. Check a callback secret of
    /// your own when it is made, before its URL goes to the provider.
    pub fn from_stored(text: &str) -> Result<Self, CallbackUrlError> {
        match hundredths_of_bits(text) >= Self::MIN_BITS.saturating_mul(100) {
            true => Ok(Self(text.into())),
            false => Err(CallbackUrlError::WeakSecret),
        }
    }

    /// The text, to be stored with the order.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self, CallbackUrlError> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::from_stored(&digits)
    }

    /// Whether `text` is the same, compared in constant time.
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

/// How much a text can hold at most, by the smallest usual alphabet that has its characters.
fn hundredths_of_bits(text: &str) -> usize {
    let mut letters: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let has = |of: fn(&u8) -> bool| letters.iter().any(of);
    let (upper, lower) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
    // Hyphens between the parts of a UUID or of a date hold nothing; in base64url, `-` and `_` are digits.
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
    fn a_secret_has_128_bits() {
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
            let refused = CallbackSecret::from_stored(text).err();
            assert_eq!(refused, Some(CallbackUrlError::WeakSecret), "{text}");
        }
    }

    /// What is made must be taken when it comes back.
    #[test]
    fn no_secret_without_a_letter_is_made() {
        let no_letter = [0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x23, 0x45].repeat(2);
        let refused = CallbackSecret::of_bytes(&no_letter).err();
        assert_eq!(refused, Some(CallbackUrlError::WeakSecret));
        let letter = [&no_letter[1..], &[0x0a]].concat();
        assert!(CallbackSecret::of_bytes(&letter).is_ok(), "control case");
    }

    #[test]
    fn no_two_are_alike() {
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
