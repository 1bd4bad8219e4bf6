#[cfg(feature = "cryptapi")]
mod public;
mod ring;
mod secret;

#[cfg(feature = "cryptapi")]
pub use self::public::PublicKey;
pub use self::{ring::KeyRing, secret::SecretKey};
