use std::{borrow::Cow, fmt};

use super::{Untrusted, field::FieldName};
use crate::decode::{self, form};

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
    /// The provider signed it, as part of a callback URL that anyone can have chosen.
    Signed,
    /// The sender of the request may have written it, and replayed a signed body beside it.
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
    pub fn value(&self) -> Untrusted<'_> {
        Untrusted::new(&self.value)
    }

    /// Whether the signature covers it.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }
}

/// Shows the name and whether it is signed: a value may be a callback secret.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("coverage", &self.coverage)
            .finish_non_exhaustive()
    }
}

/// A parameter that is not decoded: its name counts even where its value cannot be read.
pub(super) struct Entry<'a> {
    name: Cow<'a, str>,
    value: Encoded<'a>,
    coverage: Coverage,
}

enum Encoded<'a> {
    Json(&'a str),
    Pair(form::Pair<'a>),
}

impl<'a> Entry<'a> {
    pub(super) const fn coverage(&self) -> Coverage {
        self.coverage
    }

    pub(super) fn read(self) -> Option<Parameter<'a>> {
        let value = match self.value {
            Encoded::Json(raw) => decode::value_text(raw),
            Encoded::Pair(pair) => pair.text(),
        };
        Some(Parameter {
            name: self.name,
            value: value?,
            coverage: self.coverage,
        })
    }

    /// Those of a form or query whose names `is_wanted`.
    pub(super) fn of_pairs(
        text: &'a str,
        coverage: Coverage,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Self> {
        form::pairs(text).filter_map(move |pair| {
            let name = pair
                .name()
                .filter(|name| is_parameter(name) && is_wanted(name))?;
            Some(Self {
                name,
                value: Encoded::Pair(pair),
                coverage,
            })
        })
    }

    /// Those of a signed JSON object whose names `is_wanted`. A member that is null is absent.
    pub(super) fn of_members(
        object: &'a str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Self> {
        let is_wanted = |name: &str| form::is_name(name) && is_parameter(name) && is_wanted(name);
        let members = decode::members(object, is_wanted).unwrap_or_default();
        let members = members.into_iter().filter(|(_, raw)| *raw != "null");
        members.map(|(name, raw)| Self {
            name,
            value: Encoded::Json(raw),
            coverage: Coverage::Signed,
        })
    }
}

fn is_parameter(name: &str) -> bool {
    FieldName::named(name).is_none()
}
