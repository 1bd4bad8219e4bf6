use std::{
    fmt,
    time::{Duration, Instant},
};

use postback_core::{Retry, RetryReason};

use super::{Access, EffectBackend, EffectKey, EffectStore, renewal::LeaseEnd};
use crate::StoreError;

/// Right to run one effect of one payment for a limited time.
///
/// While the effect runs, its lease is extended each time that half of it has passed. So the length
/// of a lease is the time after which a process that died is noticed, and not a limit for the
/// effect. A lease ends while its effect runs only if the effect blocks its thread or is replaced,
/// or if the store fails.
#[derive(Clone)]
pub struct Lease<S> {
    pub(super) store: S,
    pub(super) key: EffectKey,
    pub(super) token: u64,
    pub(super) end: LeaseEnd,
}

/// Error returned when a lease was not extended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The lease has ended, and another worker has begun the effect, or a person has dismissed it.
    /// Or the effect was replaced. Stop the effect.
    #[error("lease has expired")]
    Expired,
    /// The store failed. The lease ends at the same time as before.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: EffectStore> Lease<S> {
    /// Returns the fencing token, which rises with each lease of the same effect.
    ///
    /// A service that remembers the highest token of a payment and rejects lower ones is protected
    /// from workers whose lease has ended. Tokens start again if the store loses its data: after a
    /// database is restored from a backup, or a Redis server did not persist them.
    #[must_use]
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// Makes the lease end at least `length` from now, by the store's clock. The maximum is a year.
    /// A lease that ends later already keeps its end. A lease that has ended is in force again,
    /// unless another worker has begun the effect since.
    ///
    /// Call it immediately before work that blocks the thread. At any other time the lease extends
    /// itself when half of its first length is left.
    ///
    /// Do not call it while the same task has a transaction of the store open: a
    /// `MemoryStore` then waits forever for the end of that transaction, and SQLite is busy.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Expired`] if a later lease was given or the effect is done, and
    /// [`LeaseError::Store`].
    pub async fn extend(&self, length: Duration) -> Result<(), LeaseError> {
        let backend = self.store.backend(Access::OURS);
        let asked = Instant::now();
        match backend.extend(&self.key, self.token, length).await? {
            true => {
                self.end.extended(asked, length);
                Ok(())
            }
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
