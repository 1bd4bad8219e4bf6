//! Bytes as hexadecimal digits, two for each.

use std::fmt::Write;

/// Encodes bytes in lower case.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a `String` does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Decodes digits of either case. Returns `None` if their number is odd, or if one is another
/// character.
pub(crate) fn decode(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| match *pair {
        [high, low] => u8::try_from(digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
