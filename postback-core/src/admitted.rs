use std::{fmt, str};

use bytes::Bytes;

use crate::{
    MediaType, Provider, Rejection, RequestHead, Verified, Verifier,
    accepts::sealed::Accepts,
    log::{self, Findings, Hint},
};

/// A request whose head was accepted; made by [`Verifier::admit`].
///
/// The only way to a [`Verified`] value. It owns what it needs, so that it can be held while the body is read.
///
/// If it is dropped before the postback is verified or rejected, because the client disconnected or a deadline of the
/// application passed, one log event says so.
#[must_use = "an admitted request is not verified yet"]
pub struct Admitted<P: Provider> {
    delivery: Delivery<P>,
    body_limit: Option<usize>,
    /// Size that the head declares of a body that is read, in bytes.
    declared: Option<u128>,
    media_type: Option<MediaType>,
    evidence: P::Evidence,
}

impl<P: Provider> Admitted<P> {
    /// Returns how many bytes of the body may be read at most, fewer if the framework has a smaller limit. `None` if
    /// no body is read: then pass an empty one to [`verify`](Self::verify).
    #[must_use]
    pub const fn body_limit(&self) -> Option<usize> {
        self.body_limit
    }

    /// Verifies the body by the verifier's clock.
    ///
    /// # Errors
    ///
    /// [`Rejection::ClockUnavailable`], and those of [`verify_at`](Self::verify_at).
    pub fn verify(self, body: Bytes) -> Result<Verified<P>, Rejection> {
        match self.delivery.verifier.now() {
            Ok(now) => self.verify_at(body, now),
            Err(rejection) => Err(self.reject(rejection)),
        }
    }

    /// Verifies the body like [`verify`](Self::verify), and rejects one whose length differs from what the
    /// head declared. For frameworks that may report a truncated body as complete, and in which no middleware
    /// rewrites bodies.
    ///
    /// # Errors
    ///
    /// [`Rejection::BodyUnreadable`], and those of [`verify`](Self::verify).
    pub fn verify_complete(self, body: Bytes) -> Result<Verified<P>, Rejection> {
        match self.declared {
            Some(declared) if declared != body.len() as u128 => {
                Err(self.reject(Rejection::BodyUnreadable))
            }
            _ => self.verify(body),
        }
    }

    /// Verifies the body as at `now`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// [`Rejection::BodyTooLarge`] if the body exceeds the limit, and what the provider rejects.
    pub fn verify_at(self, body: Bytes, now: u64) -> Result<Verified<P>, Rejection> {
        let length = body.len();
        let body = match self.body_limit {
            Some(limit) if length > limit => {
                return Err(self.reject(Rejection::BodyTooLarge { limit }));
            }
            Some(_) => body,
            None => Bytes::new(),
        };
        let Self {
            mut delivery,
            declared,
            media_type,
            evidence,
            ..
        } = self;
        // Found before the body is passed on, for the log of a rejection.
        let shape = media_type.filter(|_| log::is_read());
        let shape = shape.and_then(|media_type| Hint::of_body(media_type, &body));
        let verifier = &delivery.verifier;
        let result = verifier.seal(now, |context| {
            verifier.provider().verify(evidence, body, context)
        });
        let verifier = delivery.end();
        match result {
            Ok(verified) => {
                log::verified(&verified, now);
                Ok(verified)
            }
            Err((rejection, findings)) => {
                let is_rewritten = declared.is_some_and(|declared| declared != length as u128);
                let is_of_body = matches!(rejection, Rejection::Malformed(_) | Rejection::Unsigned);
                let findings = findings
                    .or_hint(|| Hint::of(&rejection, is_rewritten))
                    .or_hint(|| shape.filter(|_| is_of_body));
                log::rejected(verifier, &rejection, &findings);
                Err(rejection)
            }
        }
    }

    /// Logs a rejection that the adapter found, and returns it.
    #[must_use = "the adapter replies with it"]
    pub fn reject(mut self, rejection: Rejection) -> Rejection {
        log::rejected(self.delivery.end(), &rejection, &Findings::default());
        rejection
    }

    /// Logs that the adapter did not find `looked_for`, and returns the rejection.
    #[must_use = "the adapter replies with it"]
    pub fn not_configured(mut self, looked_for: &'static str) -> Rejection {
        self.delivery.end();
        Rejection::not_configured::<P>(looked_for)
    }

    pub(crate) fn new(verifier: &Verifier<P>, head: &RequestHead<'_>) -> Result<Self, Rejection> {
        let allow = P::Accepts::METHOD;
        if head.method() != allow.as_str() {
            return Err(Rejection::MethodNotAllowed { allow });
        }
        let (media_type, body_limit, declared) = match verifier.provider().accepts().media_types() {
            None => (None, None, None),
            Some(media_types) => {
                let limit = verifier.body_limit();
                let media_type = media_type(head, media_types)?;
                let declared = declared_size(head);
                if declared.is_some_and(|declared| declared > limit as u128) {
                    return Err(Rejection::BodyTooLarge { limit });
                }
                (Some(media_type), Some(limit), declared)
            }
        };
        let evidence = verifier.provider().inspect(head, media_type)?;
        Ok(Self {
            delivery: Delivery {
                verifier: verifier.clone(),
                has_ended: false,
            },
            body_limit,
            declared,
            media_type,
            evidence,
        })
    }
}

impl<P: Provider> fmt::Debug for Admitted<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted")
            .field("provider", &P::NAME)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}

/// Leaves a log event when it is dropped before the delivery has ended in a verified value or a rejection.
struct Delivery<P: Provider> {
    verifier: Verifier<P>,
    has_ended: bool,
}

impl<P: Provider> Delivery<P> {
    fn end(&mut self) -> &Verifier<P> {
        self.has_ended = true;
        &self.verifier
    }
}

impl<P: Provider> Drop for Delivery<P> {
    fn drop(&mut self) {
        if !self.has_ended {
            log::abandoned(&self.verifier);
        }
    }
}

/// The one media type that the head names, if it is acceptable and the body is not encoded.
fn media_type(head: &RequestHead<'_>, accepted: &[MediaType]) -> Result<MediaType, Rejection> {
    let mut encoded = false;
    head.values("content-encoding", |value| {
        let value = value.trim_ascii();
        encoded |= !value.is_empty() && !value.eq_ignore_ascii_case(b"identity");
    });
    let mut count: u32 = 0;
    let mut found = None;
    head.values("content-type", |value| {
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
/// A value that is not a number is for the HTTP server to reject; reading is limited all the same.
fn declared_size(head: &RequestHead<'_>) -> Option<u128> {
    let mut largest = None;
    head.values("content-length", |value| {
        let digits = value.trim_ascii();
        if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
            let size = str::from_utf8(digits).map(|text| text.parse().unwrap_or(u128::MAX));
            largest = largest.max(Some(size.unwrap_or(u128::MAX)));
        }
    });
    largest
}
