use std::{fmt, ops::Deref};

use super::{CallbackFields, CallbackProvider};
use crate::{Provider, Verified};

/// A callback that was compared with an order, and is about it.
///
/// Bound by the callback URL or the callback secret, all that it says is the provider's word about a payment to this order.
/// **Bound by the address alone, anyone can have arranged it and can have chosen what it says**: such a callback is
/// [`Assurance::ArrangedByAnyone`](crate::reconcile::Assurance::ArrangedByAnyone).
///
/// Made by [`Verified::bind`] and by nothing else. It derefs to the [`CallbackFields`]; a function that credits should take
/// `&Bound<P>`, because a `&CallbackFields` may be unbound.
#[must_use]
pub struct Bound<P: Provider> {
    verified: Verified<P>,
    bound_by: BoundBy,
}

/// What a callback was bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BoundBy {
    /// Address, coin and payout addresses alone: anyone can have arranged it.
    AddressWithoutSecret,
    /// The stored callback URL, callback secret included.
    CallbackUrl,
    /// The stored callback secret.
    Secret,
}

impl<P: CallbackProvider> Bound<P> {
    /// What the provider says of the payment.
    #[must_use]
    pub fn fields(&self) -> &CallbackFields {
        self.verified.unbound()
    }

    /// What it was bound by.
    #[must_use]
    pub const fn bound_by(&self) -> BoundBy {
        self.bound_by
    }

    /// The callback that was bound, with the proof that it is genuine.
    pub const fn verified(&self) -> &Verified<P> {
        &self.verified
    }

    pub(super) fn new(verified: Verified<P>, bound_by: BoundBy) -> Self {
        Self { verified, bound_by }
    }
}

impl<P: CallbackProvider> Deref for Bound<P> {
    type Target = CallbackFields;

    fn deref(&self) -> &CallbackFields {
        self.fields()
    }
}

impl<P: Provider> Clone for Bound<P> {
    fn clone(&self) -> Self {
        Self {
            verified: self.verified.clone(),
            bound_by: self.bound_by,
        }
    }
}

impl<P: CallbackProvider> fmt::Debug for Bound<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("provider", &P::NAME)
            .field("fields", self.fields())
            .field("bound_by", &self.bound_by)
            .finish_non_exhaustive()
    }
}
