use std::{borrow::Cow, ops::ControlFlow};

use super::{Cursor, Malformed, Received};

/// Returns the members of an object whose names are wanted, or `None` if `raw` is malformed or is
/// not an object.
#[cfg(feature = "cryptapi")]
pub(crate) fn members<'a>(
    raw: &'a str,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<Vec<(Cow<'a, str>, Received<'a>)>> {
    let mut all = Vec::new();
    let visited = visit_members(raw, |name, value| {
        if is_wanted(&name) {
            all.push((name, value));
        }
        Ok(ControlFlow::Continue(()))
    });
    visited.is_ok().then_some(all)
}

/// Calls `visit` with each member of an object, in order and until it breaks or fails.
///
/// # Errors
///
/// If the text up to the last visited member, or else the whole text, is not one well-formed
/// object.
pub(crate) fn visit_members<'a>(
    raw: &'a str,
    mut visit: impl FnMut(Cow<'a, str>, Received<'a>) -> Result<ControlFlow<()>, Malformed>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(raw);
    if !cursor.enter_object() {
        return Err(Malformed);
    }
    while let Some(name) = cursor.name()? {
        let value = cursor.value()?;
        if visit(name, value)?.is_break() {
            return Ok(());
        }
    }
    cursor.end()
}

#[cfg(all(test, feature = "cryptapi"))]
mod tests {
    use super::*;

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
