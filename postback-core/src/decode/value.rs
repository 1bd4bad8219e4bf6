use std::borrow::Cow;

/// The value of a top-level field, whichever media type it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Absent, null, or what a form sends for null.
    #[default]
    Absent,
    /// A JSON number, as written.
    Number(&'a str),
    /// What is neither a number nor a text, as written: a truth value, an array, an object, or a value whose
    /// encoding is broken.
    Other(&'a str),
    /// A text.
    Text(Cow<'a, str>),
}
