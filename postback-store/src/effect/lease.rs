use std::{fmt, time::Duration};

use postback_core::{Retry, RetryReason, event::EventKey};

use super::{Access, EffectBackend, EffectStore};
use crate::StoreError;

/// The right to run the effect of one payment, for a time.
#[derive(Clone)]
pub struct Lease<S> {
    pub(super) store: S,
    pub(super) key: EventKey,
    pub(super) token: u64,
}

/// Error returned when a lease was not extended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The lease has ended, and another worker may run the effect: stop.
    #[error("lease has expired")]
    Expired,
    /// The store did not respond. The lease ends when it would have ended.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: EffectStore> Lease<S> {
    /// Returns the fencing token, which rises with each lease of the same effect.
    ///
    /// A service that remembers the highest token of a payment and rejects lower ones is protected
    /// from workers whose lease has ended. Tokens start again if the store loses its data: a
    /// database restored from an old copy, or a Redis that did not persist them.
    #[must_use]
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// Lets the lease end `length` from now, by the store's clock: for work that takes longer than
    /// expected, or shorter. At most a year.
    ///
    /// Do not call it while the same task holds a transaction of the store open: memory waits for
    /// the end of that forever, and SQLite is busy.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Expired`] if it has ended before, and [`LeaseError::Store`].
    pub async fn extend(&self, length: Duration) -> Result<(), LeaseError> {
        let backend = self.store.backend(Access::OURS);
        match backend.extend(&self.key, self.token, length).await? {
            true => Ok(()),
            false => Err(LeaseError::Expired),
        }
    }
}

impl From<LeaseError> for Retry {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Expired => RetryReason::LeaseExpired.into(),
            LeaseError::Store(error) => error.into(),
        }
    }
}

impl<S> fmt::Debug for Lease<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("key", &self.key)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
