//! Strict decoding of a verified body into the payload type of a provider.

use std::{fmt::Display, str};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, Visitor, value},
    forward_to_deserialize_any,
};

use serde_path_to_error::Segment;

use crate::{
    MalformedReason, Rejection,
    decode::{form, without_byte_order_mark},
};

/// Decodes a body of JSON.
///
/// One byte order mark at the start is skipped. If `T` is a struct, the body must be an object.
///
/// ```
/// use postback_core::{MalformedReason, Rejection, body};
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, PartialEq)]
/// struct Paid {
///     order: u32,
/// }
///
/// assert_eq!(body::from_json(br#"{"order": 7, "more": []}"#), Ok(Paid { order: 7 }));
/// let reason = |json| match body::from_json::<Paid>(json) {
///     Err(Rejection::Malformed(reason)) => Some(reason),
///     _ => None,
/// };
/// assert_eq!(reason(b"{}"), Some(MalformedReason::Missing("order")));
/// assert_eq!(reason(br#"{"order": "7"}"#), Some(MalformedReason::Value("order")));
/// assert_eq!(reason(br#"{"order": 7, "order": 7}"#), Some(MalformedReason::Repeated("order")));
/// assert_eq!(reason(b"order=7"), Some(MalformedReason::Syntax));
/// ```
///
/// # Errors
///
/// [`Rejection::Malformed`]. The reason names a field of the struct `T`, or is
/// [`MalformedReason::Syntax`]. It is always the latter for an enum, and for a struct with
/// `serde(flatten)`.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejection> {
    let text = text(body)?;
    // `serde` also decodes an array as a struct.
    if FieldNames::of::<T>().is_some() && !text.trim_start().starts_with('{') {
        return Err(MALFORMED);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let decoded = serde_path_to_error::deserialize(&mut deserializer);
    let decoded = decoded.map_err(|error| {
        let is_data_error = error.inner().is_data();
        reason::<T>(is_data_error, error.path(), error.inner())
    })?;
    match deserializer.end() {
        Ok(()) => Ok(decoded),
        Err(_) => Err(MALFORMED),
    }
}

/// Decodes a form (`application/x-www-form-urlencoded`).
///
/// One byte order mark at the start and line ends at the end are skipped. Each name and value must
/// be strictly encoded: a `%` without two hexadecimal digits, or bytes that are not UTF-8, are
/// malformed.
///
/// Numbers are parsed as Rust does. Declare an amount as a [`String`] and parse it as an
/// [`Amount`](crate::Amount).
///
/// ```
/// use postback_core::{MalformedReason, Rejection, body};
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, PartialEq)]
/// struct Paid {
///     order: u32,
///     memo: String,
/// }
///
/// let paid = Paid { order: 7, memo: "a b".to_owned() };
/// assert_eq!(body::from_form(b"order=7&memo=a+b&more=1"), Ok(paid));
/// let reason = |form| match body::from_form::<Paid>(form) {
///     Err(Rejection::Malformed(reason)) => Some(reason),
///     _ => None,
/// };
/// assert_eq!(reason(b"order=7"), Some(MalformedReason::Missing("memo")));
/// assert_eq!(reason(b"order=x&memo="), Some(MalformedReason::Value("order")));
/// assert_eq!(reason(b"order=7&order=7&memo="), Some(MalformedReason::Repeated("order")));
/// assert_eq!(reason(b"order=7&memo=%zz"), Some(MalformedReason::Syntax));
/// ```
///
/// # Errors
///
/// [`Rejection::Malformed`]. The reason names a field of the struct `T`, or is
/// [`MalformedReason::Syntax`]. It is always the latter for an enum, and for a struct with
/// `serde(flatten)`.
pub fn from_form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejection> {
    let text = form::without_line_ends(text(body)?);
    if !form::pairs(text).all(|pair| pair.is_strictly_encoded()) {
        return Err(MALFORMED);
    }
    let pairs = form_urlencoded::parse(text.as_bytes());
    let deserializer = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| reason::<T>(true, error.path(), error.inner()))
}

const MALFORMED: Rejection = Rejection::Malformed(MalformedReason::Syntax);

fn text(body: &[u8]) -> Result<&str, Rejection> {
    let text = str::from_utf8(body).map_err(|_| MALFORMED)?;
    Ok(without_byte_order_mark(text))
}

/// Returns why `T` was not decoded, with the name of the invalid field of `T` if there is one.
fn reason<'de, T: Deserialize<'de>>(
    is_data_error: bool,
    path: &serde_path_to_error::Path,
    error: &impl Display,
) -> Rejection {
    let names = FieldNames::of::<T>().unwrap_or_default();
    let field = |name: &str| names.iter().copied().find(|field| *field == name);
    let error = error.to_string();
    let outermost = path.iter().next().and_then(|segment| match segment {
        Segment::Map { key } => field(key),
        _ => None,
    });
    // `begin` is how the messages of `serde` begin. Below the root, they name a nested field.
    let named = |begin: &str| {
        let name = error.strip_prefix(begin)?.strip_prefix('`')?;
        field(name.split_once('`')?.0).filter(|_| outermost.is_none())
    };
    Rejection::Malformed(if !is_data_error {
        MalformedReason::Syntax
    } else if let Some(missing) = named("missing field ") {
        MalformedReason::Missing(missing)
    } else if let Some(repeated) = named("duplicate field ") {
        MalformedReason::Repeated(repeated)
    } else {
        outermost.map_or(MalformedReason::Syntax, MalformedReason::Value)
    })
}

