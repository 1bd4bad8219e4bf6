use std::fmt;

use memchr::memmem;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::json::AnyName;

/// Result of searching an object for a member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Member<'a> {
    Absent,
    Once(&'a str),
    Repeated,
}

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
            let search = Search {
                name,
                most,
                member: &mut member,
            };
            // The object is well-formed, so an error means that the search ended early.
            let _ = serde_json::Deserializer::from_str(object).deserialize_map(search);
        }
        member
    }
}

struct Search<'a, 'b> {
    name: &'b str,
    most: usize,
    member: &'b mut Member<'a>,
}

impl<'a> Visitor<'a> for Search<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(AnyName(name)) = members.next_key()? {
            if name != self.name {
                members.next_value::<IgnoredAny>()?;
            } else if *self.member == Member::Absent {
                let value: &'a RawValue = members.next_value()?;
                *self.member = Member::Once(value.get());
                if self.most == 1 {
                    break;
                }
            } else {
                *self.member = Member::Repeated;
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
