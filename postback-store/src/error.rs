use std::error::Error;

use postback_core::Rejection;

/// Why a store did not answer. What it was asked to do is not known to be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Others write, for longer than was waited; or the transaction saw what has changed since. Tried again, it
    /// may go through.
    #[error("the store is busy")]
    Busy(#[source] Source),
    /// The server forgets at need what it was told to remember, as its `maxmemory-policy` says: it must be
    /// `noeviction`.
    #[error("the store evicts: its maxmemory-policy is {policy}, and must be noeviction")]
    Evicts {
        /// The policy found.
        policy: String,
    },
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

/// For the application's own writes beside a claim, and for its commit.
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

/// The provider is told to try again, whatever the reason.
impl From<StoreError> for Rejection {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}
