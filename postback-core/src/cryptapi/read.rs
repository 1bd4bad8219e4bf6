//! Reads the provider's fields out of a query, a form or a JSON object.

use std::{borrow::Cow, fmt, mem, ops::Range, str};

use bytes::Bytes;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Notice, Stage,
    field::{FieldName, Kind},
    notice::{Place, Places},
};
use crate::{
    Amount, BodyDefect,
    decode::{Value, form, json::AnyName},
};

impl Notice {
    /// Reads the query of a URL, which begins at `query_at`. A pair whose name is none is nobody's; it costs
    /// no payment, for a merchant may have put it into the URL.
    pub(super) fn from_query(url: String, query_at: usize) -> Result<Self, BodyDefect> {
        let reading = Reading::of_pairs(&url, query_at, |_| Ok(()))?;
        reading.finish(url.into())
    }

    /// Reads a form. Every name must be one: a signed text of another kind can be cut into pairs too.
    pub(super) fn from_form(body: Bytes) -> Result<Self, BodyDefect> {
        let text = str::from_utf8(&body).map_err(|_| BodyDefect::Syntax)?;
        let reading = Reading::of_pairs(text, 0, |name| match name {
            Some(_) => Ok(()),
            None => Err(BodyDefect::Syntax),
        })?;
        reading.finish(body)
    }

    /// Reads the query of the same URL again, from another place on.
    pub(super) fn again_from(&self, query_at: usize) -> Result<Self, BodyDefect> {
        let reading = Reading::of_pairs(self.source(), query_at, |_| Ok(()))?;
        reading.finish(self.source.clone())
    }

    /// Reads a JSON object.
    pub(super) fn from_json(body: Bytes) -> Result<Self, BodyDefect> {
        let text = str::from_utf8(&body).map_err(|_| BodyDefect::Syntax)?;
        let mut reading = Reading::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer.deserialize_map(Members(&mut reading));
        let defect = members.map_err(|_| BodyDefect::Syntax)?;
        deserializer.end().map_err(|_| BodyDefect::Syntax)?;
        match defect {
            Some(defect) => Err(defect),
            None => reading.finish(body),
        }
    }
}

/// A notice that is not complete.
#[derive(Default)]
struct Reading {
    decoded: String,
    places: Places,
    seen: [bool; FieldName::ALL.len()],
}

impl Reading {
    /// Reads the pairs that begin at `begin`.
    fn of_pairs(
        text: &str,
        begin: usize,
        judge_name: impl Fn(Option<&str>) -> Result<(), BodyDefect>,
    ) -> Result<Self, BodyDefect> {
        let pairs = text.get(begin..).unwrap_or_default();
        let mut reading = Self::default();
        for pair in form::pairs(pairs) {
            // Most are spelled as they are meant.
            let field = match FieldName::named(pair.encoded_name()) {
                Some(field) => field,
                None => {
                    let name = pair.name();
                    judge_name(name.as_deref())?;
                    match name.as_deref().and_then(FieldName::named) {
                        Some(field) => field,
                        None => continue,
                    }
                }
            };
            let Range { start, end } = pair.place();
            let place = begin.saturating_add(start)..begin.saturating_add(end);
            let value = pair.text().map(Value::Text);
            reading.take(field, &value.ok_or(BodyDefect::Syntax)?, Some(place))?;
        }
        Ok(reading)
    }

    /// `place` is where the value stands in the source, where it may stand there as it is meant.
    fn take(
        &mut self,
        field: FieldName,
        value: &Value<'_>,
        place: Option<Range<usize>>,
    ) -> Result<(), BodyDefect> {
        let wrong = BodyDefect::Value(field.name());
        let seen = self.seen.get_mut(field as usize).ok_or(wrong)?;
        if mem::replace(seen, true) {
            return Err(BodyDefect::Repeated(field.name()));
        }
        if let Some(text) = checked(field.kind(), value).ok_or(wrong)? {
            let range = |place: Range<usize>| -> Option<Range<u32>> {
                Some(place.start.try_into().ok()?..place.end.try_into().ok()?)
            };
            let place = match (place, value) {
                (Some(place), Value::Text(Cow::Borrowed(_))) => range(place).map(Place::Source),
                _ => {
                    let start = self.decoded.len();
                    self.decoded.push_str(text);
                    range(start..self.decoded.len()).map(Place::Decoded)
                }
            };
            let slot = self.places.get_mut(field as usize).ok_or(wrong)?;
            *slot = Some(place.ok_or(BodyDefect::Syntax)?);
        }
        Ok(())
    }

    fn finish(self, source: Bytes) -> Result<Notice, BodyDefect> {
        for (field, place) in FieldName::ALL.iter().zip(&self.places) {
            if field.is_required() && place.is_none() {
                return Err(BodyDefect::Missing(field.name()));
            }
        }
        let mut notice = Notice {
            source,
            decoded: self.decoded,
            places: self.places,
            stage: Stage::Pending,
        };
        if notice.bytes(FieldName::Pending) == Some(b"0") {
            notice.stage = Stage::Confirmed;
        }
        Ok(notice)
    }
}

/// The value's text, if it is one that such a field may hold; `Some(None)` says that it is absent.
fn checked<'a>(kind: Kind, value: &'a Value<'_>) -> Option<Option<&'a str>> {
    let text = match value {
        Value::Absent => return Some(None),
        // The documentation has blank amounts; a blank text of any kind says nothing.
        Value::Text(text) if form::is_null(text.trim_ascii()) => {
            return (!kind.is_required()).then_some(None);
        }
        Value::Number(text) | Value::Other(text) => text,
        Value::Text(text) => &**text,
    };
    let (is_text, is_number) = match value {
        Value::Number(_) => (false, true),
        Value::Text(_) => (true, false),
        Value::Absent | Value::Other(_) => (false, false),
    };
    let valid = match kind {
        Kind::Amount => (is_text || is_number) && Amount::is_paid(text),
        Kind::Count => (is_text || is_number) && is_count(text),
        Kind::Identifier => is_text && text.len() <= Notice::MAX_IDENTIFIER_LENGTH,
        Kind::Nested => is_text || text.starts_with(['{', '[']),
        Kind::Text => is_text,
        Kind::Stage => (is_text || is_number) && matches!(text, "0" | "1"),
    };
    valid.then_some(Some(text))
}

fn is_count(text: &str) -> bool {
    // The parser would take a plus too.
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
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
            let Some(field) = FieldName::named(&name) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'de RawValue = members.next_value()?;
            let taken = match Value::from_json(raw.get()) {
                Some(value) => self.0.take(field, &value, None),
                // Half a surrogate pair: well-formed JSON, but no text.
                None => Err(BodyDefect::Syntax),
            };
            defect = defect.or(taken.err());
        }
        Ok(defect)
    }
}
