//! Strict decoding: what is ambiguous is refused, or handed over as it came, rather than guessed.

#[cfg(feature = "cryptocloud")]
pub(crate) mod base64url;
pub(crate) mod form;
pub(crate) mod json;
#[cfg(feature = "cryptocloud")]
pub(crate) mod member;
#[cfg(feature = "cryptapi")]
mod members;
#[cfg(feature = "cryptocloud")]
mod object;
#[cfg(feature = "cryptocloud")]
mod open_enum;
mod value;

#[cfg(feature = "cryptapi")]
pub(crate) use self::members::members;
pub(crate) use self::value::Value;
#[cfg(feature = "cryptocloud")]
pub(crate) use self::{
    object::{FromJson, Object, Pass, Streamed, field, object, read_object},
    open_enum::open_enum,
};
