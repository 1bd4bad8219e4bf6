#[cfg(feature = "cryptapi")]
mod public;
mod public_key_flaw;
mod ring;
mod secret;

#[cfg(feature = "cryptapi")]
pub use self::public::PublicKey;
pub(crate) use self::secret::SecretFlaw;
pub use self::{public_key_flaw::PublicKeyFlaw, ring::KeyRing, secret::SecretKey};
