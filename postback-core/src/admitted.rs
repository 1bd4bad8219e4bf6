use std::{fmt, str};

use bytes::Bytes;

use crate::{
    Head, MediaType, Provider, Rejection, Verified, Verifier,
    accepts::sealed::Accepts,
    events::{self, Found, Hint},
};

/// A request whose head was accepted; made by [`Verifier::admit`].
///
/// The only way from here is [`verify`](Self::verify), and the only way to a [`Verified`] leads
/// through here. It owns what it needs, so it can be held while the body is read.
#[must_use = "an admitted request is not verified yet"]
pub struct Admitted<P: Provider> {
    verifier: Verifier<P>,
    need: Need,
    /// The size that the head declares of a body that is needed, in bytes.
    declared: Option<u128>,
    evidence: P::Evidence,
}

/// What an [`Admitted`] request still needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "an adapter must know both")]
pub enum Need {
    /// The body, of `limit` bytes at most.
    Body {
        /// The most that may be read, in bytes; less where the framework has a smaller limit.
        limit: usize,
    },
    /// Nothing: the body is not read, and an empty one is passed on.
    Nothing,
}

impl<P: Provider> Admitted<P> {
    /// What to read before [`verify`](Self::verify).
    #[must_use]
    pub const fn need(&self) -> Need {
        self.need
    }

    /// Verifies the body by the verifier's clock.
    ///
    /// # Errors
    ///
    /// [`Rejection::ClockUnavailable`], and all that [`verify_at`](Self::verify_at) refuses.
    pub fn verify(self, body: Bytes) -> Result<Verified<P>, Rejection> {
        match self.verifier.now() {
            Ok(now) => self.verify_at(body, now),
            Err(rejection) => Err(self.refuse(rejection)),
        }
    }

    /// For an adapter: verifies what it read, or refuses because it could not be read.
    ///
    /// # Errors
    ///
    /// The reason why it could not be read, and all that [`verify`](Self::verify) refuses.
    pub fn verify_read(self, body: Result<Bytes, Rejection>) -> Result<Verified<P>, Rejection> {
        match body {
            Ok(body) => self.verify(body),
            Err(rejection) => Err(self.refuse(rejection)),
        }
    }

    /// For an adapter whose framework lets nobody rewrite a body, and may take one that broke off for a whole one:
    /// as [`verify_read`](Self::verify_read), and refuses a body of another length than the head declared.
    ///
    /// # Errors
    ///
    /// [`Rejection::BodyUnreadable`], and all that [`verify_read`](Self::verify_read) refuses.
    pub fn verify_whole(self, body: Result<Bytes, Rejection>) -> Result<Verified<P>, Rejection> {
        let length = body.as_ref().map_or(0, Bytes::len);
        match self.declared {
            Some(declared) if body.is_ok() && declared != length as u128 => {
                Err(self.refuse(Rejection::BodyUnreadable))
            }
            _ => self.verify_read(body),
        }
    }

    /// Verifies the body as at `now`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// [`Rejection::BodyTooLarge`] if the body exceeds the limit, and what the gateway refuses.
    pub fn verify_at(self, body: Bytes, now: u64) -> Result<Verified<P>, Rejection> {
        let length = body.len();
        let body = match self.need {
            Need::Body { limit } if length > limit => {
                return Err(self.refuse(Rejection::BodyTooLarge { limit }));
            }
            Need::Body { .. } => body,
            Need::Nothing => Bytes::new(),
        };
        let Self {
            verifier,
            declared,
            evidence,
            ..
        } = self;
        let verdict = verifier.seal(now, |check| {
            verifier.provider().verify(evidence, body, check)
        });
        match verdict {
            Ok(verified) => {
                events::accepted(&verified, now);
                Ok(verified)
            }
            Err((rejection, found)) => {
                let rewritten = declared.is_some_and(|declared| declared != length as u128);
                let found = Found {
                    hint: found.hint.or_else(|| Hint::of(&rejection, rewritten)),
                    ..found
                };
                events::refused(&verifier, &rejection, &found);
                Err(rejection)
            }
        }
    }

    fn refuse(&self, rejection: Rejection) -> Rejection {
        events::refused(&self.verifier, &rejection, &Found::default());
        rejection
    }

    pub(crate) fn new(verifier: &Verifier<P>, head: &Head<'_>) -> Result<Self, Rejection> {
        let allow = P::Accepts::METHOD;
        if head.method() != allow.as_str() {
            return Err(Rejection::MethodNotAllowed { allow });
        }
        let (media_type, need, declared) = match verifier.provider().accepts().media_types() {
            None => (None, Need::Nothing, None),
            Some(media_types) => {
                let limit = verifier.body_limit();
                let media_type = media_type(head, media_types)?;
                let declared = declared_size(head);
                if declared.is_some_and(|declared| declared > limit as u128) {
                    return Err(Rejection::BodyTooLarge { limit });
                }
                (Some(media_type), Need::Body { limit }, declared)
            }
        };
        Ok(Self {
            verifier: verifier.clone(),
            need,
            declared,
            evidence: verifier.provider().inspect(head, media_type)?,
        })
    }
}

impl<P: Provider> fmt::Debug for Admitted<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted")
            .field("provider", &P::NAME)
            .field("need", &self.need)
            .finish_non_exhaustive()
    }
}

/// The one media type that the head names, if it is acceptable and the body is not encoded.
fn media_type(head: &Head<'_>, accepted: &[MediaType]) -> Result<MediaType, Rejection> {
    let mut encoded = false;
    head.each("content-encoding", |value| {
        let value = value.trim_ascii();
        encoded |= !value.is_empty() && !value.eq_ignore_ascii_case(b"identity");
    });
    let mut count: u32 = 0;
    let mut found = None;
    head.each("content-type", |value| {
        count = count.saturating_add(1);
        // Parameters do not count: both media types are UTF-8 text whatever a charset says.
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
        let essence = essence.trim_ascii();
        let matches = |it: &&MediaType| essence.eq_ignore_ascii_case(it.as_str().as_bytes());
        found = accepted.iter().find(matches).copied();
    });
    match found {
        Some(media_type) if count == 1 && !encoded => Ok(media_type),
        _ => Err(Rejection::UnsupportedMediaType),
    }
}

/// The largest size that a `Content-Length` declares, in bytes.
///
/// A value that is no number is the HTTP server's to refuse, and reading is capped all the same.
fn declared_size(head: &Head<'_>) -> Option<u128> {
    let mut largest = None;
    head.each("content-length", |value| {
        let digits = value.trim_ascii();
        if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
            let size = str::from_utf8(digits).map(|text| text.parse().unwrap_or(u128::MAX));
            largest = largest.max(Some(size.unwrap_or(u128::MAX)));
        }
    });
    largest
}
