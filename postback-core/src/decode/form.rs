#[cfg(feature = "cryptapi")]
use std::ops::Range;
#[cfg(feature = "cryptocloud")]
use std::ops::RangeInclusive;
use std::{borrow::Cow, iter};

use percent_encoding::percent_decode_str;

use super::block::Positions;

/// Returns the pairs of an `application/x-www-form-urlencoded` body or query, as received.
///
/// A pair ends at an `&`, and its name at its first `=`. Empty pairs (`a=1&&b=2`) are skipped.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = Pair<'_>> {
    let mut begin = 0_usize;
    let mut specials = Positions::new(text, is_special);
    iter::from_fn(move || {
        loop {
            let (mut end, mut equals, mut plain) = (text.len(), None, true);
            for at in specials.by_ref() {
                match text.as_bytes().get(at) {
                    Some(b'&') => {
                        end = at;
                        break;
                    }
                    Some(b'=') => equals = equals.or(Some(at)),
                    _ => plain = false,
                }
            }
            let pair = text.get(begin..end)?;
            let name_length = equals.unwrap_or(end).saturating_sub(begin);
            begin = end.saturating_add(1);
            let (name, assignment) = pair.split_at_checked(name_length)?;
            if !pair.is_empty() {
                return Some(Pair {
                    name,
                    assignment,
                    end,
                    plain,
                });
            }
        }
    })
}

/// Returns whether a byte separates names and values, or encodes others.
const fn is_special(byte: u8) -> bool {
    byte == b'&' || byte == b'=' || byte == b'%' || byte == b'+'
}

/// Pair of a form or query, as received.
pub(crate) struct Pair<'a> {
    name: &'a str,
    /// Value as received, including its `=`. Empty if there is no `=`.
    assignment: &'a str,
    /// Position in the text at which the value ends.
    #[cfg_attr(
        not(feature = "cryptapi"),
        allow(dead_code, reason = "read for CryptAPI only")
    )]
    end: usize,
    /// Set if nothing in the pair is encoded.
    plain: bool,
}

impl<'a> Pair<'a> {
    /// Returns the name as received.
    #[cfg(feature = "cryptapi")]
    pub(crate) const fn encoded_name(&self) -> &'a str {
        self.name
    }

    /// Returns the value as received.
    pub(crate) fn encoded_value(&self) -> &'a str {
        self.assignment.strip_prefix('=').unwrap_or_default()
    }

    /// Returns the range of the value in the text.
    #[cfg(feature = "cryptapi")]
    pub(crate) fn place(&self) -> Range<usize> {
        self.end.saturating_sub(self.encoded_value().len())..self.end
    }

    /// Returns the decoded name, if it is strictly encoded and a [valid name](is_parameter_name).
    #[cfg(feature = "cryptapi")]
    pub(crate) fn name(&self) -> Option<Cow<'a, str>> {
        self.any_name().filter(|name| is_parameter_name(name))
    }

    /// Returns the decoded name, if it is strictly encoded.
    pub(crate) fn any_name(&self) -> Option<Cow<'a, str>> {
        match self.plain {
            true => Some(Cow::Borrowed(self.name)),
            false => decode(self.name),
        }
    }

    /// Returns the decoded value, if it is strictly encoded.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        match self.plain {
            true => Some(Cow::Borrowed(self.encoded_value())),
            false => decode(self.encoded_value()),
        }
    }

    /// Returns whether the decoded name may have a length in the range: it has no space, and of
    /// each escape one byte counts.
    #[cfg(feature = "cryptocloud")]
    pub(crate) fn may_have_name_of(&self, lengths: &RangeInclusive<usize>) -> bool {
        let escapes = match self.plain {
            true => 0,
            false => self.name.bytes().filter(|byte| *byte == b'%').count(),
        };
        let length = self.name.len().saturating_sub(escapes.saturating_mul(2));
        lengths.contains(&length) && (self.plain || !self.name.contains('+'))
    }

    /// Returns whether name and value are strictly encoded.
    pub(crate) fn is_strictly_encoded(&self) -> bool {
        self.plain || (is_strict(self.name) && is_strict(self.assignment))
    }
}

/// Returns whether each `%` is followed by two hexadecimal digits, and the decoded bytes are UTF-8.
fn is_strict(text: &str) -> bool {
    // Escapes of ASCII characters cannot result in invalid UTF-8.
    has_only_ascii_escapes(text).is_some_and(|is_ascii| is_ascii || decoded(text).is_some())
}

/// Returns whether each escape is of an ASCII character, or `None` if a `%` is not followed by two
/// hexadecimal digits. The decoder alone would keep such a `%`.
fn has_only_ascii_escapes(text: &str) -> Option<bool> {
    let mut is_ascii = true;
    for escape in text.split('%').skip(1) {
        match escape.as_bytes() {
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                is_ascii &= matches!(high, b'0'..=b'7');
            }
            _ => return None,
        }
    }
    Some(is_ascii)
}

