use std::borrow::Cow;

#[cfg(feature = "cryptocloud")]
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Malformed, escapes::unescape};

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

/// Value in JSON text, delimited and not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received<'a> {
    /// An array or an object.
    Container {
        /// The value with its brackets.
        raw: &'a str,
        /// Set only if the value contains neither a backslash nor a control character.
        is_plain: bool,
    },
    /// A number, a literal, or another sequence of letters, digits and `+-.`.
    Scalar(&'a str),
    String {
        /// The string with its quotes.
        raw: &'a str,
        /// Set if the string contains neither a backslash nor a control character.
        is_plain: bool,
    },
}

impl<'a> Received<'a> {
    /// Returns the value as received.
    pub(crate) const fn raw(self) -> &'a str {
        match self {
            Self::Container { raw, .. } | Self::Scalar(raw) | Self::String { raw, .. } => raw,
        }
    }

    pub(crate) fn is_null(self) -> bool {
        self == Self::Scalar("null")
    }

    /// Decodes a value, which must be well-formed. A string with half a surrogate pair is
    /// well-formed, but not a text.
    pub(crate) fn read(self) -> Result<Value<'a>, Malformed> {
        if let Some(text) = self.text() {
            return Ok(Value::Text(text));
        }
        let raw = self.raw();
        match self {
            Self::Scalar("null") => Ok(Value::Absent),
            _ if !self.is_well_formed() => Err(Malformed),
            Self::Scalar(_) if !raw.starts_with(['t', 'f']) => Ok(Value::Number(raw)),
            _ => Ok(Value::Other(raw)),
        }
    }

    /// Returns the text of a string, or `None` for another value and for a string that is not a
    /// text.
    #[inline]
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::String {
                raw,
                is_plain: true,
            } => inner(raw).map(Cow::Borrowed),
            Self::String { raw, .. } => decoded(raw),
            Self::Container { .. } | Self::Scalar(_) => None,
        }
    }

    /// Returns the text of a string, and another value as received, or `None` if the string is not
    /// a text or the other value is malformed.
    #[cfg(feature = "cryptapi")]
    pub(crate) fn text_or_raw(self) -> Option<Cow<'a, str>> {
        match self {
            Self::String { .. } => self.text(),
            Self::Container { raw, .. } | Self::Scalar(raw) => {
                self.is_well_formed().then_some(Cow::Borrowed(raw))
            }
        }
    }

    /// Returns the name of a member that this string is.
    ///
    /// A name with half a surrogate pair is not a text. It is read as a name that no field has.
    #[inline]
    pub(super) fn name(self) -> Result<Cow<'a, str>, Malformed> {
        match self {
            Self::String {
                raw,
                is_plain: true,
            } => inner(raw).map(Cow::Borrowed).ok_or(Malformed),
            _ => decoded_name(self.raw()),
        }
    }

    pub(super) fn is_well_formed(self) -> bool {
        serde_json::from_str::<IgnoredAny>(self.raw()).is_ok()
    }
}

/// Returns a string without its quotes.
#[inline]
fn inner(raw: &str) -> Option<&str> {
    raw.get(1..raw.len().checked_sub(1)?)
}

#[cold]
fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    let unescaped = unescape(inner(raw)?).ok()?;
    unescaped.is_text.then_some(Cow::Owned(unescaped.text))
}

#[cold]
fn decoded_name(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    let unescaped = unescape(inner(raw).ok_or(Malformed)?)?;
    Ok(Cow::Owned(unescaped.text))
}

/// Text of a JSON string, unescaped.
#[cfg(feature = "cryptocloud")]
#[derive(Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::{super::Cursor, *};

    fn read(raw: &str) -> Result<Value<'_>, Malformed> {
        Cursor::new(raw).value()?.read()
    }

    #[test]
    fn value_is_classified_by_first_character() {
        let text = |text: &'static str| Ok(Value::Text(text.into()));
        assert_eq!(read("null"), Ok(Value::Absent));
        assert_eq!(read("-1.5e3"), Ok(Value::Number("-1.5e3")));
        assert_eq!(read(r#""a\u00e9\n""#), text("aé\n"));
        assert_eq!(read(r#""plain""#), text("plain"));
        assert_eq!(read(r#""""#), text(""));
        assert_eq!(read(r#""\ud83d\ude00""#), text("😀"));
        for other in ["true", "false", "[1]", "{}", r#""\ud800""#] {
            assert_eq!(read(other), Ok(Value::Other(other)), "{other}");
        }
    }

    #[test]
    fn malformed_value_is_rejected() {
        for raw in [
            "NaN",
            "-Infinity",
            "nul",
            "nulll",
            "True",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "0x10",
            r#""\x""#,
            "\"\t\"",
            r#"{"a":NaN}"#,
            "[1,]",
            "[}",
        ] {
            assert_eq!(read(raw), Err(Malformed), "{raw}");
        }
    }
}
