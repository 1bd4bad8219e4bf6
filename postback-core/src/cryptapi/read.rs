//! Reads the provider's fields out of a query, a form or a JSON object.

use std::{fmt, ops::Range};

use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Notice, Stage,
    field::{Field, Kind},
};
use crate::{
    Amount, BodyDefect,
    decode::{Value, form, json::AnyName},
};

impl Notice {
    /// Reads a URL's query. A pair that is not strictly encoded is nobody's; it costs no payment, for a
    /// merchant may have put it into the URL.
    pub(super) fn from_query(query: &str) -> Result<Self, BodyDefect> {
        Self::from_pairs(query, form::pairs(query).flatten())
    }

    /// Reads a form. Every name must be one: a signed text of another kind can be cut into pairs too.
    pub(super) fn from_form(body: &str) -> Result<Self, BodyDefect> {
        if form::pairs(body).any(|pair| pair.is_none()) {
            return Err(BodyDefect::Syntax);
        }
        Self::from_query(body)
    }

    /// Reads a JSON object.
    pub(super) fn from_json(body: &str) -> Result<Self, BodyDefect> {
        let mut reading = Reading::with_room_for(body);
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let members = deserializer.deserialize_map(Members(&mut reading));
        let defect = members.map_err(|_| BodyDefect::Syntax)?;
        deserializer.end().map_err(|_| BodyDefect::Syntax)?;
        defect.map_or_else(|| reading.finish(), Err)
    }

    fn from_pairs<'a>(
        source: &str,
        pairs: impl Iterator<Item = (std::borrow::Cow<'a, str>, &'a str)>,
    ) -> Result<Self, BodyDefect> {
        let mut reading = Reading::with_room_for(source);
        for (name, value) in pairs {
            if let Some(field) = Field::named(&name) {
                let value = match field.is_required() {
                    true => form::decode(value).map(Value::Text),
                    false => form::value(value),
                };
                reading.take(field, value.ok_or(BodyDefect::Syntax)?)?;
            }
        }
        reading.finish()
    }
}

/// A notice that is not complete.
struct Reading {
    texts: String,
    places: [Option<Range<usize>>; Field::ALL.len()],
    seen: [bool; Field::ALL.len()],
}

impl Reading {
    /// No value is longer decoded than encoded.
    fn with_room_for(source: &str) -> Self {
        Self {
            texts: String::with_capacity(source.len()),
            places: [const { None }; Field::ALL.len()],
            seen: [false; Field::ALL.len()],
        }
    }

    fn take(&mut self, field: Field, value: Value<'_>) -> Result<(), BodyDefect> {
        let wrong = BodyDefect::Value(field.name());
        let seen = self.seen.get_mut(field as usize).ok_or(wrong)?;
        if std::mem::replace(seen, true) {
            return Err(BodyDefect::Repeated(field.name()));
        }
        if let Some(text) = checked(field.kind(), &value).ok_or(wrong)? {
            let start = self.texts.len();
            self.texts.push_str(text);
            let place = self.places.get_mut(field as usize).ok_or(wrong)?;
            *place = Some(start..self.texts.len());
        }
        Ok(())
    }

    fn finish(self) -> Result<Notice, BodyDefect> {
        for (field, place) in Field::ALL.iter().zip(&self.places) {
            if field.is_required() && place.is_none() {
                return Err(BodyDefect::Missing(field.name()));
            }
        }
        let mut notice = Notice {
            texts: self.texts,
            places: self.places,
            stage: Stage::Pending,
        };
        if notice.text(Field::Pending) == Some("0") {
            notice.stage = Stage::Confirmed;
        }
        Ok(notice)
    }
}

/// The value's text, if it is one that such a field may hold; `Some(None)` says that it is absent.
fn checked<'a>(kind: Kind, value: &'a Value<'_>) -> Option<Option<&'a str>> {
    let (text, is_text) = match value {
        Value::Absent => return Some(None),
        Value::Number(number) => (*number, false),
        Value::Text(text) => (&**text, true),
        Value::Other(raw) => (*raw, false),
    };
    let is_object = matches!(value, Value::Other(raw) if raw.starts_with('{'));
    let is_number = matches!(value, Value::Number(_));
    // The documentation has blank amounts; a blank text of any kind says nothing.
    if is_text && text.trim().is_empty() {
        return match kind {
            Kind::Identifier | Kind::Stage => None,
            _ => Some(None),
        };
    }
    let valid = match kind {
        Kind::Amount => (is_text || is_number) && is_paid(text),
        Kind::Count => {
            (is_text || is_number)
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && text.parse::<u64>().is_ok()
        }
        Kind::Identifier | Kind::Text => is_text,
        Kind::Nested => is_text || is_object,
        Kind::Stage => (is_text || is_number) && matches!(text, "0" | "1"),
    };
    valid.then_some(Some(text))
}

/// An amount that was paid: in the grammar, and without a minus.
fn is_paid(text: &str) -> bool {
    text.parse::<Amount>()
        .is_ok_and(|amount| !amount.is_negative())
}

struct Members<'a>(&'a mut Reading);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Option<BodyDefect>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a callback")
    }

    /// Reads to the end whatever it finds, so that broken syntax is told from a broken rule.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut defect = None;
        while let Some(AnyName(name)) = members.next_key()? {
            let Some(field) = Field::named(&name) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'de RawValue = members.next_value()?;
            let taken = match Value::from_json(raw.get()) {
                Some(value) => self.0.take(field, value),
                // Half a surrogate pair: well-formed JSON, but no text.
                None => Err(BodyDefect::Syntax),
            };
            defect = defect.or(taken.err());
        }
        Ok(defect)
    }
}
