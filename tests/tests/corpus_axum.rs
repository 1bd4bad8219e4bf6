//! The corpus over a real socket, through the axum extractor.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::collections::BTreeMap;

use conformance::{
    corpus::{Case, Expect},
    driver::{self, Application, CODE_HEADER, Outcome},
    facts,
};
use postback_core::{
    Answer, Provider, Rejection,
    cryptocloud::{CryptoCloud, Trybit},
};

#[tokio::test]
async fn every_case_that_http_can_carry_gets_its_verdict() {
    let cases = Case::cryptocloud();
    let mut carried = 0;
    for case in cases.iter().filter(|case| !case.core_only) {
        let application = match &*case.provider {
            "cryptocloud" => driver::axum_extractor(case.verifier(CryptoCloud::new())).await,
            "trybit" => driver::axum_extractor(case.verifier(Trybit::new())).await,
            other => panic!("no provider {other}"),
        };
        judge(case, &application).await;
        carried += 1;
    }
    assert_eq!(carried, 195);
}

async fn judge(case: &Case, application: &Application) {
    let name = &case.name;
    let plain = application.send("/plain", &case.request).await;
    let result = application.send("/result", &case.request).await;
    assert_eq!(plain.status, result.status, "{name}");
    assert_eq!(plain.body, result.body, "{name}");
    // The verdict of core, which `corpus_core` holds against the corpus, says the public text.
    let verdict = match &*case.provider {
        "trybit" => case.request.verify(&case.verifier(Trybit::new())).err(),
        _ => case
            .request
            .verify(&case.verifier(CryptoCloud::new()))
            .err(),
    };
    match &case.expect {
        Expect::Accepted { facts } => {
            for outcome in [&plain, &result] {
                is_answer(name, outcome, CryptoCloud::ACK);
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
            is_answer(
                name,
                &plain,
                verdict.as_ref().map(Rejection::answer).unwrap(),
            );
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
