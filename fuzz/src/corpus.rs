//! Deliveries of `tests/corpus`, which independent implementations signed.

use serde::Deserialize;

use crate::base64;

/// Delivery of the corpus.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Name of the provider whose route receives the delivery.
    pub provider: String,
    /// Configuration of the verifier.
    pub config: Config,
    /// The request.
    pub request: Request,
}

/// Configuration of a verifier. Absent settings keep their defaults.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Maximum difference between two clocks, in seconds.
    pub leeway_s: Option<u64>,
    /// Maximum lifetime of a token, in seconds.
    pub max_lifetime_s: Option<u64>,
    /// Delivery of CryptAPI: `get`, `post_form` or `post_json`.
    pub mode: Option<String>,
}

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// Method, as on the request line.
    pub method: String,
    /// Target, as on the request line.
    pub target: String,
    /// Names and values of the headers, in order.
    pub headers: Vec<(String, String)>,
    /// Body, in base64.
    body_base64: String,
}

impl Request {
    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let text = self.body_base64.as_bytes();
        base64::decode(text, base64::STANDARD).expect("the corpus is in base64")
    }
}

/// Time of the deliveries, in Unix seconds.
pub const NOW: u64 = 1_769_509_400;

/// Secret that signs the tokens of the corpus.
pub const SECRET: &str = "cc-project-secret-for-tests-0001";

/// Public key of the callbacks.
pub const PUBLIC_KEY: &str = include_str!("../../tests/corpus/keys/cryptapi_test_public.pem");

/// Private key of the callbacks.
pub const PRIVATE_KEY: &str = include_str!("../../tests/corpus/keys/cryptapi_test_private.pem");

/// Origin of the callback URLs.
pub const ORIGIN: &str = "https://shop.example";

/// Returns the deliveries of CryptoCloud and Trybit.
#[must_use]
pub fn cryptocloud() -> Vec<Case> {
    read(include_str!("../../tests/corpus/cryptocloud.jsonl"))
}

/// Returns the deliveries of CryptAPI by one delivery method, or by all.
#[must_use]
pub fn cryptapi(mode: Option<&str>) -> Vec<Case> {
    let mut cases = read(include_str!("../../tests/corpus/cryptapi.jsonl"));
    cases.retain(|case| mode.is_none() || case.config.mode.as_deref() == mode);
    cases
}

fn read(lines: &str) -> Vec<Case> {
    let parse = |line| serde_json::from_str(line).expect("the corpus is well-formed");
    lines.lines().map(parse).collect()
}
