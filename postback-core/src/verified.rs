use std::{fmt, ops::Deref, sync::Arc};

use crate::{Provider, Verifier};

/// Proof that a postback of `P` is genuine.
///
/// Only [`Admitted::verify_at`](crate::Admitted::verify_at) makes one, so a handler that takes it
/// cannot be handed an unchecked value. The type says which provider's rules were applied; the
/// value says which [`Verifier`] applied them. It derefs to what the postback says.
///
/// How much a genuine postback proves depends on the provider; the documentation of its payload says how much.
///
/// One provider's proof never passes for another's, even if they share a payload type:
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

/// The identity of a verifier, shared by its clones.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) project: Option<Box<str>>,
}

impl<P: Provider> Verified<P> {
    /// Returns what the postback says.
    #[must_use]
    pub const fn payload(&self) -> &P::Payload {
        &self.payload
    }

    /// Returns what the postback says, without the proof.
    #[must_use]
    pub fn into_payload(self) -> P::Payload {
        self.payload
    }

    /// The label of the key that made the signature.
    #[must_use]
    pub fn key_label(&self) -> &str {
        &self.key_label
    }

    /// The project whose verifier vouches, as named with
    /// [`VerifierBuilder::project`](crate::VerifierBuilder::project).
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.identity.project.as_deref()
    }

    /// Whether `verifier`, or a clone of it, made this.
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
