mod ring;
mod secret;

pub use self::{ring::KeyRing, secret::SecretKey};
