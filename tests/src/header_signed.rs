//! A gateway that signs in a header, which the real ones here do not: what every way in must make of
//! such a header is settled before one does.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use postback_core::{Accepts, Answer, Check, Head, MediaType, Provider, Rejection, SecretKey};
use serde_json::{Map, Value};

use crate::facts::Stated;

/// Signs the raw JSON body with HMAC-SHA256, in base64 in exactly one `x-signature`.
#[derive(Clone, Copy, Debug)]
pub struct HeaderSigned;

/// What such a postback says.
#[derive(Clone, Copy, Debug)]
pub struct Announced;

impl Stated for Announced {
    fn facts(&self) -> Map<String, Value> {
        Map::new()
    }
}

impl Provider for HeaderSigned {
    type Event = Announced;
    type Evidence = Vec<u8>;
    type Key = SecretKey;

    const NAME: &'static str = "header-signed";
    const ACK: Answer = Answer::acknowledgement("text/plain", "ok");

    fn accepts(&self) -> Accepts {
        Accepts::Post(&[MediaType::Json])
    }

    fn inspect(&self, head: &Head<'_>, _: Option<MediaType>) -> Result<Vec<u8>, Rejection> {
        let signature = head.only("x-signature");
        let signature = signature.map_err(|_| Rejection::BadSignature)?;
        let signature = signature.ok_or(Rejection::Unsigned)?;
        STANDARD
            .decode(signature)
            .map_err(|_| Rejection::BadSignature)
    }

    fn verify(
        &self,
        signature: Vec<u8>,
        body: Bytes,
        check: &mut Check<'_, SecretKey>,
    ) -> Result<Announced, Rejection> {
        check.signature(|key| key.verify_hmac_sha256(&body, &signature))?;
        Ok(Announced)
    }
}
