use std::error::Error;

use postback_core::Retry;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
use postback_core::event::EventKey;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use sqlx::error::DatabaseError;

#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
use crate::effect::EffectKey;

/// Error returned when a store did not do what it was called for, as far as is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another transaction writes for longer than the store waits, or has changed what this one
    /// read. A retry may succeed.
    #[error("store is busy with other transactions")]
    Busy(#[source] Source),
    /// The server may drop records when memory is short, as its `maxmemory-policy` says.
    #[error("invalid maxmemory-policy {policy:?}: expected \"noeviction\" or \"volatile-…\"")]
    EvictionEnabled {
        /// The policy found.
        policy: String,
    },
    /// The database returned an error or no reply, cannot be reached, or has no free connection.
    #[error("store failed")]
    Failed(#[source] Source),
    /// The database contains data that this crate did not write, or hides data that it wrote. A
    /// retry does not succeed: an operator has to look at it.
    #[error("store is inconsistent: {found}")]
    Inconsistent {
        /// Description of the data and the key of the payment, without amounts and payload.
        found: String,
    },
    /// The prefix of the keys cannot be a hash tag of Redis.
    #[error("invalid prefix {prefix:?}: expected a text that is not empty, without braces")]
    InvalidPrefix {
        /// The prefix that was set.
        prefix: String,
    },
    /// The settings of the database or of the application let records be lost or mixed up.
    #[error("store is misconfigured: {found}")]
    Misconfigured {
        /// Description of the setting.
        found: String,
    },
    /// The database was written by a later version of this crate, which is not compatible with this
    /// one.
    #[error("schema version {found} cannot be used: expected one that is compatible with {known}")]
    NewerSchema {
        /// The version found.
        found: i64,
        /// The latest version known to this crate.
        known: i64,
    },
    /// The server writes nothing to disk, so that a restart loses all records.
    #[error(
        "invalid appendonly \"no\" with save \"\": expected an append-only file or save points"
    )]
    NotPersistent,
}

type Source = Box<dyn Error + Send + Sync>;

#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
impl StoreError {
    /// Makes the error for an effect that was listed or inserted before, and is not found.
    pub(crate) fn missing_effect(key: &EffectKey) -> Self {
        let found = format!(
            "no effect {:?} of {} (deleted, or hidden by row-level security)",
            key.name,
            shown(&key.event)
        );
        Self::Inconsistent { found }
    }
}

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
impl StoreError {
    pub(crate) fn unreadable_digest(key: &EventKey) -> Self {
        let found = format!("a digest of {} that cannot be parsed", shown(key));
        Self::Inconsistent { found }
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl StoreError {
    /// Makes the error for a row that can be neither inserted nor read.
    pub(crate) fn hidden_row(row: &str, key: &EventKey) -> Self {
        let found = format!(
            "{row} of {} conflicts on insert but cannot be read (deleted concurrently, or hidden \
             by row-level security)",
            shown(key)
        );
        Self::Inconsistent { found }
    }

    pub(crate) fn unknown_reason(code: &str, key: &EventKey) -> Self {
        let found = format!("review of {} with unknown reason {code:?}", shown(key));
        Self::Inconsistent { found }
    }

    pub(crate) fn negative_token(token: i64) -> Self {
        let found = format!("fencing token {token}, expected at least 0");
        Self::Inconsistent { found }
    }
}

/// Shows a key in an error: ids are logged, amounts are not.
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
fn shown(key: &EventKey) -> String {
    let (namespace, id) = (key.namespace(), key.id());
    match key.project() {
        Some(project) => format!("{namespace} payment {id:?} of project {project:?}"),
        None => format!("{namespace} payment {id:?}"),
    }
}

/// Converts errors of the application's own statements in the transaction of a record.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let has_code = |is_meant: fn(&str) -> bool| {
            let code = error.as_database_error().and_then(DatabaseError::code);
            code.is_some_and(|code| is_meant(&code))
        };
        if has_code(is_lost_statement) {
            let found = "a pooler that loses prepared statements, expected sessions or pgbouncer \
                         1.21 with max_prepared_statements";
            return Self::Misconfigured {
                found: format!("{found}: {error}"),
            };
        }
        match has_code(is_busy) {
            true => Self::Busy(error.into()),
            false => Self::Failed(error.into()),
        }
    }
}

/// Returns true if the session has another prepared statement of a name, or none, because another
/// connection uses the session, too.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn is_lost_statement(code: &str) -> bool {
    matches!(code, "26000" | "42P05")
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn is_busy(code: &str) -> bool {
    match code {
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

#[cfg(all(test, any(feature = "postgres", feature = "sqlite")))]
mod tests {
    use super::is_busy;

    /// Codes of Postgres have five characters, and some consist of digits.
    #[test]
    fn only_lock_and_serialization_codes_are_busy() {
        // SQLITE_BUSY_SNAPSHOT is 517, and SQLITE_LOCKED_SHAREDCACHE 262.
        for code in ["40001", "40P01", "55P03", "5", "6", "517", "262"] {
            assert!(is_busy(code), "{code}");
        }
        // SQLITE_CONSTRAINT_UNIQUE is 2067. 22021 is an invalid character in Postgres, and its low
        // byte is 5.
        for code in ["", "1", "2067", "23505", "22021", "57P03"] {
            assert!(!is_busy(code), "{code}");
        }
    }
}
