use std::{borrow::Cow, ops::ControlFlow};

#[cfg(feature = "cryptocloud")]
use memchr::memmem;

use super::{Cursor, Malformed, Received};

/// Result of searching an object for one member.
#[cfg(feature = "cryptocloud")]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Member<'a> {
    /// The object does not contain the member, is malformed, or is another value.
    Absent,
    Once(Received<'a>),
    Repeated,
}

#[cfg(feature = "cryptocloud")]
impl<'a> Member<'a> {
    pub(crate) fn find(object: &'a str, name: &str) -> Self {
        let bytes = object.as_bytes();
        // If nothing is escaped, the member occurs at most as often as its name does in the text,
        // so the search can end before the object does.
        let most = match memchr::memchr(b'\\', bytes) {
            Some(_) => usize::MAX,
            None => memmem::find_iter(bytes, name).take(2).count(),
        };
        if most == 0 {
            return Self::Absent;
        }
        let mut member = Self::Absent;
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
        match visit_members(object, |other| other == name, visit) {
            Ok(()) => member,
            Err(Malformed) => Self::Absent,
        }
    }
}

/// Returns the members of an object whose names are wanted, or `None` if `raw` is not an object.
#[cfg(feature = "cryptapi")]
pub(crate) fn members<'a>(
    raw: &'a str,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<Vec<(Cow<'a, str>, Received<'a>)>> {
    let mut all = Vec::new();
    let visited = visit_members(raw, is_wanted, |name, value| {
        all.push((name, value));
        ControlFlow::Continue(())
    });
    visited.is_ok().then_some(all)
}

/// Calls `visit` with each wanted member, in order and until it breaks.
fn visit_members<'a>(
    raw: &'a str,
    is_wanted: impl Fn(&str) -> bool,
    mut visit: impl FnMut(Cow<'a, str>, Received<'a>) -> ControlFlow<()>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(raw);
    if !cursor.enter_object() {
        return Err(Malformed);
    }
    while let Some(name) = cursor.name()? {
        let value = cursor.value()?;
        if is_wanted(&name) && visit(name, value).is_break() {
            return Ok(());
        }
    }
    cursor.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "cryptocloud")]
    #[test]
    fn member_is_found_in_each_spelling() {
        let once = |raw| {
            let value = Cursor::new(raw).value();
            Member::Once(value.unwrap())
        };
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
        let values: Vec<_> = all.iter().map(|(_, value)| value.text_or_raw()).collect();
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
