//! A SQLite file.

use std::{path::Path, time::SystemTime};

use postback_core::claim::{Claim, Digest, Finality};
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Claimed, StoreError, Stored, WAIT, clock::Clock, sql};

/// Claims and effects in a SQLite file, beside the application's own tables or in a file of its own.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
/// use postback_store::{Claimed, sqlite::SqliteStore};
///
/// let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(folder.path().join("shop.db")).await?;
/// # let secret = SecretKey::new("the project's secret key")?;
/// # let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
/// # let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", 1_769_509_700)));
/// # let postback = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
///
/// // In a handler, with the `postback` that it was handed:
/// let mut transaction = store.begin().await?;
/// if store.claim_in(&mut transaction, &postback).await? == Claimed::New {
///     // The shop's own writes, with `&mut *transaction`.
/// }
/// store.commit(transaction).await?;
/// # let mut transaction = store.begin().await?;
/// # assert_eq!(store.claim_in(&mut transaction, &postback).await?, Claimed::AlreadyDone);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// SQLite has one writer at a time. [`begin`](Self::begin) becomes that writer at once, and waits for others. An
/// application that begins transactions of its own claims *first*: one that has read before may find that what it
/// read has changed, and is [busy](StoreError::Busy) at once, however long it would wait.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    clock: Clock,
}

const MIGRATIONS: [&str; 2] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];

sql::store!(SqliteStore, Sqlite);
sql::effects::effects!(SqliteStore, Sqlite, "$1");

impl SqliteStore {
    /// Opens a file, and makes it if it is not there: with a write-ahead log that is synced at each commit, so
    /// that what was acknowledged survives a loss of power, and waiting up to five seconds for other writers and for
    /// a connection.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the file was written by a later version; [`StoreError::Busy`] may come where
    /// several processes make it at once, for all but one of them to try again; [`StoreError::Failed`].
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(WAIT);
        let pool = SqlitePoolOptions::new().acquire_timeout(WAIT);
        Self::with_pool(pool.connect_with(options).await?).await
    }

    /// Keeps claims in the application's own database, in tables whose names begin with `postback_`. That a commit
    /// survives a loss of power is then for the application's settings to see to.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the tables were written by a later version; [`StoreError::Busy`] and
    /// [`StoreError::Failed`].
    pub async fn with_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        let clock = Clock::default();
        let store = Self { pool, clock };
        if !store.is_current().await {
            let table =
                "CREATE TABLE IF NOT EXISTS postback_schema (version INTEGER NOT NULL) STRICT";
            store.migrate(store.begin().await?, table).await?;
        }
        Ok(store)
    }

    /// Reads the time from `clock` instead of the system: it decides when leases end, and is to be the same for all
    /// processes that share the file.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            clock: Clock::new(clock),
            ..self
        }
    }

    /// Begins a transaction that writes: `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] if others write for longer than is waited, and [`StoreError::Failed`].
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// When leases end.
    #[expect(clippy::unnecessary_wraps, reason = "none where a server has the time")]
    fn lease_clock(&self) -> Option<i64> {
        Some(self.clock.milliseconds())
    }
}
