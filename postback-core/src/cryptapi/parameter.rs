use std::{borrow::Cow, fmt};

use super::{Received, field::FieldName};
use crate::decode::form;

/// A parameter of a callback that is none of the provider's known fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    coverage: Coverage,
}

/// Whether a signature covers a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it does or it does not")]
pub enum Coverage {
    /// The provider signed it, at the wish of whoever made the callback URL: that may be anybody.
    Signed,
    /// Whoever sent the request may have written it, replaying a body that is signed.
    Unsigned,
}

impl<'a> Parameter<'a> {
    /// The decoded name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decoded value; of a JSON value that is no text, the JSON text.
    #[must_use]
    pub fn value(&self) -> Received<'_> {
        Received::new(&self.value)
    }

    /// Whether the signature covers it.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }
}

/// Shows the name and whether it is signed: a value may be a secret nonce.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("coverage", &self.coverage)
            .finish_non_exhaustive()
    }
}

/// A parameter whose value may be none: its name counts all the same.
pub(super) struct Entry<'a> {
    pub(super) name: Cow<'a, str>,
    value: Option<Cow<'a, str>>,
    pub(super) coverage: Coverage,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        name: Cow<'a, str>,
        value: Option<Cow<'a, str>>,
        coverage: Coverage,
    ) -> Option<Self> {
        let own = form::is_name(&name) && FieldName::named(&name).is_none();
        own.then_some(Self {
            name,
            value,
            coverage,
        })
    }

    pub(super) fn read(self) -> Option<Parameter<'a>> {
        Some(Parameter {
            name: self.name,
            value: self.value?,
            coverage: self.coverage,
        })
    }

    /// Those of a form or query.
    pub(super) fn pairs(text: &'a str, coverage: Coverage) -> impl Iterator<Item = Self> {
        form::pairs(text).filter_map(move |pair| Self::new(pair.name()?, pair.text(), coverage))
    }
}
