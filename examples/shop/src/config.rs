use std::{env, fmt::Display, fs};

use postback_core::{
    ConfigError, Provider, PublicKey, SecretKey, Verifier,
    cryptapi::{
        CallbackUrl, CallbackUrlBuilder, CallbackUrlError, CryptApi, Get, PUBLISHED_KEY, Post,
    },
    cryptocloud::{CryptoCloud, Trybit},
};

/// Projects of the payments in the store: CryptAPI's has no name.
pub(crate) const PROJECTS: [Option<&str>; 3] = [None, Some(CryptoCloud::NAME), Some(Trybit::NAME)];

/// The verifiers of the shop's routes.
#[derive(Clone, Debug)]
pub struct Verifiers {
    pub(crate) cryptapi: CryptApiVerifier,
    pub(crate) cryptocloud: Verifier<CryptoCloud>,
    pub(crate) trybit: Verifier<Trybit>,
}

/// CryptAPI's verifier, in the mode that the shop asks the provider for.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "one or the other")]
pub enum CryptApiVerifier {
    /// `CRYPTAPI_MODE=get`
    Get(Verifier<CryptApi<Get>>),
    /// `CRYPTAPI_MODE=post_form` or `CRYPTAPI_MODE=post_json`
    Post(Verifier<CryptApi<Post>>),
}

impl Verifiers {
    /// Returns the verifiers of `/postback/cryptapi`, and of `/postback/cryptocloud` and
    /// `/postback/trybit` with the secrets of their projects.
    ///
    /// CryptoCloud and Trybit share a namespace in the store: the names of the projects keep their
    /// records apart.
    ///
    /// # Errors
    ///
    /// The errors of [`VerifierBuilder::build`](postback_core::VerifierBuilder::build).
    pub fn new(
        cryptapi: CryptApiVerifier,
        cryptocloud: SecretKey,
        trybit: SecretKey,
    ) -> Result<Self, ConfigError> {
        let cryptocloud = Verifier::builder(CryptoCloud::new(), cryptocloud);
        let trybit = Verifier::builder(Trybit::new(), trybit);
        Ok(Self {
            cryptapi,
            cryptocloud: cryptocloud.project(CryptoCloud::NAME).build()?,
            trybit: trybit.project(Trybit::NAME).build()?,
        })
    }

    /// Reads `CRYPTOCLOUD_SECRET`, `TRYBIT_SECRET`, `CRYPTAPI_MODE` (defaults to `get`),
    /// `PUBLIC_ORIGIN` in that mode, and `CRYPTAPI_PUBLIC_KEY_FILE`, a PEM file (defaults to the
    /// published key).
    ///
    /// # Errors
    ///
    /// An error that names the variable if it is missing or invalid.
    pub fn from_environment() -> Result<Self, String> {
        let cryptapi = CryptApiVerifier::from_environment()?;
        let (cryptocloud, trybit) = (secret("CRYPTOCLOUD_SECRET")?, secret("TRYBIT_SECRET")?);
        Self::new(cryptapi, cryptocloud, trybit).map_err(|error| error.to_string())
    }
}

impl CryptApiVerifier {
    /// Starts the callback URL of an order at the final address of the route.
    ///
    /// # Errors
    ///
    /// The errors of [`CryptApi::callback_url`].
    pub(crate) fn callback_url(
        &self,
        address: &str,
    ) -> Result<CallbackUrlBuilder, CallbackUrlError> {
        match self {
            Self::Get(verifier) => verifier.provider().callback_url(address),
            Self::Post(verifier) => verifier.provider().callback_url(address),
        }
    }

    /// Loads the callback URL that was stored with an order.
    ///
    /// # Errors
    ///
    /// The errors of [`CryptApi::stored_callback_url`].
    pub(crate) fn stored_callback_url(&self, url: &str) -> Result<CallbackUrl, CallbackUrlError> {
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
