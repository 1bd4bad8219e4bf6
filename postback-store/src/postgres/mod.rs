//! A Postgres server.

use postback_core::{
    event::{EventRecord, FieldDigests},
    reconcile::{Disposition, Outcome, Reconciliation, Recordable},
};
use sqlx::{PgPool, Postgres, Transaction, postgres::PgPoolOptions};

use crate::{Recorded, STORE_TIMEOUT, StoreError, Stored, clock::Clock, sql};

/// Records and effects in a Postgres database, beside the application's own tables.
///
/// It is used as [`SqliteStore`](crate::sqlite::SqliteStore) is, within any transaction of the
/// application's. A second delivery waits until the first one's transaction has ended, and is then
/// a [duplicate](Recorded::Duplicate), or new if that was rolled back. Under `REPEATABLE READ` and
/// `SERIALIZABLE` it is [busy](StoreError::Busy) instead.
///
/// A statement that fails aborts its transaction, and Postgres reports the commit of an aborted one
/// as a success, although it keeps nothing: commit by [`commit`](Self::commit), which returns an
/// error, and return every error.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    clock: Clock,
}

const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

sql::store!(PostgresStore, Postgres);
sql::effects::effects!(
    PostgresStore,
    Postgres,
    "coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
);

impl PostgresStore {
    /// Connects to a server, `postgres://user@host/database`, and waits up to five seconds for each
    /// connection. For TLS, enable one of sqlx's features for it in your application.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the tables were written by a later version;
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new().acquire_timeout(STORE_TIMEOUT);
        Self::with_pool(pool.connect(url).await?).await
    }

    /// Keeps records in the application's own database, in tables whose names begin with
    /// `postback_`. Whether a commit survives a loss of power depends on the server's settings:
    /// `synchronous_commit`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_pool(pool: PgPool) -> Result<Self, StoreError> {
        let clock = Clock::default();
        let store = Self { pool, clock };
        if !store.is_current().await {
            let mut transaction = store.begin().await?;
            // One of several processes that start at the same time creates the tables.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('postback_schema', 0))")
                .execute(&mut *transaction)
                .await?;
            let table = "CREATE TABLE IF NOT EXISTS postback_schema (version BIGINT NOT NULL)";
            store.migrate(transaction, table).await?;
        }
        Ok(store)
    }

    /// Begins a transaction, under `READ COMMITTED` whatever the server's default.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
        Ok(self.pool.begin_with(begin).await?)
    }

    /// The server's time is used, within each statement.
    fn lease_clock(&self) -> Option<i64> {
        None
    }
}
