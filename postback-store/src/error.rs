use std::error::Error;

use postback_core::Retry;

/// Error returned when a store did not do what it was asked to do, as far as is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Other transactions write, for longer than the store waits; or the transaction saw what has
    /// changed since. It may succeed when it is tried again.
    #[error("the store is busy")]
    Busy(#[source] Source),
    /// The server may drop records when memory is short, as its `maxmemory-policy` says: it must be
    /// `noeviction`.
    #[error("the store evicts: its maxmemory-policy is {policy}, and must be noeviction")]
    EvictionEnabled {
        /// The policy found.
        policy: String,
    },
    /// The database returned an error, or cannot be reached.
    #[error("the store failed")]
    Failed(#[source] Source),
    /// The database was written by a later version of this crate.
    #[error("the store has schema {found}, and this version knows {known}")]
    NewerSchema {
        /// The version found.
        found: i64,
        /// The latest version known to this crate.
        known: i64,
    },
}

type Source = Box<dyn Error + Send + Sync>;

/// For the application's own writes beside a record, and for its commit.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().is_some_and(is_busy) {
            true => Self::Busy(error.into()),
            false => Self::Failed(error.into()),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    match &*code {
        // Postgres: a serialization failure, a deadlock, a lock that was not available.
        "40001" | "40P01" | "55P03" => true,
        // SQLite: the low byte of a number names its kind. 5 is SQLITE_BUSY, 6 SQLITE_LOCKED.
        number => {
            number.len() < 5
                && number
                    .parse()
                    .is_ok_and(|code: u32| matches!(code & 0xff, 5 | 6))
        }
    }
}

/// Asks the provider to send the postback again, whatever the reason.
impl From<StoreError> for Retry {
    fn from(error: StoreError) -> Self {
        Self::store_unavailable(error)
    }
}
