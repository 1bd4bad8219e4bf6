//! The corpus over real sockets, through every entry point.

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
        with_verifier!(case, verifier => check(driver, case, verifier).await);
    }
}

/// Checks that status, text and headers are those of core's result, which the corpus may leave
/// open.
async fn check<P: Served>(driver: Driver, case: &Case, verifier: Verifier<P>) {
    let name = &case.name;
    let expected = case.request.verify(&verifier);
    let application = driver.serve(verifier).await;
    // The second request shows that the receiver still runs after the first.
    let plain = application.send(&case.request).await;
    let result = application.send_for_result(&case.request).await;
    let reply = match &expected {
        Ok(_) => P::ACK,
        Err(rejection) => rejection.reply(),
    };
    assert_reply(name, &plain, reply);
    assert_reply(name, &result, reply);
    let code = result.headers.get(CODE_HEADER);
    let code = code.map(|code| code.to_str().unwrap());
    assert_eq!(code, expected.as_ref().err().map(|it| it.code()), "{name}");

    match &case.expect {
        Expect::Accepted { fields } => {
            for outcome in [&plain, &result] {
                let delivered = outcome.delivered.as_ref().expect("the handler was called");
                expected_fields::compare(name, fields, &delivered.fields);
                if let Some(body) = &delivered.body {
                    assert_eq!(body, &case.request.body, "{name}: changed body");
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
            assert_eq!(plain.delivered, None, "{name}: the handler was called");
            assert_eq!(result.delivered, None, "{name}: the handler was called");
        }
    }
}

/// Asserts that a response has the status, the body and exactly the headers of a reply, apart from
/// headers that the server adds.
fn assert_reply(name: &str, outcome: &Outcome, reply: Reply) {
    assert_eq!(outcome.status.as_u16(), reply.status(), "{name}");
    assert_eq!(outcome.body, reply.body(), "{name}");
    let expected: Vec<_> = reply.headers().collect();
    let expected: BTreeMap<_, _> = expected
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let actual: BTreeMap<_, _> = outcome
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
    assert_eq!(actual, expected, "{name}");
}
