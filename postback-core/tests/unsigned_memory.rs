//! Memory that a delivery can use before its signature holds.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod fixtures;

use bytes::Bytes;
use peak_alloc::PeakAlloc;
use postback_core::{MediaType, Verifier, cryptocloud::CryptoCloud, testing};

use self::fixtures::secret;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const LENGTH: usize = 60_000;

/// Memory beside the body and as much again, in bytes.
const ALLOWANCE: usize = 2 * 1_024;

/// One test, so that no other test allocates in this process at the same time.
#[test]
fn unsigned_body_uses_no_more_than_its_length() {
    let verifier = Verifier::new(CryptoCloud::new(), secret("s"));
    let escaped_in_middle = format!("{}%41{}", "a".repeat(LENGTH / 2), "a".repeat(LENGTH / 2));
    let forms = [
        "%41".repeat(LENGTH / 3),
        "%c3%a9".repeat(LENGTH / 6),
        format!("%41{}", "a".repeat(LENGTH)),
        escaped_in_middle,
        format!("{}%41", "+".repeat(LENGTH)),
        format!("%C3%A9{}", "a+".repeat(LENGTH / 2)),
        "a".repeat(LENGTH),
    ];
    let forms = forms.map(|value| (MediaType::Form, format!("invoice_id=I&token={value}")));
    let texts = [
        r"\/".repeat(LENGTH / 2),
        r"\u0041".repeat(LENGTH / 6),
        format!("{}\\n", "a".repeat(LENGTH)),
        "a".repeat(LENGTH),
    ];
    let member = |(name, text): (&str, &String)| {
        (
            MediaType::Json,
            format!(r#"{{"invoice_id":"I","{name}":"{text}","a":0}}"#),
        )
    };
    let named = |text: &String| (MediaType::Json, format!(r#"{{"{text}":"","a":0}}"#));
    let bodies = (forms.into_iter())
        .chain(texts.iter().map(|text| member(("token", text))))
        .chain(texts.iter().map(|text| member(("order_id", text))))
        .chain(texts.iter().map(named));
    for (media_type, body) in bodies {
        let body = Bytes::from(body);
        let begin = String::from_utf8_lossy(body.get(..60).unwrap()).into_owned();
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        testing::deliver(&verifier, media_type, body.clone(), 0).unwrap_err();
        let used = HEAP.peak_usage().saturating_sub(before);
        let most = body.len().checked_add(ALLOWANCE).unwrap();
        assert!(used <= most, "{begin}: {used} bytes of {}", body.len());
    }
}
