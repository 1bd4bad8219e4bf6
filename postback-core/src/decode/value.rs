use std::borrow::Cow;

/// The value of a top-level field, whichever media type it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Absent, null, or what a form sends for null.
    #[default]
    Absent,
    /// A JSON number, as written.
    Number(&'a str),
    /// A truth value, array or object, as written.
    #[cfg_attr(
        not(feature = "cryptapi"),
        allow(dead_code, reason = "read for CryptAPI alone")
    )]
    Other(&'a str),
    /// A text.
    Text(Cow<'a, str>),
}
