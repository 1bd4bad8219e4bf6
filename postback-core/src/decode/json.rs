use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, de::Visitor};

/// Value of a top-level field, in JSON or in a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// The field is absent, null, or a text that a form has for null.
    #[default]
    Absent,
    /// A JSON number, as written.
    Number(&'a str),
    /// Any other value, as written: a truth value, an array, an object, or one that is not strictly
    /// encoded.
    Other(&'a str),
    /// A text.
    Text(Cow<'a, str>),
}

/// Name of an object's member, unescaped.
#[derive(Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Name of an object's member, unescaped, which may be invalid.
///
/// A name with half a surrogate pair is not a text. It is read as a name that no field has.
pub(crate) struct AnyName<'a>(pub(crate) Cow<'a, str>);

impl<'a> Deserialize<'a> for AnyName<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(AnyNameVisitor)
    }
}

struct AnyNameVisitor;

impl<'a> Visitor<'a> for AnyNameVisitor {
    type Value = AnyName<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_bytes<E>(self, name: &'a [u8]) -> Result<AnyName<'a>, E> {
        Ok(AnyName(String::from_utf8_lossy(name)))
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<AnyName<'a>, E> {
        Ok(AnyName(String::from_utf8_lossy(name).into_owned().into()))
    }
}

/// Returns the text of a JSON string, or `None` if `raw` is another value or contains half a
/// surrogate pair.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        let Name(text) = serde_json::from_str(raw).ok()?;
        return Some(text);
    }
    Some(Cow::Borrowed(inner))
}

impl<'a> Value<'a> {
    /// Reads one value. A string with half a surrogate pair is well-formed JSON, but not a text.
    pub(crate) fn from_json(raw: &'a str) -> Self {
        match raw.bytes().next() {
            Some(b'n') => Self::Absent,
            Some(b'"') => text(raw).map_or(Self::Other(raw), Self::Text),
            Some(b'-' | b'0'..=b'9') => Self::Number(raw),
            _ => Self::Other(raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_classified_by_first_character() {
        let value = |raw: &'static str| Value::from_json(raw);
        let text = |text: &'static str| Value::Text(text.into());
        assert_eq!(value("null"), Value::Absent);
        assert_eq!(value("-1.5e3"), Value::Number("-1.5e3"));
        assert_eq!(value(r#""a\u00e9\n""#), text("aé\n"));
        assert_eq!(value(r#""plain""#), text("plain"));
        assert_eq!(value(r#""""#), text(""));
        assert_eq!(value(r#""\ud83d\ude00""#), text("😀"));
        for other in ["true", "false", "[1]", "{}", r#""\ud800""#] {
            assert_eq!(value(other), Value::Other(other), "{other}");
        }
    }
}
