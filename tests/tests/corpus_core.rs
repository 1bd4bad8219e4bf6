//! The whole corpus against core alone.

#![expect(clippy::panic, reason = "a test stops where something is wrong")]

use conformance::{
    corpus::{Case, Expect},
    facts::{self, Stated},
};
use postback_core::{
    Provider, SecretKey,
    cryptocloud::{CryptoCloud, Trybit},
};

#[test]
fn every_case_gets_its_verdict() {
    let cases = Case::cryptocloud();
    assert_eq!(cases.len(), 197);
    for case in &cases {
        match &*case.provider {
            "cryptocloud" => judge(case, CryptoCloud::new()),
            "trybit" => judge(case, Trybit::new()),
            other => panic!("no provider {other}"),
        }
    }
}

fn judge<P: Provider<Key = SecretKey, Event: Stated>>(case: &Case, provider: P) {
    let name = &case.name;
    let verdict = case.request.verify(&case.verifier(provider));
    match (&case.expect, verdict) {
        (Expect::Accepted { facts }, Ok(payment)) => {
            facts::compare(name, facts, &payment.facts());
        }
        (Expect::Any { status }, verdict) => {
            let answered = verdict.map_or_else(|r| r.answer().status(), |_| P::ACK.status());
            assert!(status.allows(&answered), "{name}: {answered}");
        }
        (Expect::Rejected { code, status }, Err(rejection)) => {
            assert!(code.allows(rejection.code()), "{name}: {rejection:?}");
            let answered = rejection.answer().status();
            assert!(status.allows(&answered), "{name}: {answered}");
        }
        (expected, verdict) => panic!("{name}: {verdict:?} instead of {expected:?}"),
    }
}
