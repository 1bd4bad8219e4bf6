use std::error::Error;

use postback_core::Rejection;

/// Why a store did not answer. Nothing was claimed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Others write, for longer than was waited; or the transaction saw what has changed since. Tried again, it
    /// may go through.
    #[error("the store is busy")]
    Busy(#[source] Source),
    /// The database refused, or cannot be reached.
    #[error("the store failed")]
    Failed(#[source] Source),
    /// The database was written by a later version of this crate.
    #[error("the store has schema {found}, and this version knows {known}")]
    NewerSchema {
        /// The version found.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
}

type Source = Box<dyn Error + Send + Sync>;

/// The provider is told to try again, whatever the reason.
impl From<StoreError> for Rejection {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}
