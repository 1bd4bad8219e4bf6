use std::{fmt, ops::Deref, sync::Arc};

use crate::{Provider, Verifier};

/// Proof that a postback of `P` is genuine.
///
/// Only [`Admitted::verify_at`](crate::Admitted::verify_at) creates one, so a handler that takes it
/// never receives an unverified postback. The type names the provider, and the value identifies the
/// [`Verifier`] that verified it. It dereferences to the payload.
///
/// The documentation of the payload describes what a genuine postback of the provider proves.
///
/// A value of one provider is never accepted in place of one of another, even if they share a
/// payload type:
///
/// ```compile_fail,E0308
/// use postback_core::{Verified, cryptocloud::{CryptoCloud, Trybit}};
///
/// fn credit(_: Verified<CryptoCloud>) {}
///
/// fn misuse(proof: Verified<Trybit>) {
///     credit(proof);
/// }
/// ```
#[must_use]
pub struct Verified<P: Provider> {
    payload: P::Payload,
    identity: Arc<Identity>,
    key_label: Arc<str>,
}

/// Identity of a verifier, shared by its clones.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) project: Option<Box<str>>,
}

impl<P: Provider> Verified<P> {
    /// Returns the payload of the postback.
    #[must_use]
    pub const fn payload(&self) -> &P::Payload {
        &self.payload
    }

    /// Returns the payload of the postback, without the proof.
    #[must_use]
    pub fn into_payload(self) -> P::Payload {
        self.payload
    }

    /// Returns the label of the key that made the signature.
    #[must_use]
    pub fn key_label(&self) -> &str {
        &self.key_label
    }

    /// Returns the [project](crate::VerifierBuilder::project) of the verifier, if it has one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.identity.project.as_deref()
    }

    /// Returns whether `verifier`, or a clone of it, verified this postback.
    #[must_use]
    pub fn is_from(&self, verifier: &Verifier<P>) -> bool {
        Arc::ptr_eq(&self.identity, verifier.identity())
    }

    pub(crate) fn new(payload: P::Payload, verifier: &Verifier<P>, key_label: &Arc<str>) -> Self {
        Self {
            payload,
            identity: Arc::clone(verifier.identity()),
            key_label: Arc::clone(key_label),
        }
    }
}

impl<P: Provider> Clone for Verified<P> {
    fn clone(&self) -> Self {
        Self {
            payload: self.payload.clone(),
            identity: Arc::clone(&self.identity),
            key_label: Arc::clone(&self.key_label),
        }
    }
}

impl<P: Provider> fmt::Debug for Verified<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("provider", &P::NAME)
            .field("project", &self.project())
            .field("key_label", &self.key_label)
            .field("payload", &self.payload)
            .finish()
    }
}

impl<P: Provider> Deref for Verified<P> {
    type Target = P::Payload;

    fn deref(&self) -> &P::Payload {
        &self.payload
    }
}
