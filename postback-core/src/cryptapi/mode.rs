use std::fmt;

use bytes::Bytes;

use super::{Callback, CallbackFields, callback::Delivery, parse::Defect};
use crate::{
    Accepts, AcceptsGet, AcceptsPost, ConfigError, LogFields, MediaType, PublicKey, PublicOrigins,
    ReceivedUrl, Rejection, RequestHead, SignatureHeader, VerifyContext, public_url::query,
};

/// Delivery of callbacks: [`Get`] or [`Post`].
///
/// You choose it to match the parameters that you give to `/create/`. A request cannot change it.
/// The trait is sealed.
pub trait Mode: sealed::Mode {}

/// Delivery by GET, which is the provider's default.
///
/// All fields are in the query of the callback URL, and the whole URL is signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Get {
    origins: PublicOrigins,
}

/// Delivery by POST, as a form (`post=1`) or as JSON (`json=1`).
///
/// The body is signed, and nothing else. Your parameters are in the query.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Post {
    media_type: MediaType,
}

const SIGNATURE: SignatureHeader = SignatureHeader::base64("x-ca-signature");

mod sealed {
    use super::*;

    pub trait Mode: Clone + fmt::Debug + Send + Sync + 'static {
        type Accepts: Accepts;
        type Evidence: Send + 'static;

        fn accepts(&self) -> Self::Accepts;

        /// Returns whether callbacks to this URL can verify.
        fn is_reached_by(&self, url: &str) -> bool;

        fn inspect(&self, head: &RequestHead<'_>) -> Result<Self::Evidence, Rejection>;

        fn verify(
            &self,
            evidence: Self::Evidence,
            body: Bytes,
            context: &mut VerifyContext<'_, PublicKey>,
        ) -> Result<Callback, Rejection>;
    }
}

impl Get {
    pub(super) fn new<O: AsRef<str>>(
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, ConfigError> {
        let origins = PublicOrigins::new(origins)?;
        Ok(Self { origins })
    }

    pub(super) fn with_prefix(self, prefix: &str) -> Result<Self, ConfigError> {
        let origins = self.origins.stripped_prefix(prefix)?;
        Ok(Self { origins })
    }
}

impl Mode for Get {}

impl sealed::Mode for Get {
    type Accepts = AcceptsGet;
    type Evidence = (Vec<u8>, ReceivedUrl);

    fn accepts(&self) -> AcceptsGet {
        AcceptsGet
    }

    fn is_reached_by(&self, url: &str) -> bool {
        self.origins.covers(url)
    }

    fn inspect(&self, head: &RequestHead<'_>) -> Result<Self::Evidence, Rejection> {
        Ok((SIGNATURE.read(head)?, self.origins.received(head.target())?))
    }

    fn verify(
        &self,
        (signature, url): Self::Evidence,
        _: Bytes,
        context: &mut VerifyContext<'_, PublicKey>,
    ) -> Result<Callback, Rejection> {
        let url = context.url_signature(&self.origins, url, |key, url| {
            key.verify_rsa_pkcs1_sha256(url, &signature)
        })?;
        let query_at = url.len().saturating_sub(query(&url).len());
        let fields = CallbackFields::from_query(url, query_at);
        let fields = fields.map_err(|defect| malformed(&defect, context))?;
        Ok(Callback::new(fields, Delivery::Get))
    }
}

impl Post {
    pub(super) const fn new(media_type: MediaType) -> Self {
        Self { media_type }
    }
}

impl Mode for Post {}

impl sealed::Mode for Post {
    type Accepts = AcceptsPost;

    /// The signature, and the unsigned query, which holds the parameters of the callback URL.
    type Evidence = (Vec<u8>, String);

    fn accepts(&self) -> AcceptsPost {
        match self.media_type {
            MediaType::Form => AcceptsPost(&[MediaType::Form]),
            MediaType::Json => AcceptsPost(&[MediaType::Json]),
        }
    }

    /// Returns `true`, because no URL is signed.
    fn is_reached_by(&self, _: &str) -> bool {
        true
    }

    fn inspect(&self, head: &RequestHead<'_>) -> Result<Self::Evidence, Rejection> {
        Ok((SIGNATURE.read(head)?, query(head.target()).to_owned()))
    }

    fn verify(
        &self,
        (signature, query): Self::Evidence,
        body: Bytes,
        context: &mut VerifyContext<'_, PublicKey>,
    ) -> Result<Callback, Rejection> {
        context.signature(|key| key.verify_rsa_pkcs1_sha256(&body, &signature))?;
        let (fields, delivery) = match self.media_type {
            MediaType::Form => (
                CallbackFields::from_form(&body),
                Delivery::PostForm { query },
            ),
            MediaType::Json => (
                CallbackFields::from_json(&body),
                Delivery::PostJson { query },
            ),
        };
        let fields = fields.map_err(|defect| malformed(&defect, context))?;
        Ok(Callback::new(fields, delivery))
    }
}

/// Returns the rejection of a signed callback that breaks a rule. Its `uuid` is logged, because the
/// payment may be genuine.
fn malformed(defect: &Defect, context: &mut VerifyContext<'_, PublicKey>) -> Rejection {
    if let Some(uuid) = &defect.uuid {
        context.identify(&LogFields::default().uuid(uuid));
    }
    Rejection::Malformed(defect.reason)
}

impl fmt::Debug for Get {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origins.fmt(f)
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.media_type.as_str())
    }
}
