use std::{borrow::Cow, iter, mem};

use memchr::{memchr, memchr_iter, memchr2};
use percent_encoding::percent_decode_str;

use super::Value;

/// The pairs of an `application/x-www-form-urlencoded` body: decoded names, encoded values.
///
/// `None` stands for a name that is not strictly encoded, or not a [name](is_name). Empty pairs
/// (`a=1&&b=2`) are skipped, and only `&` separates.
pub(crate) fn pairs(body: &str) -> impl Iterator<Item = Option<(Cow<'_, str>, &str)>> {
    split(body).map(|pair| Some((name(pair.name)?, pair.value)))
}

/// A pair as it stands in the text.
pub(crate) struct Pair<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    /// Where the value ends.
    #[cfg_attr(
        not(feature = "cryptapi"),
        allow(dead_code, reason = "read for CryptAPI alone")
    )]
    pub(crate) end: usize,
}

/// Splits at each `&`, and each pair at its first `=`. Empty pairs are skipped.
pub(crate) fn split(text: &str) -> impl Iterator<Item = Pair<'_>> {
    let ends = memchr_iter(b'&', text.as_bytes()).chain(iter::once(text.len()));
    let mut begin = 0_usize;
    ends.filter_map(move |end| {
        let pair = text.get(mem::replace(&mut begin, end.saturating_add(1))..end)?;
        let (name, value) = match memchr(b'=', pair.as_bytes()) {
            Some(at) => (pair.get(..at)?, pair.get(at.saturating_add(1)..)?),
            None => (pair, ""),
        };
        (!pair.is_empty()).then_some(Pair { name, value, end })
    })
}

/// Decodes a name, if it is one.
pub(crate) fn name(text: &str) -> Option<Cow<'_, str>> {
    decode(text).filter(|name| is_name(name))
}

/// Decodes one name or value: every `%` is followed by two hexadecimal digits, `+` is a space, and
/// the bytes are UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if memchr2(b'%', b'+', text.as_bytes()).is_none() {
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

/// Decodes the value of an optional field. A form has no null; these are what senders write for it.
pub(crate) fn value(text: &str) -> Option<Value<'_>> {
    let text = decode(text)?;
    Some(match &*text {
        "" | "None" | "null" => Value::Absent,
        _ => Value::Text(text),
    })
}

/// Whether `name` is one to 64 letters, digits and `_ . [ ] -`, beginning with a letter, digit or `_`.
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
        let read: Option<Vec<_>> = pairs("a=1;b=2&&%63=%zz&d&e=f=g").collect();
        let expected = [("a", "1;b=2"), ("c", "%zz"), ("d", ""), ("e", "f=g")];
        assert_eq!(read.unwrap(), expected.map(|(n, v)| (n.into(), v)));
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
