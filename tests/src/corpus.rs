//! Reads the corpus.

use std::{fs, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use postback_core::{
    KeyRing, Provider, PublicKey, Rejection, RequestHead, SecretKey, Verified, Verifier,
    cryptapi::{CryptApi, Get, Post},
};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value, json};

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
    /// The project's secrets, the current one first. CryptAPI has none.
    #[serde(default)]
    pub keys: Vec<String>,
    /// In seconds.
    pub leeway_s: Option<u64>,
    /// In seconds.
    pub max_lifetime_s: Option<u64>,
    /// In bytes.
    pub body_limit: Option<usize>,
    /// How CryptAPI was asked to deliver.
    pub mode: Option<Mode>,
    /// What CryptAPI's callback URLs begin with.
    pub public_origin: Option<String>,
    /// The file of the corpus that holds CryptAPI's key.
    pub public_key: Option<String>,
}

/// How CryptAPI was asked to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// GET
    Get,
    /// POST of a form
    PostForm,
    /// POST of JSON
    PostJson,
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
    /// The delivery is verified, and its payload has these fields.
    Accepted {
        /// Expected fields of the payload, by name.
        #[serde(rename = "facts")]
        fields: Map<String, Value>,
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
    /// The cases of `corpus/cryptapi.jsonl`.
    #[must_use]
    pub fn cryptapi() -> Vec<Self> {
        Self::read("cryptapi.jsonl")
    }

    /// The case of `corpus/cryptapi.jsonl` with this name.
    #[must_use]
    pub fn cryptapi_named(name: &str) -> Self {
        let mut cases = Self::cryptapi();
        let at = cases.iter().position(|case| case.name == name);
        cases.swap_remove(at.unwrap_or_else(|| panic!("the corpus has no {name}")))
    }

    /// The cases of `corpus/cryptocloud.jsonl`.
    #[must_use]
    pub fn cryptocloud() -> Vec<Self> {
        Self::read("cryptocloud.jsonl")
    }

    fn read(name: &str) -> Vec<Self> {
        let parse = |line| serde_json::from_str(line).expect("the corpus is well-formed");
        file(name).lines().map(parse).collect()
    }

    /// What a receiver prints as `params` of an accepted callback, if the corpus tells.
    #[must_use]
    pub fn printed_params(&self) -> Option<Value> {
        match &self.expect {
            // The body says it too, and is signed; the corpus names no parameters here.
            _ if self.name == "POST JSON confirmed, numbers keep every digit" => {
                Some(json!({ "order_id": "from-body" }))
            }
            Expect::Accepted { fields } => fields.get("params").cloned(),
            Expect::Any { .. } | Expect::Rejected { .. } => None,
        }
    }

    /// The case's verifier, for a gateway with secrets.
    pub fn verifier<P: Provider<Key = SecretKey>>(&self, provider: P) -> Verifier<P> {
        let secret = |text| SecretKey::new(text).expect("the corpus has usable keys");
        let mut keys = self.config.keys.iter();
        let current = keys.next().expect("the corpus names a key");
        let ring = keys.fold(KeyRing::from(secret(current)), |ring, key| {
            ring.with_retired("retired", secret(key), LATEST)
        });
        self.build(provider, ring)
    }

    /// The case's verifier for CryptAPI by GET.
    #[must_use]
    pub fn cryptapi_get(&self) -> Verifier<CryptApi<Get>> {
        let provider = CryptApi::get(&self.config.public_origin);
        self.build(
            provider.expect("the corpus has an origin"),
            self.public_key(),
        )
    }

    /// The case's verifier for CryptAPI by POST.
    #[must_use]
    pub fn cryptapi_post(&self) -> Verifier<CryptApi<Post>> {
        let provider = match self.config.mode {
            Some(Mode::PostJson) => CryptApi::post_json(),
            _ => CryptApi::post_form(),
        };
        self.build(provider, self.public_key())
    }

    fn public_key(&self) -> PublicKey {
        let name = self
            .config
            .public_key
            .as_ref()
            .expect("the corpus names a key");
        PublicKey::from_pem(file(name)).expect("the corpus has usable keys")
    }

    fn build<P: Provider>(&self, provider: P, keys: impl Into<KeyRing<P::Key>>) -> Verifier<P> {
        let now = self.now;
        let mut builder = Verifier::builder(provider, keys).clock(move || Some(now));
        if let Some(seconds) = self.config.leeway_s {
            builder = builder.leeway(Duration::from_secs(seconds));
        }
        if let Some(seconds) = self.config.max_lifetime_s {
            builder = builder.max_lifetime(Duration::from_secs(seconds));
        }
        if let Some(bytes) = self.config.body_limit {
            builder = builder.body_limit(bytes);
        }
        builder.build().expect("the corpus is configurable")
    }
}

/// The last second of the year 9999, in Unix seconds.
const LATEST: u64 = 253_402_300_799;

/// Runs `$body` with `$verifier` as the verifier of the case's own provider.
#[macro_export]
macro_rules! with_verifier {
    ($case:expr, $verifier:ident => $body:expr) => {{
        let case: &$crate::corpus::Case = $case;
        match (&*case.provider, case.config.mode) {
            ("cryptocloud", None) => {
                let $verifier = case.verifier(postback_core::cryptocloud::CryptoCloud::new());
                $body
            }
            ("trybit", None) => {
                let $verifier = case.verifier(postback_core::cryptocloud::Trybit::new());
                $body
            }
            ("cryptapi", Some($crate::corpus::Mode::Get)) => {
                let $verifier = case.cryptapi_get();
                $body
            }
            ("cryptapi", Some(_)) => {
                let $verifier = case.cryptapi_post();
                $body
            }
            other => panic!("no provider {other:?}"),
        }
    }};
}

/// A file of the corpus.
#[must_use]
pub fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    fs::read_to_string(path).expect("the corpus is part of the project")
}

impl Request {
    /// Returns a request with these headers.
    pub fn new(
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.iter().map(owned).collect(),
            body: body.into(),
        }
    }

    /// The request as a client sends it to the receiver at `base`, a URL without a path.
    #[must_use]
    pub fn to(&self, base: &str) -> http::Request<Bytes> {
        let mut builder = http::Request::builder()
            .method(&*self.method)
            .uri(format!("{base}{}", self.target));
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(self.body.clone()).expect("a request")
    }

    /// The request as it stands on the wire, to `target`.
    #[must_use]
    pub fn raw(&self, target: &str) -> Vec<u8> {
        let mut head = format!("{} {target} HTTP/1.1\r\n", self.method);
        let length = ("content-length".to_owned(), self.body.len().to_string());
        let host = ("host".to_owned(), "shop".to_owned());
        let named = self.headers.iter().any(|(name, _)| name == "host");
        let host = [host].into_iter().filter(|_| !named);
        for (name, value) in host.chain([length]).chain(self.headers.clone()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

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
            .admit(&RequestHead::new(&self.method, &self.target, &headers))?
            .verify(self.body.clone())
    }
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
    Ok(bytes.into())
}
