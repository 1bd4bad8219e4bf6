use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::hexadecimal;

/// A SHA-256 of fields: equal if they are. It hides nothing from who can guess them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// One that was stored, of exactly 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// 64 hexadecimal digits.
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

/// Takes in one field after the other, so that no two lists of fields look alike.
pub(crate) struct Digester(Sha256);

impl Digester {
    /// `purpose` sets digests of different lists apart.
    pub(crate) fn new(purpose: &str) -> Self {
        Self(Sha256::new()).field(Some(purpose))
    }

    /// An absent field differs from an empty one.
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
