use std::{fmt, time::Duration};

use postback_core::Rejection;

use super::{Access, LeaseStore, Steps};
use crate::{Key, StoreError};

/// The right to run one event's effect, for a time.
#[derive(Clone)]
pub struct Lease<S> {
    pub(super) store: S,
    pub(super) key: Key,
    pub(super) token: u64,
}

/// Why a lease was not extended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The lease has ended: another may be at work. Stop.
    #[error("the lease has ended")]
    Fenced,
    /// The store did not answer. The lease ends when it would have ended.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: LeaseStore> Lease<S> {
    /// The fencing token: it rises with each lease of the same event. A service that remembers the highest it has seen
    /// of an event, and refuses lower ones, refuses whoever comes too late. It begins anew where the store lost what it
    /// was told, as an old copy of a database has, or a Redis that did not keep it.
    #[must_use]
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// Lets the lease end `length` from now, by the store's clock: for work that takes longer than was thought, or
    /// shorter. At most a year. Not while the same task holds a transaction of the store open: memory waits for its end
    /// for ever, and SQLite is busy.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Fenced`] if it has ended before, and [`LeaseError::Store`].
    pub async fn extend(&self, length: Duration) -> Result<(), LeaseError> {
        let steps = self.store.steps(Access::OURS);
        match steps.extend(&self.key, self.token, length).await? {
            true => Ok(()),
            false => Err(LeaseError::Fenced),
        }
    }
}

impl From<LeaseError> for Rejection {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Fenced => Self::Fenced,
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
