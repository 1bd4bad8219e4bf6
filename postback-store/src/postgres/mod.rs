//! A Postgres server.

use postback_core::claim::{Claim, Digest, Finality};
use sqlx::{PgPool, Postgres, Transaction, postgres::PgPoolOptions};

use crate::{Claimed, StoreError, Stored, WAIT, clock::Clock, sql};

/// Claims and effects in a Postgres database, beside the application's own tables.
///
/// Used as [`SqliteStore`](crate::sqlite::SqliteStore) is, and any transaction of the application's will do. A
/// second delivery waits until the first one's transaction has ended, and is then
/// [already done](Claimed::AlreadyDone), or new if that was rolled back. Under `REPEATABLE READ` and `SERIALIZABLE` it
/// is [busy](StoreError::Busy) instead.
///
/// A statement that fails spoils its transaction, and Postgres calls the commit of a spoilt one a success, though it
/// keeps nothing: end with [`commit`](Self::commit), which does not, and return every error.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    clock: Clock,
}

const MIGRATIONS: [&str; 2] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];

sql::store!(PostgresStore, Postgres);
sql::effects::effects!(
    PostgresStore,
    Postgres,
    "coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
);

impl PostgresStore {
    /// Connects to a server, `postgres://user@host/database`, and waits up to five seconds for each connection. TLS
    /// takes one of sqlx's features for it, in the application.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the tables were written by a later version; [`StoreError::Busy`] and
    /// [`StoreError::Failed`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new().acquire_timeout(WAIT);
        Self::with_pool(pool.connect(url).await?).await
    }

    /// Keeps claims in the application's own database, in tables whose names begin with `postback_`. That a commit
    /// survives a loss of power is for the server's settings to see to: `synchronous_commit`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_pool(pool: PgPool) -> Result<Self, StoreError> {
        let clock = Clock::default();
        let store = Self { pool, clock };
        if !store.is_current().await {
            let mut transaction = store.begin().await?;
            // One of several that start at once makes the tables.
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

    /// When leases end: the server says.
    fn lease_clock(&self) -> Option<i64> {
        None
    }
}
