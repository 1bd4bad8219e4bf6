use super::Malformed;

/// String of JSON without its escapes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unescaped {
    /// Characters of the string. Each half of a surrogate pair is replaced by U+FFFD.
    pub(super) text: String,
    /// Set if the string is a text: it contains no half of a surrogate pair.
    pub(super) is_text: bool,
}

/// Replaces the escapes of a string, which is without its quotes (RFC 8259, section 7).
///
/// Allocates no more than the length of the string, because strings of senders without the secret
/// are read too.
pub(super) fn unescape(string: &str) -> Result<Unescaped, Malformed> {
    let mut text = String::with_capacity(string.len());
    let mut is_text = true;
    let mut rest = string;
    loop {
        let is_special = |byte: u8| byte == b'\\' || byte < b' ';
        let special = rest.bytes().position(is_special).unwrap_or(rest.len());
        let (plain, special) = rest.split_at_checked(special).ok_or(Malformed)?;
        text.push_str(plain);
        if special.is_empty() {
            return Ok(Unescaped { text, is_text });
        }
        let escape = special.strip_prefix('\\').ok_or(Malformed)?;
        let character;
        (character, rest) = escaped(escape).ok_or(Malformed)?;
        is_text &= character.is_some();
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

/// Returns the character of an escape, which is without its backslash, and the text that follows.
/// The character is `None` for half a surrogate pair.
fn escaped(escape: &str) -> Option<(Option<char>, &str)> {
    let mut characters = escape.chars();
    let character = match characters.next()? {
        it @ ('"' | '\\' | '/') => it,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return utf16(characters.as_str()),
        _ => return None,
    };
    Some((Some(character), characters.as_str()))
}

/// Returns the character of one unit of UTF-16, or of a surrogate pair if the second follows.
fn utf16(digits: &str) -> Option<(Option<char>, &str)> {
    let (first, rest) = unit(digits)?;
    let character = |units: &[u16]| char::decode_utf16(units.iter().copied()).next()?.ok();
    if let Some(single) = character(&[first]) {
        return Some((Some(single), rest));
    }
    let second = rest.strip_prefix("\\u").and_then(unit);
    let pair = second.and_then(|(second, rest)| Some((character(&[first, second])?, rest)));
    Some(match pair {
        Some((pair, rest)) => (Some(pair), rest),
        None => (None, rest),
    })
}

fn unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let unit = digits.bytes().try_fold(0, |unit, digit| {
        let digit = u16::try_from(char::from(digit).to_digit(16)?).ok()?;
        Some(unit << 4 | digit)
    })?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_replaced() {
        for (string, text) in [
            ("", ""),
            ("plain é", "plain é"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u0000", "Aé\0"),
            (r"a\ud83d\ude00b", "a😀b"),
            (r"\uD83D\uDE00", "😀"),
            (r"\\u0041", r"\u0041"),
        ] {
            let unescaped = unescape(string).unwrap();
            assert_eq!(
                (&*unescaped.text, unescaped.is_text),
                (text, true),
                "{string}"
            );
        }
    }

    #[test]
    fn half_surrogate_pair_is_no_text() {
        for (string, text) in [
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00a", "\u{fffd}a"),
            (r"\ud83d\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        ] {
            let unescaped = unescape(string).unwrap();
            assert_eq!(
                (&*unescaped.text, unescaped.is_text),
                (text, false),
                "{string}"
            );
        }
    }

    #[test]
    fn malformed_escape_is_rejected() {
        for string in [
            "\\",
            r"\x",
            r"\u",
            r"\u12",
            r"\u12g4",
            r"\u+123",
            r"\u00é",
            "\n",
            "\\n\t",
            r"\U0041",
            r"\ud83d\u12",
            r"\ud83d\x",
            "\\é",
        ] {
            assert_eq!(unescape(string), Err(Malformed), "{string:?}");
        }
    }
}
