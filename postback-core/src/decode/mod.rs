//! Strict decoding: ambiguous input is rejected or kept as received, and never guessed.

#[cfg(feature = "cryptocloud")]
pub(crate) mod base64url;
mod block;
pub(crate) mod form;
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
pub(crate) mod json;

/// Returns the text of a body without one byte order mark at its start, which RFC 8259, section
/// 8.1, allows a reader to ignore.
pub(crate) fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
