use std::{fmt, ops::Deref};

use super::{CallbackProvider, Notice};
use crate::{Provider, Verified};

/// A callback that was compared with an order, and is about it.
///
/// Bound by the callback URL or the nonce, all that it says is the provider's word about a payment to this order.
/// **Bound by the address alone, anyone can have arranged it and can have chosen what it says**: such a callback is
/// [`Assurance::ArrangedByAnyone`](crate::reconcile::Assurance::ArrangedByAnyone).
///
/// Made by [`Verified::bind`] and by nothing else. It derefs to the [`Notice`]; a function that credits should take
/// `&Bound<P>`, because a `&Notice` may be unbound.
#[must_use]
pub struct Bound<P: Provider> {
    verified: Verified<P>,
    basis: Basis,
}

/// What a callback was bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// Address, coin and payout addresses alone: anyone can have arranged it.
    AddressWithoutNonce,
    /// The stored callback URL, nonce included.
    CallbackUrl,
    /// The stored nonce.
    Nonce,
}

impl<P: CallbackProvider> Bound<P> {
    /// What the provider says of the payment.
    #[must_use]
    pub fn notice(&self) -> &Notice {
        self.verified.unbound()
    }

    /// What it was bound by.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// The callback that was bound, with the proof that it is genuine.
    pub const fn verified(&self) -> &Verified<P> {
        &self.verified
    }

    pub(super) fn new(verified: Verified<P>, basis: Basis) -> Self {
        Self { verified, basis }
    }
}

impl<P: CallbackProvider> Deref for Bound<P> {
    type Target = Notice;

    fn deref(&self) -> &Notice {
        self.notice()
    }
}

impl<P: Provider> Clone for Bound<P> {
    fn clone(&self) -> Self {
        Self {
            verified: self.verified.clone(),
            basis: self.basis,
        }
    }
}

impl<P: CallbackProvider> fmt::Debug for Bound<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("provider", &P::NAME)
            .field("notice", self.notice())
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}
