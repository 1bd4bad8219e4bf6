use std::borrow::Cow;

use serde::Deserialize;
use time::{UtcDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::json::{self, Name};
use crate::{Amount, Field};

/// A type that one JSON value can be read as.
pub(crate) trait FromJson<'a>: Sized {
    /// Reads the value, or `None` if it has another form.
    fn from_json(raw: &'a str) -> Option<Self>;
}

/// Reads one value as a field.
pub(crate) fn field<'a, T: FromJson<'a>>(raw: &'a str) -> Field<'a, T> {
    if raw == "null" {
        return Field::Absent;
    }
    match T::from_json(raw) {
        Some(value) => Field::Known(value),
        None => Field::Other(raw),
    }
}

/// Reads a member into its field; of two members of one name, neither is believed.
pub(crate) fn put<'a, T: FromJson<'a>>(slot: &mut Field<'a, T>, raw: &'a str) {
    *slot = match slot {
        Field::Absent => field(raw),
        Field::Known(_) | Field::Other(_) => Field::Other(raw),
    };
}

impl FromJson<'_> for Amount {
    fn from_json(raw: &str) -> Option<Self> {
        match json::text(raw) {
            Some(text) => text.parse().ok(),
            None => raw.parse().ok(),
        }
    }
}

impl<'a> FromJson<'a> for Cow<'a, str> {
    fn from_json(raw: &'a str) -> Option<Self> {
        json::text(raw)
    }
}

impl FromJson<'_> for UtcDateTime {
    /// `2026-01-27 10:20:04.222439`, with or without the fraction, meant as UTC.
    fn from_json(raw: &str) -> Option<Self> {
        const FORMAT: &[BorrowedFormatItem<'_>] = format_description!(
            "[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]"
        );
        Self::parse(&json::text(raw)?, FORMAT).ok()
    }
}

impl FromJson<'_> for bool {
    fn from_json(raw: &str) -> Option<Self> {
        raw.parse().ok()
    }
}

impl FromJson<'_> for i64 {
    fn from_json(raw: &str) -> Option<Self> {
        raw.parse().ok()
    }
}

impl<'a> FromJson<'a> for Vec<Cow<'a, str>> {
    fn from_json(raw: &'a str) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(raw);
        let names = Vec::<Name<'a>>::deserialize(&mut deserializer).ok()?;
        Some(names.into_iter().map(|Name(text)| text).collect())
    }
}

/// A value of no documented form, kept as JSON text.
impl<'a> FromJson<'a> for &'a str {
    fn from_json(raw: &'a str) -> Option<Self> {
        Some(raw)
    }
}

/// Defines a struct of [`Field`]s that reads itself from a JSON object, member by member.
///
/// `serde`'s derive would refuse the whole object over one member of another form.
macro_rules! object {
    (@ $field:ident) => { stringify!($field) };
    (@ $field:ident $name_in_json:literal) => { $name_in_json };
    (
        $(#[$attribute:meta])*
        pub struct $name:ident<'a> {
            $($(#[$field_attribute:meta])* $field:ident $(($name_in_json:literal))?: $type:ty,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name<'a> {
            $($(#[$field_attribute])* pub $field: $crate::Field<'a, $type>,)+
        }

        impl<'a> serde::Deserialize<'a> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members<'a>(std::marker::PhantomData<&'a str>);

                impl<'a> serde::de::Visitor<'a> for Members<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'a>>(
                        self,
                        mut members: A,
                    ) -> Result<$name<'a>, A::Error> {
                        let mut object = $name::default();
                        while let Some($crate::decode::json::Name(name)) = members.next_key()? {
                            match &*name {
                                $($crate::decode::object!(@ $field $($name_in_json)?) => {
                                    let raw: &'a serde_json::value::RawValue =
                                        members.next_value()?;
                                    $crate::decode::put(&mut object.$field, raw.get());
                                })+
                                _ => {
                                    members.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(Members(std::marker::PhantomData))
            }
        }

        impl<'a> $crate::decode::FromJson<'a> for $name<'a> {
            fn from_json(raw: &'a str) -> Option<Self> {
                serde_json::from_str(raw).ok()
            }
        }
    };
}

pub(crate) use object;
