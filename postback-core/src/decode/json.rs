use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Value;

/// The name of an object's member, unescaped.
#[derive(Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// The text of a JSON string as it stands in a document, or `None` if `raw` is another value or
/// holds half a surrogate pair.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        let Name(text) = serde_json::from_str(raw).ok()?;
        return Some(text);
    }
    Some(Cow::Borrowed(inner))
}

impl<'a> Value<'a> {
    /// Reads one value; `None` if it is a string that is no text.
    pub(crate) fn from_json(raw: &'a RawValue) -> Option<Self> {
        let raw = raw.get();
        Some(match raw.bytes().next()? {
            b'n' => Self::Absent,
            b'"' => Self::Text(text(raw)?),
            b'-' | b'0'..=b'9' => Self::Number(raw),
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_their_first_character() {
        let value = |raw: &'static str| Value::from_json(serde_json::from_str(raw).unwrap());
        let text = |text: &'static str| Some(Value::Text(text.into()));
        assert_eq!(value("null"), Some(Value::Absent));
        assert_eq!(value("-1.5e3"), Some(Value::Number("-1.5e3")));
        assert_eq!(value(r#""a\u00e9\n""#), text("aé\n"));
        assert_eq!(value(r#""plain""#), text("plain"));
        assert_eq!(value(r#""""#), text(""));
        assert_eq!(value(r#""\ud800""#), None);
        assert_eq!(value(r#""\ud83d\ude00""#), text("😀"));
        for other in ["true", "false", "[1]", "{}"] {
            assert_eq!(value(other), Some(Value::Other), "{other}");
        }
    }
}