/// Deserializer that finds the names of a struct's fields, and decodes nothing.
struct FieldNames(Option<&'static [&'static str]>);

impl FieldNames {
    /// Returns the names, if `T` is a struct that `serde` reads field by field.
    fn of<'de, T: Deserialize<'de>>() -> Option<&'static [&'static str]> {
        let mut names = Self(None);
        let _ = T::deserialize(&mut names);
        names.0
    }
}

impl<'de> Deserializer<'de> for &mut FieldNames {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("expected a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        self.0 = Some(fields);
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        #[serde(rename = "type")]
        _kind: String,
        #[serde(rename = "payment")]
        _payment: Payment,
    }

    #[derive(Debug, Deserialize)]
    struct Payment {
        #[serde(rename = "value")]
        _value: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(transparent)]
    struct Wrapped {
        _event: Event,
    }

    #[derive(Debug, Deserialize)]
    struct Nested {
        #[serde(rename = "id")]
        _id: String,
        #[serde(rename = "item")]
        _item: Item,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        #[serde(rename = "id")]
        _id: String,
        #[serde(rename = "item")]
        _item: String,
    }

    #[test]
    fn nested_field_with_repeated_name_is_reported_as_outer_field() {
        for (json, expected) in [
            (r#"{"id":"1","item":{"id":"2","item":"3"}}"#, None),
            (
                r#"{"id":"1","item":{"item":"3"}}"#,
                Some(MalformedReason::Value("item")),
            ),
            (
                r#"{"id":"1","item":{"id":"2"}}"#,
                Some(MalformedReason::Value("item")),
            ),
            (
                r#"{"id":"1","item":{"id":"2","id":"2","item":"3"}}"#,
                Some(MalformedReason::Value("item")),
            ),
            (
                r#"{"id":"1","item":{"id":"2","item":"3","item":"3"}}"#,
                Some(MalformedReason::Value("item")),
            ),
            (
                r#"{"id":"1","id":"1","item":{"id":"2","item":"3"}}"#,
                Some(MalformedReason::Repeated("id")),
            ),
            (
                r#"{"id":"1","item":{"id":"2","item":"3"},"item":{}}"#,
                Some(MalformedReason::Repeated("item")),
            ),
            (
                r#"{"item":{"id":"2","item":"3"}}"#,
                Some(MalformedReason::Missing("id")),
            ),
        ] {
            assert_eq!(reason_of::<Nested>(json), expected, "{json}");
        }
    }

    fn reason_of<T: DeserializeOwned>(json: &str) -> Option<MalformedReason> {
        match from_json::<T>(json.as_bytes()) {
            Err(Rejection::Malformed(reason)) => Some(reason),
            _ => None,
        }
    }

    #[test]
    fn malformed_reason_names_outermost_field() {
        let whole = r#"{"type":"a","payment":{"value":"1"}}"#;
        for (json, expected) in [
            (whole.to_owned(), None),
            (format!("\u{feff}{whole}"), None),
            (format!("{whole} x"), Some(MalformedReason::Syntax)),
            (
                whole.replace("\"a\"", "1"),
                Some(MalformedReason::Value("type")),
            ),
            (
                whole.replace("\"1\"", "1"),
                Some(MalformedReason::Value("payment")),
            ),
            // A nested field is reported as the field that contains it.
            (
                whole.replace("value", "other"),
                Some(MalformedReason::Value("payment")),
            ),
            (
                whole.replace("type", "other"),
                Some(MalformedReason::Missing("type")),
            ),
            (
                whole.replace("payment", "type"),
                Some(MalformedReason::Repeated("type")),
            ),
            ("[]".to_owned(), Some(MalformedReason::Syntax)),
            (
                r#"["a",{"value":"1"}]"#.to_owned(),
                Some(MalformedReason::Syntax),
            ),
            ("{".to_owned(), Some(MalformedReason::Syntax)),
            (String::new(), Some(MalformedReason::Syntax)),
        ] {
            assert_eq!(reason_of::<Event>(&json), expected, "{json}");
            assert_eq!(reason_of::<Wrapped>(&json), expected, "{json}");
        }
    }

    #[test]
    fn body_with_invalid_utf8_is_malformed() {
        assert_eq!(
            from_json::<Event>(b"{\"type\":\"\xff\"}").err(),
            Some(MALFORMED)
        );
        assert_eq!(from_form::<Payment>(b"value=%ff").err(), Some(MALFORMED));
        assert!(
            from_form::<Payment>(b"value=%c3%a4\r\n").is_ok(),
            "control case"
        );
    }
}
