//! The whole corpus, verified with core alone.

#![expect(clippy::panic, reason = "a test stops where something is wrong")]

use postback_conformance::{
    corpus::{Case, Expect},
    expected_fields::{self, CorpusFields},
    with_verifier,
};
use postback_core::{Provider, Verifier};

#[test]
fn cryptocloud_corpus_gets_expected_results() {
    let cases = Case::cryptocloud();
    assert_eq!(cases.len(), 229);
    for case in &cases {
        with_verifier!(case, verifier => check(case, &verifier));
    }
}

#[test]
fn cryptapi_corpus_gets_expected_results() {
    let cases = Case::cryptapi();
    assert_eq!(cases.len(), 88);
    for case in &cases {
        with_verifier!(case, verifier => check(case, &verifier));
    }
}

fn check<P: Provider<Payload: CorpusFields>>(case: &Case, verifier: &Verifier<P>) {
    let name = &case.name;
    let result = case.request.verify(verifier);
    match (&case.expect, result) {
        (Expect::Accepted { fields }, Ok(verified)) => {
            expected_fields::compare(name, fields, &verified.payload().fields());
        }
        (Expect::Any { status }, result) => {
            let actual = result.map_or_else(|r| r.reply().status(), |_| P::ACK.status());
            assert!(status.allows(&actual), "{name}: {actual}");
        }
        (Expect::Rejected { code, status }, Err(rejection)) => {
            assert!(code.allows(rejection.code()), "{name}: {rejection:?}");
            let actual = rejection.reply().status();
            assert!(status.allows(&actual), "{name}: {actual}");
        }
        (expected, result) => panic!("{name}: {result:?} instead of {expected:?}"),
    }
}
