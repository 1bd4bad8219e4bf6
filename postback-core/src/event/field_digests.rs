use std::{collections::BTreeMap, fmt};

use sha2::{Digest, Sha256};

use crate::hexadecimal;

/// Digests of the fields of a payment that must not change from one delivery to the next.
///
/// Each field has a digest of its own, so that a change can be named. A digest does not protect a
/// value that can be guessed.
///
/// The text form is the version `1`, then for each field, in the order of the names, the name and
/// the first 16 bytes of a SHA-256 as hexadecimal digits: `1;amount_crypto=…;currency=…`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FieldDigests(Box<str>);

impl FieldDigests {
    /// Creates the digests of a payment whose fields are not known, such as one that was imported.
    /// Their text form is `unknown`.
    #[must_use]
    pub fn unknown() -> Self {
        Self(UNKNOWN.into())
    }

    /// Returns true if the fields are not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        &*self.0 == UNKNOWN
    }

    /// Returns the text form, to be stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Creates the digests from a stored text form, or returns `None` if it is invalid.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let is_stored = match text.split_once(';') {
            None => text == VERSION || text == UNKNOWN,
            Some((VERSION, fields)) => fields.split(';').all(|field| {
                field.split_once('=').is_some_and(|(name, digest)| {
                    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                    !name.is_empty() && digest.len() == 32 && digest.bytes().all(is_digit)
                })
            }),
            Some(_) => false,
        };
        is_stored.then(|| Self(text.into()))
    }

    /// Returns the names of the fields that differ in `other` or occur in only one of the two, in
    /// order.
    #[must_use]
    pub fn changed_fields(&self, other: &Self) -> Vec<String> {
        let (one, other) = (self.fields(), other.fields());
        let names = one.keys().chain(other.keys());
        let mut changed: Vec<String> = names
            .filter(|name| one.get(*name) != other.get(*name))
            .map(|name| (*name).to_owned())
            .collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Creates the digests of named values; a field without a value is left out. Another `purpose`
    /// results in other digests of the same values.
    pub(crate) fn new<'a>(
        purpose: &str,
        fields: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Self {
        let mut hashes: BTreeMap<&str, Sha256> = BTreeMap::new();
        for (name, value) in fields {
            let Some(value) = value else { continue };
            // Each text is hashed with its length, so different lists have different input. The
            // hash of a repeated field includes each of its values.
            let hash = hashes.entry(name).or_default();
            for text in [purpose, name, value] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
        let mut text = VERSION.to_owned();
        for (name, hash) in hashes {
            let digest = hash.finalize();
            let (begin, _) = digest.split_at(16);
            text.extend([";", &escaped(name), "=", &hexadecimal::encode(begin)]);
        }
        Self(text.into())
    }

    fn fields(&self) -> BTreeMap<&str, &str> {
        let fields = self.0.split(';').skip(1);
        fields.filter_map(|field| field.split_once('=')).collect()
    }
}

const UNKNOWN: &str = "unknown";
const VERSION: &str = "1";

/// Escapes the separators in a name. Different names stay different.
fn escaped(name: &str) -> String {
    match name {
        "" => "%".to_owned(),
        name => name
            .replace('%', "%25")
            .replace(';', "%3B")
            .replace('=', "%3D"),
    }
}

impl fmt::Debug for FieldDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldDigests({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields<'a> = &'a [(&'a str, Option<&'a str>)];

    fn digests(fields: Fields<'_>) -> FieldDigests {
        FieldDigests::new("test 1", fields.iter().copied())
    }

    #[test]
    fn changed_fields_are_named() {
        let stored = digests(&[("a", Some("1")), ("b", Some("2")), ("c", None)]);
        let cases: [(Fields<'_>, &[&str]); 6] = [
            (&[("a", Some("1")), ("b", Some("2"))], &[]),
            (&[("b", Some("2")), ("a", Some("1"))], &[]),
            (&[("a", Some("2")), ("b", Some("2"))], &["a"]),
            (&[("a", Some("1")), ("b", None)], &["b"]),
            (&[("a", Some("1")), ("b", Some(""))], &["b"]),
            (&[("c", Some("1")), ("b", Some("2"))], &["a", "c"]),
        ];
        for (fields, expected) in cases {
            let now = digests(fields);
            assert_eq!(stored.changed_fields(&now), expected, "{fields:?}");
            assert_eq!(now == stored, expected.is_empty(), "{fields:?}");
        }
    }

    #[test]
    fn equal_values_of_two_providers_or_fields_have_different_digests() {
        let one = digests(&[("a", Some("1")), ("b", Some("1"))]);
        let other = FieldDigests::new("test 2", [("a", Some("1")), ("b", Some("1"))]);
        assert_eq!(one.changed_fields(&other), ["a", "b"]);
        let fields = one.fields();
        assert_ne!(fields.get("a"), fields.get("b"));
    }

    #[test]
    fn repeated_field_counts_with_each_value() {
        let stored = digests(&[("a", Some("1")), ("a", Some("2"))]);
        for (now, expected) in [
            ([("a", Some("1")), ("a", Some("2"))], &[][..]),
            ([("a", Some("1")), ("a", Some("3"))], &["a"]),
            ([("a", Some("3")), ("a", Some("2"))], &["a"]),
        ] {
            assert_eq!(stored.changed_fields(&digests(&now)), expected, "{now:?}");
        }
    }

    #[test]
    fn text_form_round_trips_and_invalid_text_is_rejected() {
        let names = ["a;b=c", "a_b_c", "a%3Bb%3Dc", "", "%", "d"];
        let all = digests(&names.map(|name| (name, Some("1"))));
        assert_eq!(all.fields().len(), names.len(), "{all:?}");
        assert_eq!(FieldDigests::from_stored(all.as_str()), Some(all.clone()));
        let none = digests(&[]);
        assert_eq!(none.as_str(), "1");
        let unknown = FieldDigests::unknown();
        assert!(unknown.is_unknown() && !none.is_unknown() && !all.is_unknown());
        assert_eq!(FieldDigests::from_stored(unknown.as_str()), Some(unknown));
        assert_eq!(FieldDigests::from_stored("1"), Some(none));
        let digit = "0".repeat(32);
        assert!(FieldDigests::from_stored(&format!("1;a={digit}")).is_some());
        for text in [
            String::new(),
            "2".to_owned(),
            "1;".to_owned(),
            format!("2;a={digit}"),
            format!("1;={digit}"),
            format!("1;a={digit}0"),
            format!("1;a={}", "A".repeat(32)),
            "1;a".to_owned(),
        ] {
            assert_eq!(FieldDigests::from_stored(&text), None, "{text}");
        }
    }
}
