use std::{borrow::Cow, mem};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess},
};
use serde_json::value::RawValue;
use time::{UtcDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::json::{self, AnyName, Name};
use crate::{Amount, Field};

/// Type that can be read from one JSON value.
pub(crate) trait FromJson<'a>: Sized {
    /// Reads a value that is not null, or returns `None` if it has another form.
    fn from_json(raw: &'a str) -> Option<Self>;

    /// Reads the value of the next member while the object is read in one pass, or returns `None`
    /// for null.
    ///
    /// # Errors
    ///
    /// An error that ends the pass, if the value has another form.
    fn stream<A: MapAccess<'a>>(members: &mut A) -> Result<Option<Self>, A::Error> {
        let raw: &'a RawValue = members.next_value()?;
        match field(raw.get()) {
            Field::Absent => Ok(None),
            Field::Known(value) => Ok(Some(value)),
            Field::Other(_) => Err(A::Error::custom("value has another form")),
        }
    }
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

/// Struct of [`Field`]s; implemented by [`object!`].
pub(crate) trait Object<'a>: Sized {
    /// Reads the members of a JSON object.
    fn read<D: Deserializer<'a>>(deserializer: D, pass: Pass) -> Result<Self, D::Error>;
}

/// Object that is read in the one pass over the object that contains it.
///
/// The object itself does not implement `Deserialize`: the impl would be public, and reject the
/// whole object because of one member of another form.
pub(crate) struct Streamed<T>(pub(crate) T);

impl<'a, T: Object<'a>> Deserialize<'a> for Streamed<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer, Pass::Stream).map(Self)
    }
}

/// Reads an object in one pass or, if a member has another form or is repeated, member by member.
pub(crate) fn read_object<'a, T: Object<'a>>(raw: &'a str) -> Option<T> {
    let read = |pass| T::read(&mut serde_json::Deserializer::from_str(raw), pass);
    read(Pass::Stream).or_else(|_| read(Pass::Tolerate)).ok()
}

/// Way in which an object is read.
#[derive(Clone, Copy)]
pub(crate) enum Pass {
    /// Reads all members in one pass, which ends at the first that has another form or is repeated.
    Stream,
    /// Reads each member twice: first as JSON text, then as its type.
    Tolerate,
}

impl Pass {
    /// Reads the name of the next member.
    pub(crate) fn name<'a, A: MapAccess<'a>>(
        self,
        members: &mut A,
    ) -> Result<Option<Cow<'a, str>>, A::Error> {
        match self {
            Self::Stream => Ok(members.next_key()?.map(|Name(name)| name)),
            Self::Tolerate => Ok(members.next_key()?.map(|AnyName(name)| name)),
        }
    }

    /// Reads the value of the next member into its field. The value of a repeated member is
    /// [`Field::Other`].
    pub(crate) fn value<'a, T: FromJson<'a>, A: MapAccess<'a>>(
        self,
        slot: &mut Field<'a, T>,
        seen: &mut bool,
        members: &mut A,
    ) -> Result<(), A::Error> {
        let repeated = mem::replace(seen, true);
        *slot = match self {
            Self::Stream if repeated => return Err(A::Error::custom("repeated member")),
            Self::Stream => match T::stream(members)? {
                Some(value) => Field::Known(value),
                None => Field::Absent,
            },
            Self::Tolerate => {
                let raw: &'a RawValue = members.next_value()?;
                match repeated {
                    true => Field::Other(raw.get()),
                    false => field(raw.get()),
                }
            }
        };
        Ok(())
    }
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

    fn stream<A: MapAccess<'a>>(members: &mut A) -> Result<Option<Self>, A::Error> {
        let name: Option<Name<'a>> = members.next_value()?;
        Ok(name.map(|Name(text)| text))
    }
}

impl FromJson<'_> for UtcDateTime {
    /// Reads a time in UTC such as `2026-01-27 10:20:04.222439`, with or without the fraction.
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

/// Keeps a value without a documented form as JSON text.
impl<'a> FromJson<'a> for &'a str {
    fn from_json(raw: &'a str) -> Option<Self> {
        Some(raw)
    }
}

/// Defines a struct of [`Field`]s that is read from a JSON object.
///
/// The derive macro of `serde` would reject the whole object because of one member of another form.
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
        #[derive(Clone, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name<'a> {
            $($(#[$field_attribute])* pub $field: $crate::Field<'a, $type>,)+
        }

        /// Shows no member, because some contain data of the buyer or the project.
        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl<'a> $crate::decode::Object<'a> for $name<'a> {
            fn read<D: serde::Deserializer<'a>>(
                deserializer: D,
                pass: $crate::decode::Pass,
            ) -> Result<Self, D::Error> {
                struct Members($crate::decode::Pass);

                impl<'a> serde::de::Visitor<'a> for Members {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'a>>(
                        self,
                        mut members: A,
                    ) -> Result<$name<'a>, A::Error> {
                        let mut object = $name::default();
                        // Set when a member has occurred. A null member does not change its field.
                        $(let mut $field = false;)+
                        while let Some(name) = self.0.name(&mut members)? {
                            match &*name {
                                $($crate::decode::object!(@ $field $($name_in_json)?) => {
                                    self.0.value(&mut object.$field, &mut $field, &mut members)?;
                                })+
                                _ => {
                                    members.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(Members(pass))
            }
        }

        impl<'a> $crate::decode::FromJson<'a> for $name<'a> {
            fn from_json(raw: &'a str) -> Option<Self> {
                $crate::decode::read_object(raw)
            }

            fn stream<A: serde::de::MapAccess<'a>>(
                members: &mut A,
            ) -> Result<Option<Self>, A::Error> {
                let object: Option<$crate::decode::Streamed<Self>> = members.next_value()?;
                Ok(object.map(|streamed| streamed.0))
            }
        }
    };
}

/// Defines an enum of texts to which a provider may add: an unknown text is a value too.
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant,)+
            /// Text that this version does not know.
            #[non_exhaustive]
            Other(Box<str>),
        }

        impl $name {
            /// Returns the text as the provider writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        /// Compares exactly, including case.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::decode::FromJson<'_> for $name {
            fn from_json(raw: &str) -> Option<Self> {
                $crate::decode::json::text(raw).map(|text| Self::from(&*text))
            }
        }
    };
}

pub(crate) use {object, open_enum};
