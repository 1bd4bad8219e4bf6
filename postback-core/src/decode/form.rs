use std::borrow::Cow;

use memchr::memchr2;
use percent_encoding::percent_decode_str;

use super::Value;

/// The pairs of an `application/x-www-form-urlencoded` body: decoded names, encoded values.
///
/// `None` stands for a name that is not strictly encoded, or not a [name](is_name). Empty pairs
/// (`a=1&&b=2`) are skipped, and only `&` separates.
pub(crate) fn pairs(body: &str) -> impl Iterator<Item = Option<(Cow<'_, str>, &str)>> {
    body.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        is_name(&name).then_some((name, value))
    })
}

/// Decodes one name or value: every `%` is followed by two hexadecimal digits, `+` is a space, and
/// the bytes are UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return Some(Cow::Borrowed(text));
    }
    // The decoder leaves a bad escape as it is, and knows nothing of `+`.
    let mut escapes = text.split('%');
    escapes.next();
    let two_digits = |escape: &str| {
        let mut digits = escape.bytes().take(2);
        (0..2).all(|_| digits.next().is_some_and(|d| d.is_ascii_hexdigit()))
    };
    if !escapes.all(two_digits) {
        return None;
    }
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
        return Some(Cow::Owned(decoded.into_owned()));
    }
    percent_decode_str(text).decode_utf8().ok()
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
