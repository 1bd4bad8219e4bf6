//! RSA by its definition, and a key with cheap signatures.

use std::{collections::BTreeSet, sync::LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use num_bigint::BigUint;

use crate::base64;

/// Public exponent of all RSA keys here.
pub const EXPONENT: u32 = 65_537;

/// Key that signs callbacks, so that a target reaches the code behind the signature.
pub static SIGNING_KEY: LazyLock<CheapKey> = LazyLock::new(CheapKey::new);

/// RSA key of 1024 bits or a few more that signs as fast as it verifies.
///
/// Its modulus is a product of small primes, each one more than a divisor of [`ORDER`]. The private
/// exponent is then a number of 26 bits. A reader of the public key could factor it at once, and no
/// implementation of RSA looks.
#[derive(Debug)]
pub struct CheapKey {
    /// Modulus of both halves.
    pub modulus: BigUint,
    private_exponent: BigUint,
}

/// Multiple of the order of each element, modulo each of the primes.
const ORDER: u32 = 43_243_200;

impl CheapKey {
    fn new() -> Self {
        let root = (1..).take_while(|it| it * it <= ORDER);
        let divisors = root
            .filter(|it| ORDER.is_multiple_of(*it))
            .flat_map(|it| [it, ORDER / it]);
        let divisors: BTreeSet<u32> = divisors.collect();
        // The largest first, so that the modulus has few primes.
        let mut primes = divisors
            .into_iter()
            .rev()
            .map(|it| it + 1)
            .filter(|it| is_odd_prime(*it));
        let mut modulus = BigUint::from(1_u32);
        while modulus.bits() < 1024 {
            modulus *= primes.next().expect("enough primes");
        }
        let inverse =
            (1..ORDER).find(|it| u64::from(*it) * u64::from(EXPONENT) % u64::from(ORDER) == 1);
        Self {
            modulus,
            private_exponent: inverse.expect("an inverse").into(),
        }
    }

    /// Returns the public key as PEM.
    #[must_use]
    pub fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &public_der(&self.modulus, &EXPONENT.into()))
    }

    /// Returns the signature of a message, as a header has it.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        let length = self.modulus.bits().div_ceil(8) as usize;
        let encoded = BigUint::from_bytes_be(&encoded(message, length));
        let signature = encoded
            .modpow(&self.private_exponent, &self.modulus)
            .to_bytes_be();
        let padding = vec![0; length - signature.len()];
        base64::encode(&[padding, signature].concat(), base64::STANDARD)
    }
}

/// Returns whether `signature` is a signature of the message (RFC 8017, section 8.2.2).
#[must_use]
pub fn is_signature(
    modulus: &BigUint,
    exponent: &BigUint,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let length = modulus.bits().div_ceil(8) as usize;
    let number = BigUint::from_bytes_be(signature);
    signature.len() == length
        && number < *modulus
        && number.modpow(exponent, modulus) == BigUint::from_bytes_be(&encoded(message, length))
}

/// Returns the EMSA-PKCS1-v1_5 encoding of a message with SHA-256 (RFC 8017, section 9.2).
fn encoded(message: &[u8], length: usize) -> Vec<u8> {
    const ALGORITHM: &[u8] =
        b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let padding = vec![0xff; length - ALGORITHM.len() - 32 - 3];
    [
        &[0, 1],
        &padding[..],
        &[0],
        ALGORITHM,
        digest(&SHA256, message).as_ref(),
    ]
    .concat()
}

/// Returns the `SubjectPublicKeyInfo` of a public key in DER (RFC 8017, appendix A.1.1).
#[must_use]
pub fn public_der(modulus: &BigUint, exponent: &BigUint) -> Vec<u8> {
    const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let key = der(0x30, &[integer(modulus), integer(exponent)].concat());
    let key = der(0x03, &[&[0], &key[..]].concat());
    der(0x30, &[RSA_ENCRYPTION, &key].concat())
}

/// Returns the modulus and the exponent that a `SubjectPublicKeyInfo` holds. It may be in any
/// encoding: compare with [`public_der`].
#[must_use]
pub fn public_parts(der: &[u8]) -> Option<(BigUint, BigUint)> {
    let (_, info, _) = element(der)?;
    let (_, _algorithm, rest) = element(info)?;
    let (_, key, _) = element(rest)?;
    let (_, key, _) = element(key.get(1..)?)?;
    let (_, modulus, rest) = element(key)?;
    let (_, exponent, _) = element(rest)?;
    Some((
        BigUint::from_bytes_be(modulus),
        BigUint::from_bytes_be(exponent),
    ))
}

/// Encodes a PEM section (RFC 7468).
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::encode(der, base64::STANDARD);
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

/// Returns the tag and the content of a DER element, and the bytes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            let length = digits.iter().try_fold(0_usize, |length, digit| {
                Some(length.checked_mul(256)? + usize::from(*digit))
            })?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn integer(number: &BigUint) -> Vec<u8> {
    let digits = number.to_bytes_be();
    match digits.first() {
        Some(0x80..) => der(0x02, &[&[0], &digits[..]].concat()),
        _ => der(0x02, &digits),
    }
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|it| **it == 0).count();
    let length = &length[zeros..];
    match content.len() {
        short @ 0..0x80 => [&[tag, short as u8], content].concat(),
        _ => [&[tag, 0x80 + length.len() as u8], length, content].concat(),
    }
}

fn is_odd_prime(number: u32) -> bool {
    number > 2
        && (2..)
            .take_while(|it| it * it <= number)
            .all(|it| !number.is_multiple_of(it))
}
