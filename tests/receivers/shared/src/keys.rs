use std::{
    env,
    io::{self, BufRead},
    thread,
};

use postback_core::{KeyRing, PublicKey, SecretKey};
use serde_json::Value;

use crate::{CryptApiVerifier, Verifiers};

/// Replaces the keys of the verifiers with those of each line of standard input, if `KEYS` is
/// `stdin`, and then prints `keys replaced`, or an error, to standard error.
///
/// A line is a JSON object. Its members `current` and `previous` are objects with the members
/// `cryptapi`, a PEM text, `cryptocloud` and `trybit`. The previous keys are trusted until the time
/// `until`, in Unix seconds. The keys of a process do not change through its environment, and a
/// client that can send requests cannot write to its standard input.
pub fn replace_keys_by_input(verifiers: &Verifiers) {
    if env::var_os("KEYS").is_none_or(|source| source != "stdin") {
        return;
    }
    let verifiers = verifiers.clone();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            match line.ok().and_then(|line| verifiers.replace_keys(&line)) {
                Some(()) => eprintln!("keys replaced"),
                None => eprintln!("invalid keys: expected a JSON object"),
            }
        }
    });
}

impl Verifiers {
    /// Replaces the keys, or returns `None` if the line does not contain each of them.
    fn replace_keys(&self, line: &str) -> Option<()> {
        let keys: Value = serde_json::from_str(line).ok()?;
        let until = keys.get("until")?.as_u64()?;
        let text = |age: &str, provider: &str| keys.get(age)?.get(provider)?.as_str();
        let secret = |age, provider| SecretKey::new(text(age, provider)?).ok();
        let secrets = |provider| {
            let ring = KeyRing::new("current", secret("current", provider)?);
            Some(ring.with_retired("previous", secret("previous", provider)?, until))
        };
        let public = |age| PublicKey::from_pem(text(age, "cryptapi")?).ok();
        let cryptapi = KeyRing::new("current", public("current")?);
        let cryptapi = cryptapi.with_retired("previous", public("previous")?, until);
        let (cryptocloud, trybit) = (secrets("cryptocloud")?, secrets("trybit")?);
        match &self.cryptapi {
            CryptApiVerifier::Get(verifier) => verifier.replace_keys(cryptapi),
            CryptApiVerifier::Post(verifier) => verifier.replace_keys(cryptapi),
        }
        self.cryptocloud.replace_keys(cryptocloud);
        self.trybit.replace_keys(trybit);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use postback_core::{
        MediaType, Rejection, Verifier,
        cryptapi::{CryptApi, PUBLISHED_KEY},
        cryptocloud::{CryptoCloud, Trybit},
        testing,
    };
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_769_509_400;
    const UNTIL: u64 = NOW + 10;

    fn secret(text: &str) -> SecretKey {
        SecretKey::new(text).expect("a secret")
    }

    fn verifiers() -> Verifiers {
        let cryptapi = CryptApi::post_form().verifier().expect("the published key");
        Verifiers {
            cryptapi: CryptApiVerifier::Post(cryptapi),
            cryptocloud: Verifier::new(CryptoCloud::new(), secret("first")),
            trybit: Verifier::new(Trybit::new(), secret("first")),
        }
    }

    fn delivered(verifiers: &Verifiers, signer: &str, now: u64) -> Option<Rejection> {
        let token = testing::token(&secret(signer), testing::SAMPLE_INVOICE_ID, NOW + 300);
        let body = testing::sample_json(Some(&token));
        testing::deliver(&verifiers.cryptocloud, MediaType::Json, body, now).err()
    }

    #[test]
    fn replaced_key_is_trusted_until_its_time() {
        let verifiers = verifiers();
        let keys = |secret| {
            json!({ "cryptapi": PUBLISHED_KEY, "cryptocloud": secret,
                                    "trybit": secret })
        };
        let line = json!({ "current": keys("second"), "previous": keys("first"), "until": UNTIL });
        assert_eq!(verifiers.replace_keys(&line.to_string()), Some(()));
        assert_eq!(delivered(&verifiers, "second", NOW), None);
        assert_eq!(delivered(&verifiers, "second", UNTIL), None);
        assert_eq!(delivered(&verifiers, "first", UNTIL - 1), None);
        let rejected = delivered(&verifiers, "first", UNTIL);
        assert_eq!(rejected, Some(Rejection::BadSignature));
    }

    #[test]
    fn incomplete_line_replaces_no_key() {
        let verifiers = verifiers();
        let current = json!({ "cryptocloud": "second", "trybit": "second" });
        let line = json!({ "current": current, "previous": current, "until": UNTIL });
        assert_eq!(verifiers.replace_keys(&line.to_string()), None);
        assert_eq!(delivered(&verifiers, "first", NOW), None);
    }
}
