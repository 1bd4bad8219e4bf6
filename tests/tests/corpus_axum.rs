//! The corpus over a real socket, through the axum extractor.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::collections::BTreeMap;

use conformance::{
    corpus::{Case, Expect},
    driver::{self, CODE_HEADER, Outcome},
    facts,
};
use postback_core::{
    Answer, Provider, SecretKey,
    cryptocloud::{CryptoCloud, Payment, Trybit},
};

#[tokio::test]
async fn every_case_that_http_can_carry_gets_its_verdict() {
    let cases = Case::cryptocloud();
    let mut carried = 0;
    for case in cases.iter().filter(|case| !case.core_only) {
        match &*case.provider {
            "cryptocloud" => judge(case, CryptoCloud::new()).await,
            "trybit" => judge(case, Trybit::new()).await,
            other => panic!("no provider {other}"),
        }
        carried += 1;
    }
    assert_eq!(carried, 195);
}

async fn judge<P: Provider<Key = SecretKey, Event = Payment>>(case: &Case, provider: P) {
    let name = &case.name;
    let verifier = case.verifier(provider);
    // The verdict of core, which `corpus_core` holds against the corpus, says the public text.
    let verdict = case.request.verify(&verifier);
    let application = driver::axum_extractor(verifier).await;
    // Two requests, so that the second shows that the receiver lives on after the first.
    let plain = application.send("/plain", &case.request).await;
    let result = application.send("/result", &case.request).await;
    assert_eq!(plain.status, result.status, "{name}");
    assert_eq!(plain.body, result.body, "{name}");
    match &case.expect {
        Expect::Accepted { facts } => {
            for outcome in [&plain, &result] {
                is_answer(name, outcome, P::ACK);
                let seen = outcome.facts.as_ref().expect("the handler was called");
                facts::compare(name, facts, seen);
            }
        }
        Expect::Any { status } => {
            assert!(status.allows(&plain.status.as_u16()), "{name}");
        }
        Expect::Rejected { code, status } => {
            assert!(status.allows(&plain.status.as_u16()), "{name}: {plain:?}");
            let told = result.headers[CODE_HEADER].to_str().unwrap();
            assert!(code.allows(told), "{name}: {told}");
            assert_eq!(plain.facts, None, "{name}: the handler was called");
            is_answer(name, &plain, verdict.unwrap_err().answer());
        }
    }
}

/// Status, text and every header of ours; what the server adds is its own.
fn is_answer(name: &str, outcome: &Outcome, answer: Answer) {
    assert_eq!(outcome.status.as_u16(), answer.status(), "{name}");
    assert_eq!(outcome.body, answer.body(), "{name}");
    let ours: BTreeMap<_, _> = answer.headers().collect();
    let theirs: BTreeMap<_, _> = outcome
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "date" | CODE_HEADER))
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(ours, theirs, "{name}");
}
