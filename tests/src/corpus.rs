//! The corpus, parsed.

use std::{fs, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use postback_core::{
    KeyRing, Provider, PublicKey, Rejection, RequestHead, SecretKey, Verified, Verifier,
    cryptapi::{CryptApi, Get, Post},
};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value, json};

/// A delivery and its expected result.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name, unique in its file.
    pub name: String,
    /// Name of the provider whose route receives the delivery.
    pub provider: String,
    /// Time on the verifier's clock, in Unix seconds.
    pub now: u64,
    /// Configuration of the verifier.
    pub config: Config,
    /// The request.
    pub request: Request,
    /// The expected result.
    pub expect: Expect,
    /// `true` if an HTTP server cannot carry the request unchanged.
    #[serde(default)]
    pub core_only: bool,
}

/// Configuration of a verifier. Absent settings keep their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Secrets of the project, the current one first. Empty for CryptAPI.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Leeway, in seconds.
    pub leeway_s: Option<u64>,
    /// Maximum lifetime of a token, in seconds.
    pub max_lifetime_s: Option<u64>,
    /// Body limit, in bytes.
    pub body_limit: Option<usize>,
    /// Delivery method of CryptAPI.
    pub mode: Option<Mode>,
    /// Origin of CryptAPI's callback URLs.
    pub public_origin: Option<String>,
    /// File of the corpus with CryptAPI's public key.
    pub public_key: Option<String>,
}

/// Delivery method of CryptAPI, as requested for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// GET.
    Get,
    /// POST of a form.
    PostForm,
    /// POST of JSON.
    PostJson,
}

/// A request as sent on the wire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Method, as on the request line.
    pub method: String,
    /// Target, as on the request line.
    pub target: String,
    /// Header names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(rename = "body_base64", deserialize_with = "base64")]
    pub body: Bytes,
}

/// The expected result of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase", deny_unknown_fields)]
pub enum Expect {
    /// The delivery is verified, and its payload has these fields.
    Accepted {
        /// Expected fields of the payload, by name.
        #[serde(rename = "facts")]
        fields: Map<String, Value>,
    },
    /// The response has one of these statuses, and the receiver keeps running.
    Any {
        /// Allowed statuses.
        status: OneOrMore<u16>,
    },
    /// The delivery is rejected with one of these codes and statuses.
    Rejected {
        /// Allowed codes.
        code: OneOrMore<String>,
        /// Allowed statuses.
        status: OneOrMore<u16>,
    },
}

/// One value, or a list of alternatives.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    /// This value.
    One(T),
    /// Any of these values.
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    /// Returns `true` if `value` is one of them.
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
    /// Returns the cases of `corpus/cryptapi.jsonl`.
    #[must_use]
    pub fn cryptapi() -> Vec<Self> {
        Self::read("cryptapi.jsonl")
    }

    /// Returns the case of `corpus/cryptapi.jsonl` with this name.
    #[must_use]
    pub fn cryptapi_named(name: &str) -> Self {
        let mut cases = Self::cryptapi();
        let at = cases.iter().position(|case| case.name == name);
        cases.swap_remove(at.unwrap_or_else(|| panic!("the corpus has no {name}")))
    }

    /// Returns the cases of `corpus/cryptocloud.jsonl`.
    #[must_use]
    pub fn cryptocloud() -> Vec<Self> {
        Self::read("cryptocloud.jsonl")
    }

    fn read(name: &str) -> Vec<Self> {
        let parse = |line| serde_json::from_str(line).expect("the corpus is well-formed");
        file(name).lines().map(parse).collect()
    }

    /// Returns the `params` that a receiver prints of an accepted callback, if the corpus states
    /// them.
    #[must_use]
    pub fn printed_params(&self) -> Option<Value> {
        match &self.expect {
            // The signed body has the parameter too; the corpus states no parameters here.
            _ if self.name == "POST JSON confirmed, numbers keep every digit" => {
                Some(json!({ "order_id": "from-body" }))
            }
            Expect::Accepted { fields } => fields.get("params").cloned(),
            Expect::Any { .. } | Expect::Rejected { .. } => None,
        }
    }

    /// Returns the verifier of the case, for a provider with secrets.
    pub fn verifier<P: Provider<Key = SecretKey>>(&self, provider: P) -> Verifier<P> {
        let secret = |text| SecretKey::new(text).expect("the corpus has usable keys");
        let mut keys = self.config.keys.iter();
        let current = keys.next().expect("the corpus names a key");
        let ring = keys.fold(KeyRing::from(secret(current)), |ring, key| {
            ring.with_retired("retired", secret(key), LATEST)
        });
        self.build(provider, ring)
    }

    /// Returns the verifier of the case, for CryptAPI by GET.
    #[must_use]
    pub fn cryptapi_get(&self) -> Verifier<CryptApi<Get>> {
        let provider = CryptApi::get(&self.config.public_origin);
        self.build(
            provider.expect("the corpus has an origin"),
            self.public_key(),
        )
    }

    /// Returns the verifier of the case, for CryptAPI by POST.
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

/// Evaluates `$body` with `$verifier` as the verifier of the case.
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
            other => panic!("unknown provider {other:?}"),
        }
    }};
}

/// Returns the text of a file of the corpus.
#[must_use]
pub fn file(name: &str) -> String {
    // Below the project's folder, which contains each package that this module is compiled in.
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut files = folders.map(|folder| folder.join("tests/corpus").join(name));
    let file = files.find(|file| file.exists());
    fs::read_to_string(file.expect("the corpus is part of the project"))
        .expect("the corpus is readable")
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

    /// Returns the request for a client, to the receiver at `base`, a URL without a path.
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

    /// Returns the bytes of the request on the wire, to `target`.
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

    /// Verifies the request with core alone, as an adapter does.
    ///
    /// # Errors
    ///
    /// Returns the rejection.
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
