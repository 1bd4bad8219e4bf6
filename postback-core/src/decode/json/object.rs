use std::{borrow::Cow, mem};

use serde::Deserialize;
use time::{UtcDateTime, format_description::well_known::Rfc3339};

use super::{Cursor, Malformed, Name, Received};
use crate::{Amount, Field};

/// Type that can be read from JSON text.
pub(crate) trait FromJson<'a>: Sized {
    /// Reads the next value into a field. One of another form is [`Field::Other`].
    fn read(cursor: &mut Cursor<'a>, field: &mut Field<'a, Self>) -> Result<(), Malformed>;
}

/// Type that is read from one value, which is not entered.
pub(crate) trait Leaf<'a>: Sized {
    /// Reads a value that is not null, or returns `None` if it has another form or is malformed.
    fn from_json(value: Received<'a>) -> Option<Self>;
}

impl<'a, T: Leaf<'a>> FromJson<'a> for T {
    fn read(cursor: &mut Cursor<'a>, field: &mut Field<'a, Self>) -> Result<(), Malformed> {
        let value = cursor.value()?;
        if !value.is_null() {
            *field = T::from_json(value).map_or(Field::Other(value.raw()), Field::Known);
        }
        Ok(())
    }
}

/// Reads a text that consists of one value as a field.
pub(crate) fn field<'a, T: FromJson<'a>>(raw: &'a str) -> Field<'a, T> {
    let mut field = Field::Absent;
    match T::read(&mut Cursor::new(raw), &mut field) {
        Ok(()) => field,
        Err(Malformed) => Field::Other(raw),
    }
}

/// Reads an object, whose members `read` reads. If the object itself is malformed, it is
/// [`Field::Other`].
pub(crate) fn read_object<'a, T: Default>(
    cursor: &mut Cursor<'a>,
    field: &mut Field<'a, T>,
    read: impl FnOnce(&mut Cursor<'a>, &mut T) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let begin = cursor.clone();
    if cursor.enter_object() {
        *field = Field::Known(T::default());
        if let Field::Known(object) = field
            && read(cursor, object).is_ok()
        {
            return Ok(());
        }
    }
    *cursor = begin;
    let value = cursor.value()?;
    *field = match value.is_null() {
        true => Field::Absent,
        false => Field::Other(value.raw()),
    };
    Ok(())
}

/// Reads the value of a member into its field, which is absent. The value of a repeated member is
/// [`Field::Other`].
pub(crate) fn read_member<'a, T: FromJson<'a>>(
    cursor: &mut Cursor<'a>,
    field: &mut Field<'a, T>,
    seen: &mut bool,
) -> Result<(), Malformed> {
    if mem::replace(seen, true) {
        *field = Field::Other(cursor.value()?.raw());
        return Ok(());
    }
    T::read(cursor, field)
}

impl Leaf<'_> for Amount {
    fn from_json(value: Received<'_>) -> Option<Self> {
        match value.text() {
            Some(text) => text.parse().ok(),
            None => value.raw().parse().ok(),
        }
    }
}

impl<'a> Leaf<'a> for Cow<'a, str> {
    fn from_json(value: Received<'a>) -> Option<Self> {
        value.text()
    }
}

impl Leaf<'_> for UtcDateTime {
    /// Reads a time in UTC such as `2026-01-27 10:20:04.222439`, with or without the fraction.
    fn from_json(value: Received<'_>) -> Option<Self> {
        // Without its zone, the format is that of RFC 3339, which `time` reads faster than a
        // described format. RFC 3339 also has leap seconds, other separators and longer fractions.
        let text = value.text()?;
        let (date, time) = text.split_once(' ')?;
        let is_leap_second = time.get(6..8) == Some("60");
        if date.len() != "yyyy-mm-dd".len()
            || time.len() > "hh:mm:ss.nnnnnnnnn".len()
            || is_leap_second
        {
            return None;
        }
        Self::parse(&[&text, "Z"].concat(), &Rfc3339).ok()
    }
}

impl Leaf<'_> for bool {
    fn from_json(value: Received<'_>) -> Option<Self> {
        value.raw().parse().ok()
    }
}

impl Leaf<'_> for i64 {
    fn from_json(value: Received<'_>) -> Option<Self> {
        serde_json::from_str(value.raw()).ok()
    }
}

impl<'a> Leaf<'a> for Vec<Cow<'a, str>> {
    fn from_json(value: Received<'a>) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(value.raw());
        let names = Vec::<Name<'a>>::deserialize(&mut deserializer).ok()?;
        Some(names.into_iter().map(|Name(text)| text).collect())
    }
}

/// Keeps a value without a documented form as JSON text.
impl<'a> Leaf<'a> for &'a str {
    fn from_json(value: Received<'a>) -> Option<Self> {
        value.is_well_formed().then_some(value.raw())
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

        impl<'a> $crate::decode::json::FromJson<'a> for $name<'a> {
            fn read(
                cursor: &mut $crate::decode::json::Cursor<'a>,
                field: &mut $crate::Field<'a, Self>,
            ) -> Result<(), $crate::decode::json::Malformed> {
                $crate::decode::json::read_object(cursor, field, |cursor, object: &mut Self| {
                    // Set when a member has occurred. A null member does not change its field.
                    $(let mut $field = false;)+
                    while let Some(name) = cursor.name()? {
                        match &*name {
                            $($crate::decode::json::object!(@ $field $($name_in_json)?) => {
                                $crate::decode::json::read_member(
                                    cursor,
                                    &mut object.$field,
                                    &mut $field,
                                )?;
                            })+
                            _ => {
                                cursor.value()?;
                            }
                        }
                    }
                    Ok(())
                })
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

        impl $crate::decode::json::Leaf<'_> for $name {
            fn from_json(value: $crate::decode::json::Received<'_>) -> Option<Self> {
                value.text().map(|text| Self::from(&*text))
            }
        }
    };
}

pub(crate) use {object, open_enum};
