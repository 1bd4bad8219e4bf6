//! Reads the provider's fields out of a query, a form or a JSON object.

use std::{
    borrow::Cow,
    mem,
    ops::{ControlFlow, Range},
    str,
};

use bytes::Bytes;

use super::{
    CallbackFields,
    fields::{FieldName, Flags, Kind, Place, Places},
};
use crate::{
    Amount, MalformedReason,
    decode::{
        self, form,
        json::{Malformed, Value, visit_members},
    },
    event::Stage,
};

impl CallbackFields {
    /// Reads the query of a URL, which begins at `query_at`. Ignores pairs whose name is not plain,
    /// because they may come from the callback URL and must not invalidate a payment.
    pub(super) fn from_query(url: String, query_at: usize) -> Result<Self, Defect> {
        let reading = Reading::of_pairs(&url, query_at, |_| true);
        reading.finish(url.into())
    }

    /// Reads a form. Every name must be plain, because signed text of another kind can also be
    /// split into pairs.
    pub(super) fn from_form(body: &Bytes) -> Result<Self, Defect> {
        let text = str::from_utf8(body).map_err(|_| MalformedReason::Syntax)?;
        let text = form::without_line_ends(decode::without_byte_order_mark(text));
        let reading = Reading::of_pairs(text, 0, |name| name.is_some());
        reading.finish(body.slice_ref(text.as_bytes()))
    }

    /// Reads a JSON object.
    pub(super) fn from_json(body: &Bytes) -> Result<Self, Defect> {
        let text = str::from_utf8(body).map_err(|_| MalformedReason::Syntax)?;
        let text = decode::without_byte_order_mark(text);
        let mut reading = Reading::default();
        let read = reading.take_members(text);
        read.map_err(|Malformed| MalformedReason::Syntax)?;
        reading.finish(body.slice_ref(text.as_bytes()))
    }
}

/// Rule that a signed callback breaks, with the id of the payment if it is known.
#[derive(Debug)]
pub(super) struct Defect {
    pub(super) reason: MalformedReason,
    pub(super) uuid: Option<Box<str>>,
}

impl From<MalformedReason> for Defect {
    fn from(reason: MalformedReason) -> Self {
        Self { reason, uuid: None }
    }
}

/// Callback fields while they are read.
#[derive(Default)]
struct Reading {
    decoded: String,
    places: Places,
    seen: Flags,
    unreadable: Flags,
    /// The first rule that is broken. Reading continues, to find the `uuid` for the log.
    broken: Option<MalformedReason>,
}

impl Reading {
    /// Reads the pairs that begin at `begin`.
    fn of_pairs(text: &str, begin: usize, is_accepted: impl Fn(Option<&str>) -> bool) -> Self {
        let pairs = text.get(begin..).unwrap_or_default();
        let mut reading = Self::default();
        for pair in form::pairs(pairs) {
            // Most names are not encoded.
            let field = match FieldName::named(pair.encoded_name()) {
                Some(field) => field,
                None => {
                    let name = pair.name();
                    if !is_accepted(name.as_deref()) {
                        reading.broken.get_or_insert(MalformedReason::Syntax);
                    }
                    match name.as_deref().and_then(FieldName::named) {
                        Some(field) => field,
                        None => continue,
                    }
                }
            };
            let Range { start, end } = pair.place();
            let place = begin.saturating_add(start)..begin.saturating_add(end);
            let raw = pair.encoded_value();
            let value = pair.text().map_or(Value::Other(raw), Value::Text);
            reading.take(field, &value, Some(place));
        }
        reading
    }

