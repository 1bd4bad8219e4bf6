use std::{env, fmt::Display, fs};

use postback_core::{
    ConfigError, Provider, PublicKey, SecretKey, Verifier,
    cryptapi::{CryptApi, Get, PUBLISHED_KEY, Post},
    cryptocloud::{CryptoCloud, Trybit},
};

/// Verifiers of the routes of a receiver.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "one field for each route")]
pub struct Verifiers {
    /// Verifier of `/postback/cryptapi`.
    pub cryptapi: CryptApiVerifier,
    /// Verifier of `/postback/cryptocloud`.
    pub cryptocloud: Verifier<CryptoCloud>,
    /// Verifier of `/postback/trybit`.
    pub trybit: Verifier<Trybit>,
}

/// CryptAPI's verifier, in the mode of the provider's create call.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "one or the other")]
pub enum CryptApiVerifier {
    /// `CRYPTAPI_MODE=get`
    Get(Verifier<CryptApi<Get>>),
    /// `CRYPTAPI_MODE=post_form` or `CRYPTAPI_MODE=post_json`
    Post(Verifier<CryptApi<Post>>),
}

impl Verifiers {
    /// Reads `CRYPTOCLOUD_SECRET`, `TRYBIT_SECRET`, `CRYPTAPI_MODE` (defaults to `get`),
    /// `PUBLIC_ORIGIN` in that mode, and `CRYPTAPI_PUBLIC_KEY_FILE`, a PEM file (defaults to the
    /// published key).
    ///
    /// # Errors
    ///
    /// An error that names the variable if it is missing or invalid.
    pub fn from_environment() -> Result<Self, String> {
        Ok(Self {
            cryptapi: CryptApiVerifier::from_environment()?,
            cryptocloud: Verifier::new(CryptoCloud::new(), secret("CRYPTOCLOUD_SECRET")?),
            trybit: Verifier::new(Trybit::new(), secret("TRYBIT_SECRET")?),
        })
    }
}

impl CryptApiVerifier {
    fn from_environment() -> Result<Self, String> {
        let mode = env::var_os("CRYPTAPI_MODE").unwrap_or_else(|| "get".into());
        match mode.to_str() {
            Some("get") => {
                let origin = text("PUBLIC_ORIGIN")?;
                let provider = CryptApi::get([origin]).map_err(invalid("PUBLIC_ORIGIN"))?;
                Ok(Self::Get(with_key(provider)?))
            }
            Some("post_form") => Ok(Self::Post(with_key(CryptApi::post_form())?)),
            Some("post_json") => Ok(Self::Post(with_key(CryptApi::post_json())?)),
            _ => Err(format!(
                "invalid CRYPTAPI_MODE {mode:?}: expected get, post_form or post_json"
            )),
        }
    }
}

/// Returns the address to listen on: `BIND`, or `127.0.0.1:3000`.
#[must_use]
pub fn address() -> String {
    env::var("BIND").unwrap_or_else(|_| "127.0.0.1:3000".to_owned())
}

fn with_key<P: Provider<Key = PublicKey>>(provider: P) -> Result<Verifier<P>, String> {
    const NAME: &str = "CRYPTAPI_PUBLIC_KEY_FILE";
    let pem = match env::var_os(NAME) {
        Some(path) => fs::read_to_string(path).map_err(invalid(NAME))?,
        None => PUBLISHED_KEY.to_owned(),
    };
    let key = PublicKey::from_pem(pem).map_err(invalid::<ConfigError>(NAME))?;
    Ok(Verifier::new(provider, key))
}

fn secret(name: &'static str) -> Result<SecretKey, String> {
    // Not `env::var`: its error would print a secret that is not UTF-8.
    let secret = env::var_os(name).ok_or_else(|| format!("{name} is not set"))?;
    SecretKey::new(secret.as_encoded_bytes()).map_err(invalid(name))
}

fn text(name: &'static str) -> Result<String, String> {
    env::var(name).map_err(invalid(name))
}

fn invalid<E: Display>(name: &'static str) -> impl FnOnce(E) -> String {
    move |error| format!("{name}: {error}")
}
