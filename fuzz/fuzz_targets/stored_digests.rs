//! Digests that a store returns: their text has one form, and two of them name the fields in which
//! they differ.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use postback_core::event::{Digest, FieldDigests};
use postback_fuzz::seeds;

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    assert_eq!(Digest::from_bytes(data).is_some(), data.len() == 32);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (one, other) = text.split_once('\n').unwrap_or((text, "unknown"));
    let (Some((one, fields)), Some((other, other_fields))) = (stored(one), stored(other)) else {
        return;
    };
    let names = fields.keys().chain(other_fields.keys());
    let mut changed: Vec<_> = names.filter(|it| fields.get(*it) != other_fields.get(*it)).collect();
    changed.sort();
    changed.dedup();
    assert_eq!(one.changed_fields(&other), other.changed_fields(&one));
    assert_eq!(one.changed_fields(&other).iter().collect::<Vec<_>>(), changed);
});

/// Reads digests, and returns them with the digest of each name.
fn stored(text: &str) -> Option<(FieldDigests, BTreeMap<String, String>)> {
    let digests = FieldDigests::from_stored(text);
    let mut parts = text.split(';');
    let begin = parts.next();
    let fields: Option<Vec<_>> = parts.map(field).collect();
    let is_alone = !text.contains(';');
    let is_known = begin == Some("1") || (begin == Some("unknown") && is_alone);
    let fields = fields.filter(|_| is_known);
    assert_eq!(digests.is_some(), fields.is_some(), "{text:?}");
    let (digests, fields) = (digests?, fields?);
    assert_eq!(digests.as_str(), text);
    assert_eq!(digests.is_unknown(), text == "unknown");
    assert!(digests.changed_fields(&digests).is_empty());
    Some((digests, fields.into_iter().collect()))
}

fn field(text: &str) -> Option<(String, String)> {
    let (name, digest) = text.split_once('=')?;
    let is_digit = |it: char| it.is_ascii_digit() || ('a'..='f').contains(&it);
    let is_digest = digest.len() == 32 && digest.chars().all(is_digit);
    (!name.is_empty() && is_digest).then(|| (name.to_owned(), digest.to_owned()))
}

fn seeds() -> Vec<Vec<u8>> {
    let digest = "0123456789abcdef".repeat(2);
    let other = "f".repeat(32);
    vec![
        b"unknown".to_vec(),
        b"1\nunknown".to_vec(),
        format!("1;a={digest};b%3B={digest}\n1;a={other};c={digest}").into(),
        vec![0; 32],
    ]
}
