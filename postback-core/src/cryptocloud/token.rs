use std::{borrow::Cow, collections::HashSet, fmt};

use jsonwebtoken::{Algorithm, decode_header};
use memchr::{memchr, memrchr};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::invoice_id::InvoiceId;
use crate::{
    Amount, InvalidClaimsReason, LogFields, Rejection, SecretKey, VerifyContext,
    decode::{base64url, json::Name},
    verify_context::LATEST,
};

/// Claims of a genuine token.
pub(crate) struct GenuineToken {
    pub(crate) invoice_id: InvoiceId,
    /// Expiry, in Unix seconds.
    pub(crate) expires_at: u64,
}

impl GenuineToken {
    /// Checks a token: signature, then JOSE header, then claims, then times.
    ///
    /// No part is decoded before the signature over it is verified.
    pub(crate) fn of(
        token: &str,
        context: &mut VerifyContext<'_, SecretKey>,
    ) -> Result<Self, Rejection> {
        let parts = Parts::split(token).ok_or(Rejection::BadSignature)?;
        let tag = base64url::decode_tag(parts.signature).ok_or(Rejection::BadSignature)?;
        context.signature(|key| key.verify_hmac_sha256(parts.message.as_bytes(), &tag))?;
        check_header(token, parts.header).ok_or(Rejection::BadSignature)?;

        let claims = base64url::decode(parts.claims).ok_or(Rejection::BadSignature)?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).map_err(|_| UNUSABLE)?;
        let invoice_id = InvoiceId::parse(&claims.id).ok_or(UNUSABLE)?;
        context.identify(&LogFields::default().invoice_id(invoice_id.as_str()));
        // Checked after `identify`, so that the log event of a rejection contains the invoice id.
        let exp = claims.exp.ok_or(UNUSABLE)?;
        let not_before = match claims.nbf {
            Some(nbf) => Some(seconds(nbf, Amount::ceil).ok_or(UNUSABLE)?),
            None => None,
        };
        let expires_at = seconds(exp, Amount::floor).ok_or(UNUSABLE)?;
        context.check_times(not_before, expires_at)?;
        Ok(Self {
            invoice_id,
            expires_at,
        })
    }
}

/// Three parts of a token, encoded.
struct Parts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    /// Header, dot and claims, which the signature covers.
    message: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Option<Self> {
        let (message, signature) = split_at_dot(token, memrchr(b'.', token.as_bytes())?)?;
        let (header, claims) = split_at_dot(message, memchr(b'.', message.as_bytes())?)?;
        memchr(b'.', claims.as_bytes()).is_none().then_some(Self {
            header,
            claims,
            signature,
            message,
        })
    }
}

fn split_at_dot(text: &str, dot: usize) -> Option<(&str, &str)> {
    let (before, from) = text.split_at_checked(dot)?;
    Some((before, from.strip_prefix('.')?))
}

const UNUSABLE: Rejection = Rejection::InvalidClaims(InvalidClaimsReason::Unusable);

/// Encoded `{"typ":"JWT","alg":"HS256"}` and `{"alg":"HS256","typ":"JWT"}`, as the provider and
/// common libraries write them. They need no decoding.
const USUAL_HEADERS: [&str; 2] = [
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
];

/// Accepts `alg` HS256, and no member that would change what the signature covers (RFC 7515,
/// sections 4 and 4.1.11; RFC 7797).
fn check_header(token: &str, header: &str) -> Option<()> {
    if USUAL_HEADERS.contains(&header) {
        return Some(());
    }
    // `jsonwebtoken` accepts repeated unknown members, `"crit": null`, and an `alg` that is not a
    // text.
    let _: StrictHeader = serde_json::from_slice(&base64url::decode(header)?).ok()?;
    let header = decode_header(token).ok()?;
    (header.alg == Algorithm::HS256).then_some(())
}

/// Returns the whole seconds of a `NumericDate` (RFC 7519, section 2). `round` rounds a fraction.
fn seconds(raw: &RawValue, round: fn(&Amount) -> Option<u64>) -> Option<u64> {
    let seconds = match raw.get().parse() {
        Ok(seconds) => seconds,
        Err(_) => round(&raw.get().parse().ok()?)?,
    };
    (seconds <= LATEST).then_some(seconds)
}

/// JOSE header with distinct members, in which `alg` is the text `HS256` and `crit` and `b64` are
/// absent.
struct StrictHeader;

impl<'de> Deserialize<'de> for StrictHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for StrictHeader {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(Name(name)) = members.next_key()? {
            let is_accepted = match &*name {
                "alg" => members.next_value::<Name<'de>>()?.0 == "HS256",
                "crit" | "b64" => false,
                _ => members.next_value::<IgnoredAny>().map(|_| true)?,
            };
            if !is_accepted || !seen.insert(name) {
                return Err(A::Error::custom("member is not accepted"));
            }
        }
        match seen.contains("alg") {
            true => Ok(self),
            false => Err(A::Error::missing_field("alg")),
        }
    }
}

/// Claims that are checked.
///
/// A repeated claim is rejected (RFC 7519, section 4), and so is an array, which a derived impl
/// would accept.
struct Claims<'a> {
    id: Cow<'a, str>,
    exp: Option<&'a RawValue>,
    nbf: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Claims<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWT claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<Claims<'de>, A::Error> {
        let (mut id, mut exp, mut nbf) = (None, None, None);
        let mut unknown = HashSet::new();
        while let Some(Name(name)) = claims.next_key()? {
            let repeated = match &*name {
                "id" => id.replace(claims.next_value::<Name<'de>>()?.0).is_some(),
                "exp" => exp.replace(claims.next_value()?).is_some(),
                "nbf" => nbf.replace(claims.next_value()?).is_some(),
                _ => {
                    claims.next_value::<IgnoredAny>()?;
                    !unknown.insert(name)
                }
            };
            if repeated {
                return Err(A::Error::custom("repeated claim"));
            }
        }
        Ok(Claims {
            id: id.ok_or_else(|| A::Error::missing_field("id"))?,
            exp,
            nbf,
        })
    }
}
