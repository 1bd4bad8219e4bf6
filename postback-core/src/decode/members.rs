use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::json::{AnyName, text};

/// A name, and a value if it is no string of half a surrogate pair.
type Member<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// The members of an object with their values: texts decoded, all others as they stand. `None` if `raw`
/// is no object.
pub(crate) fn members(raw: &str) -> Option<Vec<Member<'_>>> {
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let members = deserializer.deserialize_map(Visit).ok()?;
    deserializer.end().ok()?;
    Some(members)
}

struct Visit;

impl<'a> Visitor<'a> for Visit {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((AnyName(name), value)) = members.next_entry()? {
            let value: &'a RawValue = value;
            let raw = value.get();
            let value = match raw.starts_with('"') {
                true => text(raw),
                false => Some(Cow::Borrowed(raw)),
            };
            all.push((name, value));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_members_in_order() {
        let all = members(r#"{"a":"\u00e4","b":1.50,"a":{"c":"d"},"e":"\ud800","\ud800":null}"#);
        let all = all.unwrap();
        let values: Vec<_> = all.iter().map(|(_, value)| value.as_deref()).collect();
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
            assert_eq!(members(raw), None, "{raw}");
        }
    }
}
