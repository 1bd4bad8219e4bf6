use std::{fmt, ops::Deref, sync::Arc};

use super::{Callback, Notice};
use crate::{Provider, Verified};

/// A callback that is about the shop's own order: its amounts and stage are for crediting.
///
/// Made by [`Verified::bind`] and by nothing else. It derefs to the [`Notice`]; what credits should take
/// `&Bound<P>`, for a `&Notice` may be unbound.
#[must_use]
pub struct Bound<P: Provider> {
    verified: Verified<P>,
    /// What the callback's notice is read as, if not as a whole.
    notice: Option<Arc<Notice>>,
    basis: Basis,
}

/// What a callback was bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// Address, coin and payout addresses alone: anybody may have arranged it.
    AddressWithoutNonce,
    /// The stored callback URL, nonce included.
    CallbackUrl,
    /// The stored nonce.
    Nonce,
}

impl<P: Provider<Event = Callback>> Bound<P> {
    /// What the provider says of the payment.
    #[must_use]
    pub fn notice(&self) -> &Notice {
        self.notice.as_deref().unwrap_or(self.verified.unbound())
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

    pub(super) fn new(verified: Verified<P>, notice: Option<Notice>, basis: Basis) -> Self {
        Self {
            verified,
            notice: notice.map(Arc::new),
            basis,
        }
    }
}

impl<P: Provider<Event = Callback>> Deref for Bound<P> {
    type Target = Notice;

    fn deref(&self) -> &Notice {
        self.notice()
    }
}

impl<P: Provider> Clone for Bound<P> {
    fn clone(&self) -> Self {
        Self {
            verified: self.verified.clone(),
            notice: self.notice.clone(),
            basis: self.basis,
        }
    }
}

impl<P: Provider<Event = Callback>> fmt::Debug for Bound<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("provider", &P::NAME)
            .field("notice", self.notice())
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}
