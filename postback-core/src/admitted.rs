use std::fmt;

use bytes::Bytes;

use crate::{
    Provider, Rejection, Verified, Verifier,
    expected_body::ExpectedBody,
    log::{self, Findings, Hint},
};

/// Request whose head was accepted; created by [`Verifier::admit`].
///
/// Only an admitted request becomes a [`Verified`] value. It borrows nothing, so it can be kept
/// while the body is read.
///
/// If it is dropped before the postback is verified or rejected, because the client disconnected or
/// a deadline of the application passed, the log event `postback abandoned` is emitted.
#[must_use = "an admitted request is not verified until `verify` returns `Ok`"]
pub struct Admitted<P: Provider> {
    delivery: Delivery<P>,
    /// Media type, limit and declared size of the body; `None` if no body is read.
    expected_body: Option<ExpectedBody>,
    evidence: P::Evidence,
}

impl<P: Provider> Admitted<P> {
    /// Returns how many bytes of the body to read at most. If the framework has a smaller limit,
    /// that one applies.
    ///
    /// `None` if no body is read: pass an empty one to [`verify`](Self::verify).
    #[must_use]
    pub fn body_limit(&self) -> Option<usize> {
        self.expected_body.as_ref().map(|expected| expected.limit)
    }

    /// Verifies the body at the time of the verifier's clock.
    ///
    /// # Errors
    ///
    /// [`Rejection::ClockUnavailable`], and the errors of [`verify_at`](Self::verify_at).
    pub fn verify(self, body: Bytes) -> Result<Verified<P>, Rejection> {
        match self.delivery.verifier.now() {
            Ok(now) => self.verify_at(body, now),
            Err(rejection) => Err(self.reject(rejection)),
        }
    }

    /// Verifies the body like [`verify`](Self::verify), and rejects one whose length differs from
    /// the declared one.
    ///
    /// Use it with a framework that may report a truncated body as complete, and in which no
    /// middleware rewrites bodies.
    ///
    /// # Errors
    ///
    /// [`Rejection::BodyUnreadable`] if the length differs, and the errors of
    /// [`verify`](Self::verify).
    pub fn verify_complete(self, body: Bytes) -> Result<Verified<P>, Rejection> {
        match &self.expected_body {
            Some(expected) if !expected.is_complete(&body) => {
                Err(self.reject(Rejection::BodyUnreadable))
            }
            _ => self.verify(body),
        }
    }

    /// Verifies the body at the time `now`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// [`Rejection::BodyTooLarge`] if the body exceeds the limit, [`Rejection::BadSignature`] if
    /// the provider checked no signature, and the rejections of [`Provider::verify`].
    pub fn verify_at(self, body: Bytes, now: u64) -> Result<Verified<P>, Rejection> {
        let body = match &self.expected_body {
            Some(expected) if body.len() > expected.limit => {
                let limit = expected.limit;
                return Err(self.reject(Rejection::BodyTooLarge { limit }));
            }
            Some(_) => body,
            None => Bytes::new(),
        };
        let Self {
            mut delivery,
            expected_body,
            evidence,
        } = self;
        // Computed here, because the provider consumes the body.
        let body_findings = expected_body.map(|expected| expected.findings(&body));
        let verifier = &delivery.verifier;
        let keys = verifier.keys();
        let mut context = verifier.context(&keys, now);
        let payload = verifier.provider().verify(evidence, body, &mut context);
        let verified = payload.and_then(|payload| {
            // Rejects the postbacks of a provider that checked no signature or ignored the result.
            let key_label = context.signed_by().ok_or(Rejection::BadSignature)?;
            Ok(Verified::new(payload, verifier, key_label))
        });
        let findings = context.into_findings();
        let verifier = delivery.end();
        match &verified {
            Ok(verified) => log::verified(verified, now),
            Err(rejection) => {
                let findings = findings
                    .or_hint(|| Hint::of(rejection))
                    .or_hint(|| body_findings.and_then(|findings| findings.hint(rejection)));
                log::rejected(verifier, rejection, &findings);
            }
        }
        verified
    }

    /// Logs a rejection that the adapter decided on, and returns it.
    #[must_use = "the adapter must reply with it"]
    pub fn reject(mut self, rejection: Rejection) -> Rejection {
        log::rejected(self.delivery.end(), &rejection, &Findings::default());
        rejection
    }

    /// Logs that the adapter did not find `looked_for`, and returns [`Rejection::NotConfigured`].
    #[must_use = "the adapter must reply with it"]
    pub fn not_configured(mut self, looked_for: &'static str) -> Rejection {
        self.delivery.end();
        Rejection::not_configured::<P>(looked_for)
    }

    pub(crate) fn new(
        verifier: &Verifier<P>,
        expected_body: Option<ExpectedBody>,
        evidence: P::Evidence,
    ) -> Self {
        Self {
            delivery: Delivery {
                verifier: verifier.clone(),
                has_ended: false,
            },
            expected_body,
            evidence,
        }
    }
}

impl<P: Provider> fmt::Debug for Admitted<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted")
            .field("provider", &P::NAME)
            .field("body_limit", &self.body_limit())
            .finish_non_exhaustive()
    }
}

/// Guard that emits a log event when it is dropped before the postback was verified or rejected.
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
