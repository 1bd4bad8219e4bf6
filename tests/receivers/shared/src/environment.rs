use std::{env, fmt::Display, fs};

use postback_core::{
    ConfigError, Provider, PublicKey, SecretKey, Verifier,
    cryptapi::{
        CallbackUrl, CallbackUrlBuilder, CallbackUrlError, CryptApi, Get, PUBLISHED_KEY, Post,
    },
    cryptocloud::{CryptoCloud, Trybit},
};

/// The verifiers of a receiver's routes.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "one for each route")]
pub struct Verifiers {
    /// For `/postback/cryptapi`.
    pub cryptapi: CryptApiVerifier,
    /// For `/postback/cryptocloud`.
    pub cryptocloud: Verifier<CryptoCloud>,
    /// For `/postback/trybit`.
    pub trybit: Verifier<Trybit>,
}

/// CryptAPI's verifier, in the mode that was asked for when addresses were made.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "one or the other")]
pub enum CryptApiVerifier {
    /// `CRYPTAPI_MODE=get`
    Get(Verifier<CryptApi<Get>>),
    /// `CRYPTAPI_MODE=post_form` or `CRYPTAPI_MODE=post_json`
    Post(Verifier<CryptApi<Post>>),
}

impl Verifiers {
    /// Asks for `CRYPTOCLOUD_SECRET` and `TRYBIT_SECRET`; for `CRYPTAPI_MODE` (`get` unless it says
    /// `post_form` or `post_json`), `PUBLIC_ORIGIN` where that is `get`, and `CRYPTAPI_PUBLIC_KEY_FILE`, a
    /// PEM file (the published key unless it is there).
    ///
    /// # Errors
    ///
    /// If one is missing or cannot be meant.
    pub fn from_environment() -> Result<Self, String> {
        Ok(Self {
            cryptapi: CryptApiVerifier::from_environment()?,
            cryptocloud: Verifier::new(CryptoCloud::new(), secret("CRYPTOCLOUD_SECRET")?),
            trybit: Verifier::new(Trybit::new(), secret("TRYBIT_SECRET")?),
        })
    }
}

impl CryptApiVerifier {
    /// Starts the callback URL of an order at the route's final address.
    ///
    /// # Errors
    ///
    /// As [`CryptApi::callback_url`].
    pub fn callback_url(&self, address: &str) -> Result<CallbackUrlBuilder, CallbackUrlError> {
        match self {
            Self::Get(verifier) => verifier.provider().callback_url(address),
            Self::Post(verifier) => verifier.provider().callback_url(address),
        }
    }

    /// Loads the callback URL that was stored with an order.
    ///
    /// # Errors
    ///
    /// As [`CryptApi::stored_callback_url`].
    pub fn stored_callback_url(&self, url: &str) -> Result<CallbackUrl, CallbackUrlError> {
        match self {
            Self::Get(verifier) => verifier.provider().stored_callback_url(url),
            Self::Post(verifier) => verifier.provider().stored_callback_url(url),
        }
    }

    fn from_environment() -> Result<Self, String> {
        let mode = env::var_os("CRYPTAPI_MODE").unwrap_or_else(|| "get".into());
        match mode.to_str() {
            Some("get") => {
                let origin = text("PUBLIC_ORIGIN")?;
                let provider = CryptApi::get([origin]).map_err(wrong("PUBLIC_ORIGIN"))?;
                Ok(Self::Get(with_key(provider)?))
            }
            Some("post_form") => Ok(Self::Post(with_key(CryptApi::post_form())?)),
            Some("post_json") => Ok(Self::Post(with_key(CryptApi::post_json())?)),
            _ => Err("CRYPTAPI_MODE: neither get, post_form nor post_json".to_owned()),
        }
    }
}

/// The address to listen on: `BIND`, or a port of this machine's own.
#[must_use]
pub fn address() -> String {
    env::var("BIND").unwrap_or_else(|_| "127.0.0.1:3000".to_owned())
}

fn with_key<P: Provider<Key = PublicKey>>(provider: P) -> Result<Verifier<P>, String> {
    const NAME: &str = "CRYPTAPI_PUBLIC_KEY_FILE";
    let pem = match env::var_os(NAME) {
        Some(path) => fs::read_to_string(path).map_err(wrong(NAME))?,
        None => PUBLISHED_KEY.to_owned(),
    };
    let key = PublicKey::from_pem(pem).map_err(wrong::<ConfigError>(NAME))?;
    Ok(Verifier::new(provider, key))
}

fn secret(name: &'static str) -> Result<SecretKey, String> {
    // Not `env::var`: its error would print a secret that is not UTF-8.
    let secret = env::var_os(name).ok_or_else(|| format!("{name} is not set"))?;
    SecretKey::new(secret.as_encoded_bytes()).map_err(wrong(name))
}

fn text(name: &'static str) -> Result<String, String> {
    let text = env::var_os(name).ok_or_else(|| format!("{name} is not set"))?;
    text.into_string().map_err(|_| format!("{name}: no text"))
}

fn wrong<E: Display>(name: &'static str) -> impl FnOnce(E) -> String {
    move |error| format!("{name}: {error}")
}
