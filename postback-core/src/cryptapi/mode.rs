use std::{cell::Cell, fmt, iter};

use bytes::Bytes;

use super::{
    Callback, Notice,
    callback::Delivery,
    origin::Origin,
    read::Defect,
    signature::Signature,
    target::{self, Base, SignedUrl},
};
use crate::{
    Accepts, AcceptsGet, AcceptsPost, Check, ConfigError, Head, MediaType, PublicKey, Rejection,
    Summary,
};

/// How callbacks are delivered: [`Get`] or [`Post`], as the shop asked the provider to, never as a
/// request likes to. It is sealed.
pub trait Mode: sealed::Mode {}

/// By GET, everything in the query of the callback URL: the provider's default. The whole URL is
/// signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Get {
    /// Never empty.
    bases: (Base, Vec<Base>),
}

/// By POST, as a form (`post=1`) or as JSON (`json=1`). The body is signed, and nothing else; the
/// merchant's parameters stand in the query.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Post {
    media_type: MediaType,
}

mod sealed {
    use super::*;

    pub trait Mode: Clone + fmt::Debug + Send + Sync + 'static {
        type Accepts: Accepts;
        type Evidence: Send + 'static;

        fn accepts(&self) -> Self::Accepts;

        /// Whether callbacks to this URL can verify.
        fn is_reached_by(&self, url: &str) -> bool;

        fn inspect(&self, head: &Head<'_>) -> Result<Self::Evidence, Rejection>;

        fn verify(
            &self,
            evidence: Self::Evidence,
            body: Bytes,
            check: &mut Check<'_, PublicKey>,
        ) -> Result<Callback, Rejection>;
    }
}

impl Get {
    pub(super) fn new<O: AsRef<str>>(
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, ConfigError> {
        let mut bases = origins.into_iter().map(|origin| {
            let origin = Origin::parse(origin.as_ref())?;
            Ok(Base::new(&origin))
        });
        let first = bases.next().ok_or(ConfigError::NoOrigin)??;
        let further = bases.collect::<Result<_, _>>()?;
        Ok(Self {
            bases: (first, further),
        })
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> Result<Self, ConfigError> {
        let (first, further) = &self.bases;
        let first = first.with_prefix(prefix)?;
        let further = further.iter().map(|base| base.with_prefix(prefix));
        Ok(Self {
            bases: (first, further.collect::<Result<_, _>>()?),
        })
    }
}

impl Mode for Get {}

impl sealed::Mode for Get {
    type Accepts = AcceptsGet;
    type Evidence = (Signature, SignedUrl);

    fn accepts(&self) -> AcceptsGet {
        AcceptsGet
    }

    fn is_reached_by(&self, url: &str) -> bool {
        let (first, further) = &self.bases;
        iter::once(first)
            .chain(further)
            .any(|base| base.begins(url))
    }

    fn inspect(&self, head: &Head<'_>) -> Result<Self::Evidence, Rejection> {
        let signature = Signature::of(head)?;
        let (first, _) = &self.bases;
        let url = SignedUrl::new(first, head.target()).ok_or(Rejection::BadSignature)?;
        Ok((signature, url))
    }

    fn verify(
        &self,
        (signature, url): Self::Evidence,
        _: Bytes,
        check: &mut Check<'_, PublicKey>,
    ) -> Result<Callback, Rejection> {
        let (_, further) = &self.bases;
        let others: Vec<_> = further.iter().map(|base| url.behind(base)).collect();
        let signed = Cell::new(None);
        check.signature(|key| {
            let mut urls = iter::once(&url).chain(&others);
            signed.set(urls.position(|url| signature.is_by(key, url.as_str().as_bytes())));
            signed.get().is_some()
        })?;
        let mut urls = iter::once(url).chain(others);
        let url = signed.get().and_then(|at| urls.nth(at));
        let url = url.ok_or(Rejection::BadSignature)?;
        let query_at = url.query_at();
        let notice = Notice::from_query(url.into_string(), query_at);
        let notice = notice.map_err(|defect| malformed(&defect, check))?;
        Ok(Callback::new(notice, Delivery::Get))
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

    /// The query is not signed; it is kept for what the merchant put there.
    type Evidence = (Signature, String);

    fn accepts(&self) -> AcceptsPost {
        match self.media_type {
            MediaType::Form => AcceptsPost(&[MediaType::Form]),
            MediaType::Json => AcceptsPost(&[MediaType::Json]),
        }
    }

    /// No URL is signed.
    fn is_reached_by(&self, _: &str) -> bool {
        true
    }

    fn inspect(&self, head: &Head<'_>) -> Result<Self::Evidence, Rejection> {
        let signature = Signature::of(head)?;
        Ok((signature, target::query(head.target()).to_owned()))
    }

    fn verify(
        &self,
        (signature, query): Self::Evidence,
        body: Bytes,
        check: &mut Check<'_, PublicKey>,
    ) -> Result<Callback, Rejection> {
        check.signature(|key| signature.is_by(key, &body))?;
        let (notice, delivery) = match self.media_type {
            MediaType::Form => (Notice::from_form(&body), Delivery::PostForm { query }),
            MediaType::Json => (Notice::from_json(&body), Delivery::PostJson { query }),
        };
        let notice = notice.map_err(|defect| malformed(&defect, check))?;
        Ok(Callback::new(notice, delivery))
    }
}

/// A signed callback that breaks a rule is named on the log all the same: it may be a genuine payment.
fn malformed(defect: &Defect, check: &mut Check<'_, PublicKey>) -> Rejection {
    if let Some(uuid) = &defect.uuid {
        check.identify(&Summary::default().uuid(uuid));
    }
    Rejection::Malformed(defect.defect)
}

impl fmt::Debug for Get {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, further) = &self.bases;
        let mut list = f.debug_list();
        list.entry(first).entries(further).finish()
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.media_type.as_str())
    }
}
