//! Members of JSON objects. Values are only delimited, byte by byte, because a value that is not
//! needed may be malformed inside.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, Visitor},
};

/// Returns names and values of an object's members, in order, or `None` if the text is not an
/// object and nothing else. Half a surrogate pair in a name is replaced.
#[must_use]
pub fn members(text: &str) -> Option<Vec<(String, &str)>> {
    let mut rest = after(text, "{")?;
    let mut members = Vec::new();
    if let Some(end) = after(rest, "}") {
        return is_blank(end).then_some(members);
    }
    loop {
        rest = rest.trim_start_matches(SPACE);
        let (name, value) = split(rest)?;
        // Control characters in bytes are not an error to `serde_json`.
        let name: Name = serde_json::from_str(name)
            .ok()
            .filter(|_| is_well_formed(name))?;
        let value = after(value, ":")?.trim_start_matches(SPACE);
        let (raw, next) = split(value)?;
        members.push((name.0, raw));
        match after(next, "}") {
            Some(end) => return is_blank(end).then_some(members),
            None => rest = after(next, ",")?,
        }
    }
}

/// Returns the text of a JSON string, or `None` for any other value and for half a surrogate pair.
#[must_use]
pub fn text(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// Returns whether a value is well-formed.
#[must_use]
pub fn is_well_formed(raw: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(raw).is_ok()
}

/// Returns whether a value is an array or an object, well-formed or not.
#[must_use]
pub fn is_container(raw: &str) -> bool {
    raw.starts_with(['{', '['])
}

/// Returns the only value of a member, or `None` if the member is absent or repeated.
#[must_use]
pub fn single<'a>(members: &[(String, &'a str)], name: &str) -> Option<&'a str> {
    let mut found = members.iter().filter(|(it, _)| it == name);
    match (found.next(), found.next()) {
        (Some((_, raw)), None) => Some(raw),
        _ => None,
    }
}

/// White space of JSON.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_blank(text: &str) -> bool {
    text.trim_start_matches(SPACE).is_empty()
}

fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.trim_start_matches(SPACE).strip_prefix(prefix)
}

/// Splits a text into its first value and the rest.
fn split(text: &str) -> Option<(&str, &str)> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "+-.".contains(it);
    let length = match text.as_bytes().first()? {
        b'"' | b'{' | b'[' => length(text)?,
        _ => text.find(|it| !is_part(it)).unwrap_or(text.len()),
    };
    text.split_at_checked(length)
        .filter(|(value, _)| !value.is_empty())
}

/// Returns the length of a string, or of an array or object whose brackets are balanced outside
/// its strings. A backslash has a meaning before a quote only, inside strings and outside.
fn length(text: &str) -> Option<usize> {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => is_in_string = !is_in_string,
            b'[' | b'{' if !is_in_string => depth += 1,
            b']' | b'}' if !is_in_string => depth -= 1,
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
        if depth == 0 && !is_in_string {
            return Some(at + 1);
        }
    }
    None
}

struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Name, E> {
        Ok(Name(String::from_utf8_lossy(name).into_owned()))
    }
}
