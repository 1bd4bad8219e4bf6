//! Members of a JSON object, with their values as received.

use std::{borrow::Cow, fmt, ops::ControlFlow};

#[cfg(feature = "cryptocloud")]
use memchr::memmem;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::json::AnyName;
#[cfg(feature = "cryptapi")]
use super::json::text;

/// Result of searching an object for one member.
#[cfg(feature = "cryptocloud")]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Member<'a> {
    Absent,
    Once(&'a str),
    Repeated,
}

#[cfg(feature = "cryptocloud")]
impl<'a> Member<'a> {
    /// Searches a well-formed JSON value for a member. A value that is not an object has no
    /// members.
    pub(crate) fn find(object: &'a str, name: &str) -> Self {
        if !object.starts_with('{') {
            return Self::Absent;
        }
        let bytes = object.as_bytes();
        // If nothing is escaped, the member occurs at most as often as its name does in the text,
        // so the search can end before the object does.
        let most = match memchr::memchr(b'\\', bytes) {
            Some(_) => usize::MAX,
            None => memmem::find_iter(bytes, name).take(2).count(),
        };
        let mut member = Self::Absent;
        if most > 0 {
            let visit = |_, value| {
                let is_first = member == Self::Absent;
                member = match is_first {
                    true => Self::Once(value),
                    false => Self::Repeated,
                };
                match is_first && most > 1 {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            };
            // The object is well-formed, so there is no result only if the search ended early.
            let _ = visit_members(object, |other| other == name, visit);
        }
        member
    }
}

/// Returns the members of an object whose names are wanted, or `None` if `raw` is not an object.
#[cfg(feature = "cryptapi")]
pub(crate) fn members<'a>(
    raw: &'a str,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<Vec<(Cow<'a, str>, &'a str)>> {
    let mut all = Vec::new();
    visit_members(raw, is_wanted, |name, value| {
        all.push((name, value));
        ControlFlow::Continue(())
    })?;
    Some(all)
}

/// Returns the value of a member, with texts decoded and others as received, or `None` for a string
/// with half a surrogate pair.
#[cfg(feature = "cryptapi")]
pub(crate) fn value_text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.starts_with('"') {
        true => text(raw),
        false => Some(Cow::Borrowed(raw)),
    }
}

/// Calls `visit` with each wanted member, in order and until it breaks. Returns `None` if it broke
/// before the end, or if `raw` is not an object.
fn visit_members<'a>(
    raw: &'a str,
    is_wanted: impl Fn(&str) -> bool,
    visit: impl FnMut(Cow<'a, str>, &'a str) -> ControlFlow<()>,
) -> Option<()> {
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let members = Members { is_wanted, visit };
    deserializer.deserialize_map(members).ok()?;
    deserializer.end().ok()
}

struct Members<W, V> {
    is_wanted: W,
    visit: V,
}

impl<'a, W, V> Visitor<'a> for Members<W, V>
where
    W: Fn(&str) -> bool,
    V: FnMut(Cow<'a, str>, &'a str) -> ControlFlow<()>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(AnyName(name)) = members.next_key()? {
            if !(self.is_wanted)(&name) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'a RawValue = members.next_value()?;
            if (self.visit)(name, value.get()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "cryptocloud")]
    #[test]
    fn member_is_found_in_each_spelling() {
        let once = |raw| Member::Once(raw);
        let cases = [
            (r#"{"a":1,"uuid":"x","b":{"c":2}}"#, once(r#""x""#)),
            (r#"{"a":"uuid","uuid":2}"#, once("2")),
            (r#"{"a":{"uuid":1}}"#, Member::Absent),
            (r#"{"a":{"uuid":1},"uuid":2}"#, once("2")),
            (r#"{"uuid":1,"a":"uuid"}"#, once("1")),
            (r#"{"uui\u0064":1}"#, once("1")),
            (r#"{"uuid":1,"uui\u0064":2}"#, Member::Repeated),
            (r#"{"uuid":1,"uuid":1}"#, Member::Repeated),
            (r#"{"a":"\"uuid\":1"}"#, Member::Absent),
            (r#"{"\ud800":1,"uuid":2}"#, once("2")),
            (r#"{"uuid":1,"\ud800":2}"#, once("1")),
            (r#"{"uuid":1,"\ud800":2,"uuid":3}"#, Member::Repeated),
            (r#"{"a":"\ud800","uuid":2}"#, once("2")),
            (r#"[{"uuid":1}]"#, Member::Absent),
            (r#""uuid""#, Member::Absent),
            ("1e400", Member::Absent),
            ("{}", Member::Absent),
        ];
        for (object, expected) in cases {
            assert_eq!(Member::find(object, "uuid"), expected, "{object}");
        }
    }

    #[cfg(feature = "cryptapi")]
    #[test]
    fn members_are_returned_in_order() {
        let object = r#"{"a":"\u00e4","b":1.50,"a":{"c":"d"},"e":"\ud800","\ud800":null}"#;
        let all = members(object, |_| true).unwrap();
        let values: Vec<_> = all.iter().map(|(_, raw)| value_text(raw)).collect();
        let values: Vec<_> = values.iter().map(|value| value.as_deref()).collect();
        let expected = [
            Some("\u{e4}"),
            Some("1.50"),
            Some(r#"{"c":"d"}"#),
            None,
            Some("null"),
        ];
        assert_eq!(values, expected);
        let names: Vec<_> = all.iter().take(4).map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "b", "a", "e"]);
        for raw in ["", "[]", "1", r#"{"a":1} x"#, r#"{"a":1"#] {
            assert_eq!(members(raw, |_| true), None, "{raw}");
        }
        let wanted = members(object, |name| name == "a").unwrap();
        assert_eq!(wanted.len(), 2);
    }
}