    /// Takes the members of a JSON object. Reads to the end even if a rule is broken, so that
    /// invalid syntax is reported as such.
    fn take_members(&mut self, text: &str) -> Result<(), Malformed> {
        visit_members(text, |name, value| {
            if let Some(field) = FieldName::named(&name) {
                self.take(field, &value.read()?, None);
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Takes a field, and keeps the first rule that is broken.
    fn take(&mut self, field: FieldName, value: &Value<'_>, place: Option<Range<usize>>) {
        if let Err(reason) = self.try_take(field, value, place) {
            self.broken.get_or_insert(reason);
        }
    }

    /// Takes a field. `place` is the place of the value in a form or query. Values in JSON have
    /// none.
    fn try_take(
        &mut self,
        field: FieldName,
        value: &Value<'_>,
        place: Option<Range<usize>>,
    ) -> Result<(), MalformedReason> {
        let wrong = MalformedReason::Value(field.name());
        let seen = self.seen.get_mut(field as usize).ok_or(wrong)?;
        if mem::replace(seen, true) {
            return Err(MalformedReason::Repeated(field.name()));
        }
        let checked = match (value, &place) {
            // A pair that cannot be decoded.
            (Value::Other(_), Some(_)) => None,
            _ => checked(field.kind(), value),
        };
        let text = match checked {
            Some(None) => return Ok(()),
            Some(Some(text)) => text,
            None if field.is_needed() => return Err(wrong),
            None => {
                *self.unreadable.get_mut(field as usize).ok_or(wrong)? = true;
                raw_text(value)
            }
        };
        let range = |place: Range<usize>| -> Option<Range<u32>> {
            Some(place.start.try_into().ok()?..place.end.try_into().ok()?)
        };
        let place = match (place, value) {
            (Some(place), Value::Text(Cow::Borrowed(_)) | Value::Other(_)) => {
                range(place).map(Place::Source)
            }
            _ => {
                let start = self.decoded.len();
                self.decoded.push_str(text);
                range(start..self.decoded.len()).map(Place::Decoded)
            }
        };
        let slot = self.places.get_mut(field as usize).ok_or(wrong)?;
        *slot = Some(place.ok_or(MalformedReason::Syntax)?);
        Ok(())
    }

    fn finish(self, source: Bytes) -> Result<CallbackFields, Defect> {
        let mut fields = FieldName::ALL.iter().zip(&self.places);
        let missing = fields.find(|(field, place)| field.is_required() && place.is_none());
        let missing = missing.map(|(field, _)| MalformedReason::Missing(field.name()));
        let mut fields = CallbackFields {
            source,
            decoded: self.decoded,
            places: self.places,
            unreadable: self.unreadable,
            stage: Stage::Pending,
        };
        if let Some(reason) = self.broken.or(missing) {
            let is_ambiguous = reason == MalformedReason::Repeated(FieldName::Uuid.name());
            let uuid = fields.text(FieldName::Uuid).filter(|_| !is_ambiguous);
            let uuid = uuid.map(Into::into);
            return Err(Defect { reason, uuid });
        }
        if fields.bytes(FieldName::Pending) == Some(b"0") {
            fields.stage = Stage::Confirmed;
        }
        Ok(fields)
    }
}

/// Returns the text of the value if a field of this kind may hold it, or `Some(None)` if the field
/// counts as absent.
fn checked<'a>(kind: Kind, value: &'a Value<'_>) -> Option<Option<&'a str>> {
    let (is_text, is_number) = match value {
        Value::Absent => return Some(None),
        // The provider's documentation has blank amounts. A blank text counts as absent, and is
        // invalid in a required field.
        Value::Text(text) if form::is_null(text.trim_ascii()) => {
            return (!kind.is_required()).then_some(None);
        }
        Value::Number(_) => (false, true),
        Value::Text(_) => (true, false),
        Value::Other(_) => (false, false),
    };
    let text = raw_text(value);
    let valid = match kind {
        Kind::Amount => (is_text || is_number) && Amount::is_non_negative(text),
        Kind::Count => (is_text || is_number) && is_count(text),
        Kind::Identifier => {
            is_text
                && text.len() <= CallbackFields::MAX_IDENTIFIER_LENGTH
                && !text.contains(char::is_control)
        }
        Kind::Nested => is_text || text.starts_with(['{', '[']),
        Kind::Text => is_text && !text.contains(char::is_control),
        Kind::Stage => (is_text || is_number) && matches!(text, "0" | "1"),
    };
    valid.then_some(Some(text))
}

fn raw_text<'a>(value: &'a Value<'_>) -> &'a str {
    match value {
        Value::Absent => "",
        Value::Number(text) | Value::Other(text) => text,
        Value::Text(text) => text,
    }
}

fn is_count(text: &str) -> bool {
    // The parser also accepts a plus sign.
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}