/// Decodes a name or a value, if it is strictly encoded.
fn decode(part: &str) -> Option<Cow<'_, str>> {
    has_only_ascii_escapes(part)?;
    decoded(part).map(Cow::Owned)
}

/// Replaces each `+` and each escape, if the bytes are UTF-8. Allocates no more than the length of
/// the text, because a sender without the secret can write it.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    for (number, part) in text.split('+').enumerate() {
        if number > 0 {
            bytes.push(b' ');
        }
        match part.contains('%') {
            true => bytes.extend(percent_decode_str(part)),
            false => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Returns whether a value means null. A form has no null, so senders write one of these texts.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "None" | "null")
}

/// Returns a form without the line ends at its end, which some senders write.
pub(crate) fn without_line_ends(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}

/// Returns whether `name` consists of 1 to 64 ASCII letters, digits and `_ . [ ] -`, and begins
/// with a letter, a digit or `_`.
#[cfg(feature = "cryptapi")]
pub(crate) fn is_parameter_name(name: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let further = |byte: u8| first(byte) || b".[]-".contains(&byte);
    name.len() <= 64 && name.bytes().next().is_some_and(first) && name.bytes().all(further)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the decoded name and value of a pair.
    fn read<'a>(pair: &Pair<'a>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        (pair.any_name(), pair.text())
    }

    #[test]
    fn loosely_encoded_name_and_value_are_not_decoded() {
        for text in [
            "%", "%a", "%zz", "100%", "%2", "a%g0", "%ff", "%c3%28", "%%41", "+%",
        ] {
            let pair = format!("{text}={text}");
            let pair = pairs(&pair).next().unwrap();
            assert_eq!(read(&pair), (None, None), "{text:?}");
            assert!(!pair.is_strictly_encoded(), "{text:?}");
        }
        let text = "a+b%2B%d1%8E%41";
        let pair = format!("{text}={text}");
        let pair = pairs(&pair).next().unwrap();
        let decoded = Some(Cow::Borrowed("a b+юA"));
        assert_eq!(read(&pair), (decoded.clone(), decoded), "control case");
        assert!(pair.is_strictly_encoded(), "control case");
    }

    #[test]
    fn name_or_value_may_be_empty() {
        for (text, name, value) in [
            ("=%41", "", "A"),
            ("%41=", "A", ""),
            ("%41", "A", ""),
            ("=+", "", " "),
            ("=", "", ""),
        ] {
            let pair = pairs(text).next().unwrap();
            assert_eq!(
                read(&pair),
                (Some(name.into()), Some(value.into())),
                "{text}"
            );
        }
    }

    #[test]
    fn invalid_name_is_rejected() {
        let long = "n".repeat(65);
        for name in ["", "{", "-a", ".a", "a b", "é", &long] {
            assert!(!is_parameter_name(name), "{name:?}");
        }
        for name in ["a", "_a", "0", "a.b[0]-c", &long[1..]] {
            assert!(is_parameter_name(name), "{name:?}");
        }
    }

    #[test]
    fn pairs_are_separated_by_ampersand_only() {
        let read: Option<Vec<_>> = pairs("&a=1;b=2&&%63=%41+&d&e=f=g&+=&")
            .map(|pair| Some((pair.any_name()?, pair.text()?)))
            .collect();
        let expected = [
            ("a", "1;b=2"),
            ("c", "A "),
            ("d", ""),
            ("e", "f=g"),
            (" ", ""),
        ];
        assert_eq!(read.unwrap(), expected.map(|(n, v)| (n.into(), v.into())));
        assert_eq!(pairs("&&").count(), 0);
        assert_eq!(pairs("").count(), 0);
    }

    /// Covers pairs whose neighbours are encoded, or not strictly encoded.
    #[test]
    fn encoding_of_pair_does_not_affect_neighbours() {
        let plain: Vec<_> = pairs("a=1&%62=2&c=3&d=+&e")
            .map(|pair| pair.plain)
            .collect();
        assert_eq!(plain, [true, false, true, false, true]);
        let bad: Vec<_> = pairs("a=%zz&%zz=a&a b=1")
            .map(|pair| (pair.name(), pair.text()))
            .collect();
        let text = |text: &'static str| Some(Cow::Borrowed(text));
        assert_eq!(
            bad,
            [(text("a"), None), (None, text("a")), (None, text("1"))]
        );
    }

    proptest! {
        /// Compares strictly encoded names and values with the lenient decoder of the WHATWG URL
        /// standard.
        #[test]
        fn pairs_equal_those_of_independent_decoder(text in "([a-z&=+%]|%[0-9a-fA-F]{2}|é){0,12}") {
            let others: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
            let ours: Vec<_> = pairs(&text).collect();
            prop_assert_eq!(ours.len(), others.len());
            for (pair, (name, value)) in ours.iter().zip(others) {
                if let Some(decoded) = pair.any_name() {
                    prop_assert_eq!(decoded, name);
                }
                if let Some(decoded) = pair.text() {
                    prop_assert_eq!(decoded, value);
                }
            }
        }
    }
}
