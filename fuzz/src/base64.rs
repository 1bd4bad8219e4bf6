//! Base64 and its URL alphabet (RFC 4648).

/// The last two digits of the standard alphabet.
pub const STANDARD: [u8; 2] = *b"+/";

/// The last two digits of the alphabet of URLs.
pub const URL: [u8; 2] = *b"-_";

/// Encodes bytes with padding.
#[must_use]
pub fn encode(bytes: &[u8], last: [u8; 2]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at| group.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            text.push(match at <= group.len() {
                true => digit((bits >> (18 - 6 * at) & 63) as u8, last),
                false => '=',
            });
        }
    }
    text
}

/// Decodes a text, and ignores padding and unused bits as Python does.
#[must_use]
pub fn decode(text: &[u8], last: [u8; 2]) -> Option<Vec<u8>> {
    let padding = text
        .iter()
        .rev()
        .take_while(|digit| **digit == b'=')
        .count();
    let (mut bytes, mut bits, mut buffer) = (Vec::new(), 0, 0_u32);
    for digit in &text[..text.len() - padding] {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            digit if *digit == last[0] => 62,
            digit if *digit == last[1] => 63,
            _ => return None,
        };
        buffer = (buffer << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

fn digit(value: u8, last: [u8; 2]) -> char {
    char::from(match value {
        0..26 => b'A' + value,
        26..52 => b'a' + value - 26,
        52..62 => b'0' + value - 52,
        _ => last[usize::from(value - 62)],
    })
}
