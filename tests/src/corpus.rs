//! Reads the corpus.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use postback_core::{Head, KeyRing, Provider, Rejection, SecretKey, Verified, Verifier};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};

/// One delivery, and what must become of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// The provider whose route it goes to.
    pub provider: String,
    /// The verifier's clock, in Unix seconds.
    pub now: u64,
    /// How the verifier is set up.
    pub config: Config,
    /// The request.
    pub request: Request,
    /// The verdict.
    pub expect: Expect,
    /// Whether an HTTP server cannot carry the case unchanged.
    #[serde(default)]
    pub core_only: bool,
}

/// How the verifier is set up; what is absent keeps its default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The project's secrets, the current one first.
    pub keys: Vec<String>,
    /// In seconds.
    pub leeway_s: Option<u64>,
    /// In seconds.
    pub max_lifetime_s: Option<u64>,
    /// In bytes.
    pub body_limit: Option<usize>,
}

/// A request as it stands on the wire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// As on the request line.
    pub method: String,
    /// As on the request line.
    pub target: String,
    /// Pairs, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(rename = "body_base64", deserialize_with = "base64")]
    pub body: Bytes,
}

/// The verdict that a case must get.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase", deny_unknown_fields)]
pub enum Expect {
    /// It is verified and says these facts.
    Accepted {
        /// What the typed value must say, by name.
        facts: Map<String, Value>,
    },
    /// It gets one of these statuses, and the receiver goes on living.
    Any {
        /// The statuses allowed.
        status: OneOrMore<u16>,
    },
    /// It is refused with one of these codes and statuses.
    Rejected {
        /// The codes allowed.
        code: OneOrMore<String>,
        /// The statuses allowed.
        status: OneOrMore<u16>,
    },
}

/// One value, or a list of which any will do.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    /// Just this one.
    One(T),
    /// Any of these.
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    /// Whether `value` is among them.
    pub fn allows<U: ?Sized>(&self, value: &U) -> bool
    where
        T: PartialEq<U>,
    {
        match self {
            Self::One(one) => one == value,
            Self::More(more) => more.iter().any(|one| one == value),
        }
    }
}

impl Case {
    /// The cases of `corpus/cryptocloud.jsonl`.
    #[must_use]
    pub fn cryptocloud() -> Vec<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/cryptocloud.jsonl");
        let lines = fs::read_to_string(path).expect("the corpus is part of the project");
        let parse = |line| serde_json::from_str(line).expect("the corpus is well-formed");
        lines.lines().map(parse).collect()
    }

    /// The case's verifier.
    pub fn verifier<P: Provider<Key = SecretKey>>(&self, provider: P) -> Verifier<P> {
        let secret = |text| SecretKey::new(text).expect("the corpus has usable keys");
        let mut keys = self.config.keys.iter();
        let current = keys.next().expect("the corpus names a key");
        let ring = keys.fold(KeyRing::from(secret(current)), |ring, key| {
            ring.with_retired("retired", secret(key), u64::MAX)
        });
        let now = self.now;
        let mut builder = Verifier::builder(provider, ring).clock(move || Some(now));
        if let Some(seconds) = self.config.leeway_s {
            builder = builder.leeway_seconds(seconds);
        }
        if let Some(seconds) = self.config.max_lifetime_s {
            builder = builder.max_lifetime_seconds(seconds);
        }
        if let Some(bytes) = self.config.body_limit {
            builder = builder.body_limit(bytes);
        }
        builder.build().expect("the corpus is configurable")
    }
}

impl Request {
    /// Runs the request through core alone, as an adapter would.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn verify<P: Provider>(&self, verifier: &Verifier<P>) -> Result<Verified<P>, Rejection> {
        let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
            for (key, value) in &self.headers {
                if key.eq_ignore_ascii_case(name) {
                    visit(value.as_bytes());
                }
            }
        };
        verifier
            .admit(&Head::new(&self.method, &self.target, &headers))?
            .verify(self.body.clone())
    }
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
    Ok(bytes.into())
}
