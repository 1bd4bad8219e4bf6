use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, Visitor},
};

use super::Malformed;

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
    let Name(text) = serde_json::from_str(raw).ok()?;
    Some(text)
}

#[cold]
fn decoded_name(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    let AnyName(name) = serde_json::from_str(raw).map_err(|_| Malformed)?;
    Ok(name)
}

/// Text of a JSON string, unescaped.
#[derive(Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Text of a JSON string, unescaped. Each half of a surrogate pair is replaced.
pub(super) struct AnyName<'a>(pub(super) Cow<'a, str>);

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
