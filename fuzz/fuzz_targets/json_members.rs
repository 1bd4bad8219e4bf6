//! Members of JSON objects: each object that `serde_json` accepts has the same members, and one
//! that it rejects is read only if it is malformed inside its values alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::fuzzing::check_json_members;
use postback_fuzz::{json, payment, seeds};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    check_json_members(text);
    // What the targets for bodies compare with agrees too.
    if let Ok(expected) = serde_json::from_str::<serde_json::Map<_, _>>(text) {
        let members = json::members(text).expect("an object");
        let last = |(name, value): (&String, &serde_json::Value)| {
            let raw = members.iter().rev().find(|(it, _)| it == name).map(|(_, raw)| *raw);
            assert_eq!(raw.and_then(|raw| serde_json::from_str(raw).ok()).as_ref(), Some(value));
        };
        expected.iter().for_each(last);
    }
});

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = payment::seeds("json");
    let space = " ".repeat(63);
    for text in [
        format!("{{{space}\"a\\\\\\\"\":[\"{space}\\\\\",{{}}],\"b\":NaN}}"),
        r#"{"a":"\ud83d\ude00\ud800","a\u0062":[{"c":"]"},-1.5e3],"":{}}"#.to_owned(),
    ] {
        seeds.push(text.into());
    }
    seeds
}
