//! Comparison of the members that a [`Cursor`](super::Cursor) reads with those that `serde_json` reads, for tests
//! and for fuzzing.

use std::{borrow::Cow, fmt, ops::ControlFlow};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Malformed, Received, visit_members};

/// Checks that the cursor reads every object that `serde_json` accepts to the same members, and
/// that an object that only the cursor accepts is malformed inside its values alone.
///
/// # Panics
///
/// If the readers differ.
pub(crate) fn check(text: &str) {
    let mut values = Vec::new();
    let Ok(members) = members_by_cursor(text, &mut values) else {
        let by_serde_json = members_by_serde_json(text);
        assert!(by_serde_json.is_err(), "not read by the cursor: {text:?}");
        return;
    };
    match members_by_serde_json(text) {
        Ok(expected) => {
            assert_eq!(members, expected, "{text:?}");
            for value in values {
                let raw = value.raw();
                assert!(value.read().is_ok(), "not read by the cursor: {raw:?}");
                let expected: Option<String> = serde_json::from_str(raw).ok();
                assert_eq!(value.text().as_deref(), expected.as_deref(), "{raw:?}");
            }
        }
        Err(_) => {
            let values = members.iter().map(|(_, raw)| *raw);
            let replaced = replace(text, values);
            let expected: Vec<_> = members
                .iter()
                .map(|(name, _)| (name.clone(), "0"))
                .collect();
            let outside = members_by_serde_json(&replaced);
            assert_eq!(
                outside.ok(),
                Some(expected),
                "malformed outside values: {text:?}"
            );
        }
    }
}

type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

fn members_by_cursor<'a>(
    text: &'a str,
    values: &mut Vec<Received<'a>>,
) -> Result<Members<'a>, Malformed> {
    let mut members = Vec::new();
    visit_members(text, |name, value| {
        values.push(value);
        members.push((name, value.raw()));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(members)
}

fn members_by_serde_json(text: &str) -> serde_json::Result<Members<'_>> {
    // The names are read as bytes below, in which control characters are not rejected.
    serde_json::from_str::<IgnoredAny>(text)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(MembersVisitor)?;
    deserializer.end()?;
    Ok(members)
}

struct MembersVisitor;

impl<'a> Visitor<'a> for MembersVisitor {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Members<'a>, A::Error> {
        let mut all = Vec::new();
        while let Some(AnyName(name)) = members.next_key()? {
            let value: &'a RawValue = members.next_value()?;
            all.push((name, value.get()));
        }
        Ok(all)
    }
}

/// Name of a member, unescaped. Each half of a surrogate pair is replaced.
struct AnyName<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for AnyName<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(AnyNameVisitor)
    }
}

struct AnyNameVisitor;

impl<'a> Visitor<'a> for AnyNameVisitor {
    type Value = AnyName<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    /// Takes a name in which half a surrogate pair is three bytes that are not UTF-8.
    fn visit_bytes<E>(self, name: &[u8]) -> Result<AnyName<'a>, E> {
        let mut text = String::new();
        let mut invalid = 0_usize;
        for chunk in name.utf8_chunks() {
            text.push_str(chunk.valid());
            invalid = invalid.saturating_add(chunk.invalid().len());
            if invalid == 3 {
                text.push(char::REPLACEMENT_CHARACTER);
                invalid = 0;
            }
        }
        Ok(AnyName(text.into()))
    }
}

/// Returns the text with each value, which is a part of it, replaced by `0`.
fn replace<'a>(text: &'a str, values: impl Iterator<Item = &'a str>) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    for value in values {
        let begin = value.as_ptr().addr().saturating_sub(rest.as_ptr().addr());
        let (before, from) = rest.split_at_checked(begin).unwrap_or_default();
        replaced.push_str(before);
        replaced.push('0');
        rest = from.get(value.len()..).unwrap_or_default();
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// Sequences of structural characters, of which most are not JSON.
    fn sequence() -> impl Strategy<Value = String> {
        let parts = select(&[
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "\\",
            "\\\\",
            "\\\"",
            "\\u0061",
            "\\ud800",
            " ",
            "\n",
            "\t",
            "\0",
            "a",
            "é",
            "😀",
            "0",
            "-1.5e3",
            "NaN",
            "null",
            "true",
            "\"a\"",
            "\"a\":",
            "{}",
            "[]",
            "{\"a\":",
            "                ",
        ]);
        vec(parts, 0..80).prop_map(|parts| parts.concat())
    }

    /// Objects, with spaces so that their characters are at all positions of a block.
    fn object() -> impl Strategy<Value = String> {
        let string = r#""([a-z{}\[\]:,é]|\\["\\/bn]|\\u[0-9a-f]{4}){0,40}""#;
        let scalar = prop_oneof![
            string,
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            "null|true|false|NaN",
        ];
        let value = scalar.prop_recursive(4, 20, 5, move |inner| {
            let member = (string, " {0,3}", inner.clone());
            let member = member.prop_map(|(name, space, value)| format!("{name}:{space}{value}"));
            prop_oneof![
                vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
                vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(" ,"))),
            ]
        });
        let member = (string, "[ \n]{0,70}", value);
        let member = member.prop_map(|(name, space, value)| format!("{name}{space}:{value}"));
        (" {0,70}", vec(member, 0..6), "[ \n]{0,70}")
            .prop_map(|(space, members, end)| format!("{space}{{{}}}{end}", members.join(", ")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn members_of_sequence_equal_those_of_serde_json(text in sequence()) {
            check(&format!("{{\"a\":{text}}}"));
            check(&text);
        }

        #[test]
        fn members_of_object_equal_those_of_serde_json(text in object()) {
            check(&text);
        }

        /// Replaces or inserts one part of an object.
        #[test]
        fn members_of_changed_object_equal_those_of_serde_json(
            text in object(),
            part in select(&["", "\"", "\\", "{", "}", "[", "]", ",", ":", "\0", " ", "0"]),
            at in any::<proptest::sample::Index>(),
            length in 0..2_usize,
        ) {
            let mut text = text;
            let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let at = at.index(places.len());
            let end = places.iter().skip(at).nth(length).copied();
            let end = end.unwrap_or(text.len());
            text.replace_range(places[at]..end, part);
            check(&text);
        }
    }

    /// A run of backslashes of each length ends at each position of a block.
    #[test]
    fn backslashes_before_quote_are_counted_at_each_position() {
        for position in (0..130).step_by(3) {
            for backslashes in [0, 1, 2, 3, 62, 63, 64, 65, 66] {
                let (space, run) = (" ".repeat(position), "\\".repeat(backslashes));
                check(&format!("{{{space}\"{run}\":1}}"));
                check(&format!("{{{space}\"{run}\\\"\":[\"{run}\"],\"a\":1}}"));
            }
        }
    }
}
