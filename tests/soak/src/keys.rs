use std::{error::Error, sync::Arc, time::Duration};

use postback_conformance::fixtures;
use postback_core::{SecretKey, testing::SigningKey};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock::unix_seconds;

/// Keys of the providers in one period.
pub(crate) struct Generation {
    pub(crate) cryptocloud: SecretKey,
    pub(crate) trybit: SecretKey,
    pub(crate) cryptapi: SigningKey,
    /// The same keys as an application is configured with them.
    texts: Texts,
}

struct Texts {
    cryptocloud: String,
    trybit: String,
    cryptapi: String,
}

/// Keys that the providers sign with, and former ones.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) current: Arc<Generation>,
    /// Trusted until [`until`](Self::until).
    pub(crate) previous: Arc<Generation>,
    /// Not trusted.
    pub(crate) former: Arc<Generation>,
    /// Time in Unix seconds.
    pub(crate) until: u64,
    replaced: u64,
}

impl Generation {
    pub(crate) fn new(number: u64) -> Result<Self, Box<dyn Error>> {
        let cryptapi = SigningKey::generate()?;
        let texts = Texts {
            cryptocloud: format!("secret {number} of cryptocloud"),
            trybit: format!("secret {number} of trybit"),
            cryptapi: cryptapi.public_key_pem()?,
        };
        Ok(Self {
            cryptocloud: fixtures::secret(&texts.cryptocloud),
            trybit: fixtures::secret(&texts.trybit),
            cryptapi,
            texts,
        })
    }

    /// Returns the environment of a receiver. The key of CryptAPI is in a file.
    pub(crate) fn environment<'a>(&'a self, key_file: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("CRYPTAPI_PUBLIC_KEY_FILE", key_file),
            ("CRYPTOCLOUD_SECRET", &self.texts.cryptocloud),
            ("KEYS", "stdin"),
            ("PUBLIC_ORIGIN", fixtures::ORIGIN),
            ("TRYBIT_SECRET", &self.texts.trybit),
        ]
    }

    pub(crate) fn cryptapi_pem(&self) -> &str {
        &self.texts.cryptapi
    }

    fn json(&self) -> Value {
        json!({ "cryptapi": self.texts.cryptapi, "cryptocloud": self.texts.cryptocloud,
                "trybit": self.texts.trybit })
    }
}

impl Keys {
    /// Returns the first keys. No former ones are trusted.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            current: Arc::new(Generation::new(2)?),
            previous: Arc::new(Generation::new(1)?),
            former: Arc::new(Generation::new(0)?),
            until: 0,
            replaced: 0,
        })
    }

    /// Returns keys with a new current one. The one before is trusted for this long.
    pub(crate) fn next(&self, grace: Duration) -> Result<Self, Box<dyn Error>> {
        let replaced = self.replaced + 1;
        Ok(Self {
            current: Arc::new(Generation::new(replaced + 2)?),
            previous: Arc::clone(&self.current),
            former: Arc::clone(&self.previous),
            until: unix_seconds() + grace.as_secs(),
            replaced,
        })
    }

    /// Returns how often the keys were replaced.
    pub(crate) const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Returns true if the current one of these keys was trusted until now, when `later` are the
    /// keys.
    pub(crate) fn is_still_trusted(&self, later: &Self) -> bool {
        let is_previous = later.replaced == self.replaced + 1;
        later.replaced == self.replaced || is_previous && unix_seconds() + 1 < later.until
    }

    /// Returns the line that replaces the keys of a receiver.
    pub(crate) fn line(&self) -> String {
        let (current, previous) = (self.current.json(), self.previous.json());
        json!({ "current": current, "previous": previous, "until": self.until }).to_string()
    }
}

/// Keys of the providers, which change while clients send.
pub(crate) type CurrentKeys = watch::Receiver<Keys>;
