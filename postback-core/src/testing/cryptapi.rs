use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{ConfigError, PublicKey};

/// The provider's fields of a confirmed callback of CryptAPI, as a query or a form:
/// 0.05 `btc`, paid to [`SAMPLE_ADDRESS_IN`] and forwarded to [`SAMPLE_ADDRESS_OUT`].
pub const SAMPLE_CALLBACK: &str = "uuid=dbfcb40e-5a6b-4305-9fa2-b0fbda6e3ff2\
    &address_in=3PFoGK63cVVUWnd2vu7W1kM83NXUfvzMqM&address_out=1H6ZZpRmMnrw8ytepV3BYwMjYYnEkWDqVP\
    &txid_in=a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c\
    &txid_out=b3174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332d&confirmations=3\
    &value_coin=0.05&value_forwarded_coin=0.0495&fee_coin=0.0005&coin=btc&price=64000.12&result=sent\
    &pending=0";

/// What [`SAMPLE_CALLBACK`] was paid to.
pub const SAMPLE_ADDRESS_IN: &str = "3PFoGK63cVVUWnd2vu7W1kM83NXUfvzMqM";

/// What [`SAMPLE_CALLBACK`] was forwarded to.
pub const SAMPLE_ADDRESS_OUT: &str = "1H6ZZpRmMnrw8ytepV3BYwMjYYnEkWDqVP";

/// A key to sign callbacks of CryptAPI or BlockBee with, in place of the provider's: RSA of 2048 bits.
///
/// ```
/// use postback_core::{Method, Verifier, cryptapi::CryptApi, testing};
///
/// let key = testing::SigningKey::generate()?;
/// let verifier = Verifier::new(CryptApi::get(["https://shop.example"])?, key.public_key()?);
///
/// let target = format!("/callback?order_id=7&{}", testing::SAMPLE_CALLBACK);
/// let signature = key.sign(format!("https://shop.example{target}"))?;
/// let headers = [("x-ca-signature", &*signature)];
/// let callback = testing::request(&verifier, Method::Get, &target, &headers, "", 1_769_509_400)?;
/// assert_eq!(callback.unbound().coin(), "btc");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SigningKey(RsaKeyPair);

/// The key could not be made, used, or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signing key could not be made or used")]
#[non_exhaustive]
pub struct SigningError;

impl SigningKey {
    /// Makes a fresh key, which takes a while.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the system has no randomness to give.
    pub fn generate() -> Result<Self, SigningError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048);
        pair.map(Self).map_err(|_| SigningError)
    }

    /// The public half, for a verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidKey`] if it is not fit for one, which it is.
    pub fn public_key(&self) -> Result<PublicKey, ConfigError> {
        PublicKey::from_pem(self.public_key_pem()?)
    }

    /// The public half as PEM, for a receiver's configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidKey`] if it cannot be written down.
    pub fn public_key_pem(&self) -> Result<String, ConfigError> {
        let der: PublicKeyX509Der<'_> = self
            .0
            .public_key()
            .as_der()
            .map_err(|_| ConfigError::InvalidKey)?;
        Ok(format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(der.as_ref())
        ))
    }

    /// The value of `x-ca-signature` over a GET's absolute URL, or over a POST's body.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the key cannot sign.
    pub fn sign(&self, message: impl AsRef<[u8]>) -> Result<String, SigningError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let (padding, random) = (&RSA_PKCS1_SHA256, SystemRandom::new());
        self.0
            .sign(padding, &random, message.as_ref(), &mut signature)
            .map_err(|_| SigningError)?;
        Ok(STANDARD.encode(signature))
    }
}

/// Shows nothing of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}
