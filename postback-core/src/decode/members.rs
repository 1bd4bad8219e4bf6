use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::json::{AnyName, text};

/// Returns the members of an object whose names are wanted, with their values as received, or
/// `None` if `raw` is not an object.
pub(crate) fn members<'a>(
    raw: &'a str,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<Vec<(Cow<'a, str>, &'a str)>> {
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let members = deserializer.deserialize_map(Visit(is_wanted)).ok()?;
    deserializer.end().ok()?;
    Some(members)
}

/// Returns the value of a member, with texts decoded and others as received, or `None` for a string
/// with half a surrogate pair.
pub(crate) fn value_text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.starts_with('"') {
        true => text(raw),
        false => Some(Cow::Borrowed(raw)),
    }
}

struct Visit<F>(F);

impl<'a, F: Fn(&str) -> bool> Visitor<'a> for Visit<F> {
    type Value = Vec<(Cow<'a, str>, &'a str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(AnyName(name)) = members.next_key()? {
            let value: &'a RawValue = members.next_value()?;
            if self.0(&name) {
                all.push((name, value.get()));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
