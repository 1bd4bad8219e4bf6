#[cfg(feature = "cryptapi")]
use std::ops::Range;
use std::{borrow::Cow, iter};

use memchr::memchr_iter;
use percent_encoding::percent_decode_str;

/// The pairs of an `application/x-www-form-urlencoded` body or query, as received.
///
/// Each ends at an `&`, and its name at its first `=`. Empty pairs (`a=1&&b=2`) are skipped.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = Pair<'_>> {
    let mut begin = 0_usize;
    iter::from_fn(move || {
        loop {
            let rest = text
                .as_bytes()
                .get(begin..)
                .filter(|rest| !rest.is_empty())?;
            let (mut length, mut equals, mut plain) = (rest.len(), None, true);
            // One look at each byte: hostile input is pairs of one byte, and escapes.
            for (at, byte) in rest.iter().enumerate() {
                match byte {
                    b'&' => {
                        length = at;
                        break;
                    }
                    b'=' if equals.is_none() => equals = Some(at),
                    b'%' | b'+' => plain = false,
                    _ => {}
                }
            }
            let end = begin.saturating_add(length);
            let pair = text.get(begin..end)?;
            begin = end.saturating_add(1);
            let (name, value) = match equals {
                Some(at) => (pair.get(..at)?, pair.get(at.saturating_add(1)..)?),
                None => (pair, ""),
            };
            if !pair.is_empty() {
                return Some(Pair {
                    name,
                    value,
                    end,
                    plain,
                });
            }
        }
    })
}

/// A pair as received.
pub(crate) struct Pair<'a> {
    name: &'a str,
    value: &'a str,
    /// Where the value ends.
    #[cfg_attr(
        not(feature = "cryptapi"),
        allow(dead_code, reason = "read for CryptAPI alone")
    )]
    end: usize,
    /// Whether nothing in it is encoded.
    plain: bool,
}

impl<'a> Pair<'a> {
    /// The name as received.
    pub(crate) const fn encoded_name(&self) -> &'a str {
        self.name
    }

    /// The value as received.
    pub(crate) const fn encoded_value(&self) -> &'a str {
        self.value
    }

    /// Where the value stands in the text.
    #[cfg(feature = "cryptapi")]
    pub(crate) const fn place(&self) -> Range<usize> {
        self.end.saturating_sub(self.value.len())..self.end
    }

    /// The name, if it is strictly encoded and [plain](is_name).
    #[cfg(feature = "cryptapi")]
    pub(crate) fn name(&self) -> Option<Cow<'a, str>> {
        self.any_name().filter(|name| is_name(name))
    }

    /// The name, if it is strictly encoded.
    pub(crate) fn any_name(&self) -> Option<Cow<'a, str>> {
        self.decoded(self.name)
    }

    /// The value, if it is strictly encoded.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        self.decoded(self.value)
    }

    fn decoded(&self, text: &'a str) -> Option<Cow<'a, str>> {
        match self.plain {
            true => Some(Cow::Borrowed(text)),
            false => decode(text),
        }
    }
}

/// Decodes one name or value: every `%` is followed by two hexadecimal digits, `+` is a space, and
/// the bytes are UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    // The decoder leaves a bad escape as it is, and knows nothing of `+`.
    let is_escape = |at: usize| {
        let digits = text
            .as_bytes()
            .get(at.saturating_add(1)..at.saturating_add(3));
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !memchr_iter(b'%', text.as_bytes()).all(is_escape) {
        return None;
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut parts = text.split('+');
    decoded.extend(parts.next().into_iter().flat_map(percent_decode_str));
    for part in parts {
        decoded.push(b' ');
        decoded.extend(percent_decode_str(part));
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Whether an optional field of this value is absent. A form has no null; these are what senders write for
/// it.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "None" | "null")
}

/// A form without the line ends behind it, which some senders write.
pub(crate) fn without_line_ends(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}

/// Whether `name` is one to 64 letters, digits and `_ . [ ] -`, beginning with a letter, digit or `_`.
#[cfg(feature = "cryptapi")]
pub(crate) fn is_name(name: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let further = |byte: u8| first(byte) || b".[]-".contains(&byte);
    name.len() <= 64 && name.bytes().next().is_some_and(first) && name.bytes().all(further)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_defect_of_an_encoding_is_refused() {
        for text in [
            "%", "%a", "%zz", "100%", "%2", "a%g0", "%ff", "%c3%28", "%%41",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode("a+b%2B%d1%8E%41").as_deref(), Some("a b+юA"));
    }

    #[test]
    fn names() {
        let long = "n".repeat(65);
        for name in ["", "{", "-a", ".a", "a b", "é", &long] {
            assert!(!is_name(name), "{name:?}");
        }
        for name in ["a", "_a", "0", "a.b[0]-c", &long[1..]] {
            assert!(is_name(name), "{name:?}");
        }
    }

    #[test]
    fn only_an_ampersand_separates() {
        let read: Option<Vec<_>> = pairs("&a=1;b=2&&%63=%41+&d&e=f=g&+=&")
            .map(|pair| Some((pair.decoded(pair.name)?, pair.text()?)))
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

    /// An escape in one pair says nothing of its neighbours.
    #[test]
    fn each_pair_is_plain_or_not() {
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
        /// Where ours accepts, the lenient decoder of the WHATWG URL standard agrees to the letter.
        #[test]
        fn what_decodes_decodes_elsewhere_to_the_same(text in "([a-z+%]|%[0-9a-fA-F]{2}|é){0,8}") {
            if let Some(decoded) = decode(&text) {
                let pair = format!("x={text}");
                let (_, other) = form_urlencoded::parse(pair.as_bytes()).next().unwrap();
                prop_assert_eq!(decoded, other);
            }
        }
    }
}
