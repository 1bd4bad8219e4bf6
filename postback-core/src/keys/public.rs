use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa,
    signature::{ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY},
};
use memchr::memmem;
use rustls_pki_types::pem::{PemObject, SectionKind};
use sha2::{Digest, Sha256};

use crate::{ConfigError, PublicKeyFlaw, hexadecimal};

/// Public RSA key of a provider, parsed once.
///
/// ```
/// use postback_core::{ConfigError, PublicKey, PublicKeyFlaw, cryptapi};
///
/// let key = PublicKey::from_pem(cryptapi::PUBLISHED_KEY)?;
/// assert_eq!(format!("{key:?}"), "PublicKey(694229344e0b037a…)");
/// let error = PublicKey::from_pem("no key").unwrap_err();
/// assert_eq!(error, ConfigError::InvalidKey(PublicKeyFlaw::NotPem));
/// # Ok::<(), ConfigError>(())
/// ```
pub struct PublicKey {
    key: ParsedPublicKey,
    modulus_bytes: usize,
    fingerprint: [u8; 32],
}

impl PublicKey {
    /// Minimum length of the modulus, in bits. It is short because CryptAPI's own key has no more.
    pub const MIN_MODULUS_BITS: usize = 1024;

    /// Maximum length of the modulus, in bits.
    pub const MAX_MODULUS_BITS: usize = 8192;

    /// Parses the text of a PEM file that holds one section `PUBLIC KEY` (RFC 7468, section 13) and
    /// nothing else but comments.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidKey`] with the [`PublicKeyFlaw`].
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::parse(pem.as_ref()).map_err(ConfigError::InvalidKey)
    }

    /// Returns the SHA-256 of the key's DER encoding (`SubjectPublicKeyInfo`), which identifies the
    /// key.
    #[must_use]
    pub const fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Returns whether `signature` is this key's signature of `message`: RSASSA-PKCS1-v1_5 with
    /// SHA-256 (RFC 8017), exactly as long as the key's modulus.
    #[must_use]
    pub fn verify_rsa_pkcs1_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.modulus_bytes && self.key.verify_sig(message, signature).is_ok()
    }

    fn parse(pem: &[u8]) -> Result<Self, PublicKeyFlaw> {
        if pem.starts_with(BYTE_ORDER_MARK) {
            return Err(PublicKeyFlaw::ByteOrderMark);
        }
        if pem.trim_ascii_start().starts_with(b"{") {
            return Err(PublicKeyFlaw::Json);
        }
        let mut labels = memmem::find_iter(pem, BEGIN).map(|at| label(pem, at));
        match (labels.next(), labels.next()) {
            (None, _) => Err(PublicKeyFlaw::NotPem),
            (Some(_), Some(_)) => Err(PublicKeyFlaw::SeveralSections),
            (Some(b"PUBLIC KEY"), None) => {
                // The reader skips sections of unknown kinds.
                let mut sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(pem);
                match (sections.next(), sections.next()) {
                    (Some(Ok((SectionKind::PublicKey, der))), None) => Self::from_der(&der),
                    _ => Err(PublicKeyFlaw::NotPem),
                }
            }
            (Some(b"RSA PUBLIC KEY"), None) => Err(PublicKeyFlaw::Pkcs1),
            (Some(b"CERTIFICATE"), None) => Err(PublicKeyFlaw::Certificate),
            (Some(label), None) if label.ends_with(b"PRIVATE KEY") => {
                Err(PublicKeyFlaw::PrivateKey)
            }
            (Some(_), None) => Err(PublicKeyFlaw::OtherSection),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, PublicKeyFlaw> {
        let parsed = rsa::PublicKey::from_der(der).map_err(|_| PublicKeyFlaw::NotRsa)?;
        // The parser also accepts other encodings, and keys that are restricted to one padding.
        let canonical: PublicKeyX509Der<'_> = parsed.as_der().map_err(|_| PublicKeyFlaw::NotRsa)?;
        if canonical.as_ref() != der {
            return Err(PublicKeyFlaw::NotRsa);
        }
        let modulus = parsed.modulus().big_endian_without_leading_zero();
        let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
        let bits = modulus.len().saturating_mul(8);
        let bits = bits.saturating_sub(usize::try_from(unused).unwrap_or_default());
        if !(Self::MIN_MODULUS_BITS..=Self::MAX_MODULUS_BITS).contains(&bits) {
            return Err(PublicKeyFlaw::ModulusBits(bits));
        }
        // The only algorithm of aws-lc-rs for PKCS #1 v1.5 and SHA-256 that accepts 1024 bits.
        let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
        Ok(Self {
            key: ParsedPublicKey::new(algorithm, der).map_err(|_| PublicKeyFlaw::NotRsa)?,
            modulus_bytes: modulus.len(),
            fingerprint: Sha256::digest(der).into(),
        })
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const BEGIN: &[u8] = b"-----BEGIN";

/// Returns the label of the PEM section that begins at `at`.
fn label(pem: &[u8], at: usize) -> &[u8] {
    let after = pem
        .get(at.saturating_add(BEGIN.len())..)
        .unwrap_or_default();
    let end = memmem::find(after, b"-----").unwrap_or_default();
    after.get(..end).unwrap_or_default().trim_ascii()
}

/// Shows the beginning of the fingerprint.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        let (begin, _) = self.fingerprint.split_at(8);
        write!(f, "{}…)", hexadecimal::encode(begin))
    }
}
