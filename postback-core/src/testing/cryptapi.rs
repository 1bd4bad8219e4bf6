use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

use crate::{ConfigError, PublicKey, PublicKeyFlaw};

/// Fields of a confirmed callback of CryptAPI, as a query or a form: 0.05 `btc`, paid to
/// [`SAMPLE_ADDRESS_IN`] and forwarded to [`SAMPLE_ADDRESS_OUT`].
pub const SAMPLE_CALLBACK: &str = "uuid=dbfcb40e-5a6b-4305-9fa2-b0fbda6e3ff2\
    &address_in=3PFoGK63cVVUWnd2vu7W1kM83NXUfvzMqM&address_out=1H6ZZpRmMnrw8ytepV3BYwMjYYnEkWDqVP\
    &txid_in=a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c\
    &txid_out=b3174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332d&confirmations=3\
    &value_coin=0.05&value_forwarded_coin=0.0495&fee_coin=0.0005&coin=btc&price=64000.12&result=sent\
    &pending=0";

/// Address that [`SAMPLE_CALLBACK`] was paid to.
pub const SAMPLE_ADDRESS_IN: &str = "3PFoGK63cVVUWnd2vu7W1kM83NXUfvzMqM";

/// Address that [`SAMPLE_CALLBACK`] was forwarded to.
pub const SAMPLE_ADDRESS_OUT: &str = "1H6ZZpRmMnrw8ytepV3BYwMjYYnEkWDqVP";

/// RSA key that signs callbacks of CryptAPI or BlockBee in tests, in place of the provider's key.
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

/// Error returned when a signing key cannot be generated, loaded, saved or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signing key cannot be generated, loaded, saved or used")]
#[non_exhaustive]
pub struct SigningError;

impl SigningKey {
    /// Generates a key of 2048 bits, which takes a while. [Save](Self::to_pem) it to use it again.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the operating system provides no randomness.
    pub fn generate() -> Result<Self, SigningError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048);
        pair.map(Self).map_err(|_| SigningError)
    }

    /// Loads a key that was saved, or another RSA key of 2048 bits or more, from one PEM section
    /// `PRIVATE KEY` (PKCS#8).
    ///
    /// ```
    /// use postback_core::testing::SigningKey;
    ///
    /// let key = SigningKey::generate()?;
    /// let saved = key.to_pem()?;
    /// let loaded = SigningKey::from_pem(&saved)?;
    /// assert_eq!(loaded.public_key_pem()?, key.public_key_pem()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SigningError`] if it is not such a key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, SigningError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_ref()).map_err(|_| SigningError)?;
        let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der());
        pair.map(Self).map_err(|_| SigningError)
    }

    /// Returns the private key as PEM (PKCS#8). A test sender in another process can load it.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, SigningError> {
        let der: Pkcs8V1Der<'_> = self.0.as_der().map_err(|_| SigningError)?;
        Ok(pem("PRIVATE KEY", der.as_ref()))
    }

    /// Returns the public half, for a verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidKey`] if the verifier cannot use it.
    pub fn public_key(&self) -> Result<PublicKey, ConfigError> {
        let pem = self.public_key_pem();
        PublicKey::from_pem(pem.map_err(|_| ConfigError::InvalidKey(PublicKeyFlaw::NotRsa))?)
    }

    /// Returns the public half as PEM, for the configuration of a receiver.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the key cannot be encoded.
    pub fn public_key_pem(&self) -> Result<String, SigningError> {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().map_err(|_| SigningError)?;
        Ok(pem("PUBLIC KEY", der.as_ref()))
    }

    /// Returns the value of `x-ca-signature` for the absolute URL of a GET, or for the body of a
    /// POST.
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

/// Encodes a PEM section (RFC 7468), with lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// Shows nothing of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}
