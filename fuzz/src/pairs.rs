//! Pairs of forms and queries, as the URL standard splits and decodes them, but strictly.

/// Returns names and values of the pairs of a text, in order. A name or value that is not strictly
/// encoded is `None`.
#[must_use]
pub fn pairs(text: &str) -> Vec<(Option<String>, Option<String>)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let split = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => (decoded(name), decoded(value)),
        None => (decoded(pair), Some(String::new())),
    };
    pairs.map(split).collect()
}

/// Decodes a name or value, if each `%` is followed by two digits and the result is UTF-8.
#[must_use]
pub fn decoded(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => (digit(rest.next())? * 16 + digit(rest.next())?) as u8,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Encodes a name or value: everything but letters and digits.
#[must_use]
pub fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Returns a text without one byte order mark at its start and the line ends at its end, which a
/// form may have.
#[must_use]
pub fn form(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.trim_end_matches(['\r', '\n'])
}
