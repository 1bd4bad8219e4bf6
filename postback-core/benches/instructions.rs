//! Performs one operation a number of times, so that its instructions can be counted:
//! `tests/instructions.sh` runs it under a profiler.

#![expect(
    clippy::expect_used,
    reason = "a benchmark cannot run with a wrong set-up"
)]

mod deliveries;

use std::{env, hint::black_box};

use bytes::Bytes;
use deliveries::{get, post};
use postback_core::MediaType;

/// Takes the name of an operation and the number of repetitions. Without them, or with arguments
/// that Cargo passes to each benchmark, performs each operation once.
fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [name, repetitions] if let Ok(repetitions) = repetitions.parse() => {
            let (_, prepare) = OPERATIONS
                .iter()
                .find(|(operation, _)| operation == name)
                .expect("a known operation");
            let operation = prepare();
            for _ in 0..repetitions {
                operation();
            }
        }
        _ => OPERATIONS.iter().for_each(|(_, prepare)| prepare()()),
    }
}

type Operation = Box<dyn Fn()>;

/// Name of an operation, and the function that prepares it.
type Prepared = (&'static str, fn() -> Operation);

const OPERATIONS: [Prepared; 16] = [
    ("verify-json", || {
        let (verifier, body) = (post::verifier(), post::sample_json(post::SECRET));
        Box::new(move || {
            drop(post::deliver(&verifier, MediaType::Json, &body).expect("a genuine postback"));
        })
    }),
    ("verify-json-and-decode-invoice-info", || {
        let (verifier, body) = (post::verifier(), post::sample_json(post::SECRET));
        Box::new(move || {
            let payment = post::deliver(&verifier, MediaType::Json, &body);
            let payment = payment.expect("a genuine postback");
            let info = payment.unsigned().invoice_info();
            black_box(info.known().expect("an object"));
        })
    }),
    ("verify-form", || {
        let (verifier, body) = (post::verifier(), post::sample_form());
        Box::new(move || {
            drop(post::deliver(&verifier, MediaType::Form, &body).expect("a genuine postback"));
        })
    }),
    ("reject-forged-json", || {
        let (verifier, body) = (post::verifier(), post::sample_json("another secret"));
        Box::new(move || {
            let result = post::deliver(&verifier, MediaType::Json, &body);
            black_box(result.expect_err("a forged postback"));
        })
    }),
    ("rsa-alone", || {
        let rsa = get::Rsa::new();
        Box::new(move || rsa.verify())
    }),
    ("verify-get", || {
        let verifier = get::verifier();
        Box::new(move || drop(get::deliver(&verifier, get::TARGET).expect("a genuine callback")))
    }),
    ("verify-get-and-read-all-fields", || {
        let verifier = get::verifier();
        Box::new(move || {
            let callback = get::deliver(&verifier, get::TARGET).expect("a genuine callback");
            get::read_all(&callback);
        })
    }),
    ("reject-form-of-text", || reject_form("plain")),
    ("reject-form-of-pairs", || reject_form("a&")),
    ("reject-form-of-escaped-names", || {
        reject_form("%61%6d%6f%75%6e%74%5f%63%72%79%70%74=1&")
    }),
    ("reject-json-of-members", || reject_json(r#""a":1,"#)),
    ("reject-json-of-brackets", || reject_json(r#""a":[["#)),
    ("reject-json-of-strings", || reject_json(r#""a":"","#)),
    ("reject-json-of-escapes", || reject_json(r#""\u0061":0,"#)),
    ("reject-json-of-short-escapes", || reject_json(r#""\n":0,"#)),
    ("reject-json-of-white-space", || reject_json("\n")),
];

fn reject_form(part: &str) -> Operation {
    reject(MediaType::Form, post::hostile_form(part))
}

fn reject_json(part: &str) -> Operation {
    reject(MediaType::Json, post::hostile_json(part))
}

fn reject(media_type: MediaType, body: Bytes) -> Operation {
    let verifier = post::verifier();
    Box::new(move || {
        let result = post::deliver(&verifier, media_type, &body);
        black_box(result.expect_err("an unsigned postback"));
    })
}
