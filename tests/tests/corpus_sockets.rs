//! The corpus over real sockets, through every way in.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::collections::BTreeMap;

use postback_conformance::{
    corpus::{Case, Expect},
    driver::{CODE_HEADER, Driver, Outcome, Served},
    expected_fields, with_verifier,
};
use postback_core::{Reply, Verifier};

#[tokio::test]
async fn corpus_gets_expected_results_through_actix_extractor() {
    assert_corpus(Driver::ActixExtractor).await;
}

#[tokio::test]
async fn corpus_gets_expected_results_through_axum_extractor() {
    assert_corpus(Driver::AxumExtractor).await;
}

#[tokio::test]
async fn corpus_gets_expected_results_through_axum_layer() {
    assert_corpus(Driver::AxumLayer).await;
}

#[tokio::test]
async fn corpus_gets_expected_results_through_rocket_guard() {
    assert_corpus(Driver::RocketGuard).await;
}

#[tokio::test]
async fn corpus_gets_expected_results_through_tower_on_hyper() {
    assert_corpus(Driver::TowerOnHyper).await;
}

async fn assert_corpus(driver: Driver) {
    let mut cases = Case::cryptocloud();
    cases.extend(Case::cryptapi());
    cases.retain(|case| !case.core_only);
    assert_eq!(cases.len(), 227 + 86);
    for case in &cases {
        with_verifier!(case, verifier => judge(driver, case, verifier).await);
    }
}

/// Whatever the corpus leaves open, status, text and headers are those of core's own verdict, and so
/// the same through every way in.
async fn judge<P: Served>(driver: Driver, case: &Case, verifier: Verifier<P>) {
    let name = &case.name;
    let verdict = case.request.verify(&verifier);
    let application = driver.serve(verifier).await;
    // Two requests, so that the second shows that the receiver lives on after the first.
    let plain = application.send(&case.request).await;
    let result = application.send_for_result(&case.request).await;
    let answer = match &verdict {
        Ok(_) => P::ACK,
        Err(rejection) => rejection.reply(),
    };
    is_answer(name, &plain, answer);
    is_answer(name, &result, answer);
    let code = result.headers.get(CODE_HEADER);
    let code = code.map(|code| code.to_str().unwrap());
    assert_eq!(code, verdict.as_ref().err().map(|it| it.code()), "{name}");

    match &case.expect {
        Expect::Accepted { fields } => {
            for outcome in [&plain, &result] {
                let handed = outcome.handed.as_ref().expect("the handler was called");
                expected_fields::compare(name, fields, &handed.fields);
                if let Some(body) = &handed.body {
                    assert_eq!(body, &case.request.body, "{name}: other bytes");
                }
            }
        }
        Expect::Any { status } => {
            assert!(status.allows(&plain.status.as_u16()), "{name}");
        }
        Expect::Rejected {
            code: codes,
            status,
        } => {
            assert!(status.allows(&plain.status.as_u16()), "{name}: {plain:?}");
            assert!(codes.allows(code.unwrap()), "{name}: {code:?}");
            assert_eq!(plain.handed, None, "{name}: the handler was called");
            assert_eq!(result.handed, None, "{name}: the handler was called");
        }
    }
}

/// Status, text and every header of ours; what the server adds is its own.
fn is_answer(name: &str, outcome: &Outcome, answer: Reply) {
    assert_eq!(outcome.status.as_u16(), answer.status(), "{name}");
    assert_eq!(outcome.body, answer.body(), "{name}");
    let ours: Vec<_> = answer.headers().collect();
    let ours: BTreeMap<_, _> = ours.iter().map(|(name, value)| (*name, &**value)).collect();
    let theirs: BTreeMap<_, _> = outcome
        .headers
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "connection" | "content-length" | "date" | CODE_HEADER
            )
        })
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(ours, theirs, "{name}");
}
