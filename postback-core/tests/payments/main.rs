//! Reconciliation of verified payments, and their records.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "../fixtures/mod.rs"]
mod fixtures;
mod reconcile;
mod records;

use postback_core::{
    Provider, PublicKey, SecretKey, Verified, Verifier,
    cryptapi::{Bound, CallbackProvider, CallbackUrl, CryptApi, Expected, Get},
    cryptocloud::{CryptoCloud, Payment},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_CALLBACK},
};

use self::fixtures::{
    CALLBACK_SECRET, NOW, call_back, cryptapi, deliver_json, expected_by_secret, public_key,
    secret, with_sample_payment,
};

/// Returns a genuine CryptoCloud payment with further members.
fn payment(members: &str) -> Verified<CryptoCloud> {
    payment_by(CryptoCloud::new(), None, NOW + 300, members)
}

fn payment_by<P: Provider<Payload = Payment, Key = SecretKey>>(
    provider: P,
    project: Option<&str>,
    expiry: u64,
    members: &str,
) -> Verified<P> {
    let secret = secret("s");
    let token = testing::token(&secret, "ILRAJE1Q", expiry);
    let body = format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{token}"{members}}}"#);
    let mut builder = Verifier::builder(provider, secret);
    if let Some(project) = project {
        builder = builder.project(project);
    }
    deliver_json(&builder.build().unwrap(), body).unwrap()
}

/// Returns the CryptAPI sample with replacements, bound by the callback secret.
fn bound(replacements: &[(&str, &str)]) -> Bound<CryptApi<Get>> {
    bound_by(cryptapi().allow_test_ids(), None, true, replacements)
}

fn bound_by<P>(
    provider: P,
    project: Option<&str>,
    by_secret: bool,
    replacements: &[(&str, &str)],
) -> Bound<P>
where
    P: CallbackProvider<Key = PublicKey>,
{
    let mut fields = SAMPLE_CALLBACK.to_owned();
    for (from, to) in replacements {
        assert!(fields.contains(from), "{from}");
        fields = fields.replace(from, to);
    }
    let target = format!(
        "/callback?{}={CALLBACK_SECRET}&{fields}",
        CallbackUrl::SECRET_NAME
    );
    let mut builder = Verifier::builder(provider, public_key());
    if let Some(project) = project {
        builder = builder.project(project);
    }
    let callback = call_back(&builder.build().unwrap(), &target).unwrap();
    let expected = match by_secret {
        true => expected_by_secret(),
        false => with_sample_payment(Expected::address_without_secret(SAMPLE_ADDRESS_IN)),
    };
    let coin = callback.unbound().coin().to_owned();
    callback.bind(&expected.coin(coin)).unwrap()
}
