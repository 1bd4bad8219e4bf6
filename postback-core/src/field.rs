use std::fmt;

/// Informative field of an object, whose form the provider may change at any time.
///
/// A value of another form is kept as received, and does not reject the payment. Members of
/// CryptoCloud's `invoice_info` and nested fields of CryptAPI are such fields.
#[derive(Clone, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the three cases are the point")]
pub enum Field<'a, T> {
    /// The field is missing or null.
    #[default]
    Absent,
    /// The field has the documented form.
    Known(T),
    /// The field has another form, or occurs twice. Holds its text, as in JSON or decoded from a
    /// pair.
    Other(&'a str),
}

impl<'a, T> Field<'a, T> {
    /// Returns the value if it has the documented form.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Other(_) => None,
        }
    }

    /// Returns whether the field is missing or null.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns the text if it does not have the documented form.
    #[must_use]
    pub const fn other(&self) -> Option<&'a str> {
        match self {
            Self::Other(raw) => Some(raw),
            Self::Absent | Self::Known(_) => None,
        }
    }
}

/// Shows that the field has another form, but not its text.
impl<T: fmt::Debug> fmt::Debug for Field<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Known(value) => f.debug_tuple("Known").field(value).finish(),
            Self::Other(_) => f.write_str("Other(..)"),
        }
    }
}
