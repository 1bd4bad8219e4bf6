//! What happens between a verified payment and its credit: it is reconciled, and has a record.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod reconcile;
mod records;

use std::sync::LazyLock;

use postback_core::{
    MediaType, Method, Provider, SecretKey, Verified, Verifier,
    cryptapi::{Bound, CallbackProvider, CallbackSecret, CallbackUrl, CryptApi, Expected, Get},
    cryptocloud::{CryptoCloud, Payment},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};

const NOW: u64 = 1_769_509_400;
const ORIGIN: &str = "https://shop.example";
const CALLBACK_SECRET: &str = "5d1f3b0e7a6b43059fa2b0fbda6e3ff2";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

/// A genuine payment of CryptoCloud's with these members beside the token and the invoice id.
fn payment(members: &str) -> Verified<CryptoCloud> {
    payment_by(CryptoCloud::new(), None, NOW + 300, members)
}

fn payment_by<P: Provider<Payload = Payment, Key = SecretKey>>(
    provider: P,
    project: Option<&str>,
    expiry: u64,
    members: &str,
) -> Verified<P> {
    let secret = SecretKey::new("s").unwrap();
    let token = testing::token(&secret, "ILRAJE1Q", expiry);
    let body = format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{token}"{members}}}"#);
    let mut builder = Verifier::builder(provider, secret);
    if let Some(project) = project {
        builder = builder.project(project);
    }
    testing::deliver(&builder.build().unwrap(), MediaType::Json, body, NOW).unwrap()
}

/// The sample of CryptAPI's, with replacements, bound by the callback secret.
fn bound(replacements: &[(&str, &str)]) -> Bound<CryptApi<Get>> {
    let provider = CryptApi::get([ORIGIN]).unwrap().allow_test_ids();
    bound_by(provider, None, true, replacements)
}

fn bound_by<P>(
    provider: P,
    project: Option<&str>,
    by_secret: bool,
    replacements: &[(&str, &str)],
) -> Bound<P>
where
    P: CallbackProvider<Key = postback_core::PublicKey>,
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
    let signature = KEY.sign(format!("{ORIGIN}{target}")).unwrap();
    let headers = [("x-ca-signature", &*signature)];
    let mut builder = Verifier::builder(provider, KEY.public_key().unwrap());
    if let Some(project) = project {
        builder = builder.project(project);
    }
    let verifier = builder.build().unwrap();
    let callback = testing::request(&verifier, Method::Get, &target, &headers, "", NOW).unwrap();
    let expected = match by_secret {
        true => Expected::secret(CallbackSecret::from_stored(CALLBACK_SECRET).unwrap())
            .address_in(SAMPLE_ADDRESS_IN),
        false => Expected::address_without_secret(SAMPLE_ADDRESS_IN),
    };
    let expected = expected.payout_addresses([SAMPLE_ADDRESS_OUT]);
    let coin = callback.unbound().coin().to_owned();
    callback.bind(&expected.coin(coin)).unwrap()
}
