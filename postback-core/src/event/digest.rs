use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::hexadecimal;

/// SHA-256 digest of several fields, equal if they are.
///
/// It does not protect values that can be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Creates a digest from stored bytes, or returns `None` if there are not exactly 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Writes 64 hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Computes a [`Digest`] of a list of fields. Each field is hashed with its length, so different
/// lists have different input.
pub(crate) struct Digester(Sha256);

impl Digester {
    /// Starts a digest. Another `purpose` results in another digest of the same fields.
    pub(crate) fn new(purpose: &str) -> Self {
        Self(Sha256::new()).field(Some(purpose))
    }

    /// Adds a field. An absent field differs from an empty one.
    pub(crate) fn field(mut self, field: Option<&str>) -> Self {
        match field {
            None => self.0.update([0]),
            Some(text) => {
                self.0.update([1]);
                self.0.update((text.len() as u64).to_be_bytes());
                self.0.update(text);
            }
        }
        self
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_shown_as_hexadecimal_digits() {
        let digest = Digest::from_bytes(&[0xa5; 32]).unwrap();
        assert_eq!(digest.to_string(), "a5".repeat(32));
        assert_eq!(format!("{digest:?}"), format!("Digest({digest})"));
    }

    #[test]
    fn digest_of_other_length_is_rejected() {
        assert_eq!(Digest::from_bytes(&[0xa5; 31]), None);
        assert_eq!(Digest::from_bytes(&[0xa5; 33]), None);
    }
}
