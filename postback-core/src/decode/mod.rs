//! Strict decoding: ambiguous input is rejected or kept as received, and never guessed.

#[cfg(feature = "cryptocloud")]
pub(crate) mod base64url;
pub(crate) mod form;
pub(crate) mod json;
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
mod members;
#[cfg(feature = "cryptocloud")]
mod object;

/// Returns the text of a body without one byte order mark at its start, which RFC 8259, section
/// 8.1, allows a reader to ignore.
pub(crate) fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(feature = "cryptocloud")]
pub(crate) use self::members::Member;
#[cfg(feature = "cryptapi")]
pub(crate) use self::members::{members, value_text};
#[cfg(feature = "cryptocloud")]
pub(crate) use self::object::{
    FromJson, Object, Pass, Streamed, field, object, open_enum, read_object,
};
