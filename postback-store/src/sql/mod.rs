//! Store on a SQL database.

mod connections;
mod database;
mod effects;
mod prune;
mod records;
mod reviews;
mod schema;
pub(crate) mod silence;
mod statement;

use std::{fmt, pin::pin};

use sqlx::{Database, Pool, Transaction};
use tokio::time::timeout;

pub use self::database::SqlDatabase;
use self::{connections::uncancelled, schema::Version, silence::Wait, statement::Parameter};
pub(crate) use self::{
    connections::{pool_options, reply},
    database::{Columns, Run},
    schema::Migration,
    statement::{Statement, Statements},
};
use crate::{StoreError, clock::Clock};

/// Records and effects in a database, beside the application's own tables.
///
/// See [`SqliteStore`](crate::sqlite::SqliteStore) and
/// [`PostgresStore`](crate::postgres::PostgresStore).
pub struct SqlStore<D: Database> {
    pool: Pool<D>,
    clock: Clock,
    /// False if each step of an effect needs a transaction of its own, with limits of its own.
    session_is_limited: bool,
    /// True if the pool closes each connection that comes back to it within a transaction.
    releases_are_checked: bool,
}

impl<D: SqlDatabase> SqlStore<D> {
    /// Keeps records in the application's own database, in tables whose names begin with
    /// `postback_`, and creates the tables if they do not exist.
    ///
    /// The settings of the database decide whether a commit survives a loss of power: those of the
    /// connections on SQLite, `synchronous_commit` on Postgres.
    ///
    /// A program runs on tables that a later version of this crate has changed, if that version is
    /// compatible with it: during a rolling deployment, processes of both run and restart.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the tables were written by a later version of this crate that
    /// is not compatible; [`StoreError::Misconfigured`] if the database is in memory, if tables of
    /// another application are in the search path, or if a pooler loses prepared statements;
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn with_pool(pool: Pool<D>) -> Result<Self, StoreError> {
        let mut store = Self {
            pool,
            clock: Clock::default(),
            session_is_limited: false,
            releases_are_checked: false,
        };
        let mut connection = store.acquire().await?;
        store.session_is_limited = D::check(&store.pool, &mut connection).await?;
        // The table is missing in a new database.
        let found = read_version::<D>(&mut connection).await;
        drop(connection);
        let missing = schema::missing(D::MIGRATIONS, found.unwrap_or_default())?;
        if !missing.is_empty() {
            store.migrate().await?;
        }
        Ok(store)
    }

    /// Returns the connections, for the application's own queries.
    #[must_use]
    pub const fn pool(&self) -> &Pool<D> {
        &self.pool
    }

    /// Begins a transaction that writes: by `BEGIN IMMEDIATE` on SQLite, and under `READ COMMITTED`
    /// on Postgres, whatever the server's default.
    ///
    /// On Postgres a statement in it waits at most two seconds for a lock, and is then
    /// [busy](StoreError::Busy). A transaction that runs no statement for 20 seconds is ended by the
    /// server, so that a process that has stopped does not hold its locks. The session's own
    /// `lock_timeout` and `idle_in_transaction_session_timeout` apply instead, if they are set.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] if other transactions write for longer than the store waits, and
    /// [`StoreError::Failed`], also if no connection is free.
    pub async fn begin(&self) -> Result<Transaction<'static, D>, StoreError> {
        let pool = self.pool.clone();
        let limit = D::REPLY_TIMEOUT.filter(|_| self.releases_are_checked);
        uncancelled(async move {
            let mut begun = pin!(pool.begin_with(D::STATEMENTS.transaction_begin));
            match limit {
                // It waits for a connection, and for the reply. The connection comes back to the
                // pool when `begun` is dropped, after `wait`.
                Some(limit) => {
                    let wait = Wait::begin();
                    let begun = timeout(limit.saturating_mul(2), begun.as_mut()).await;
                    let begun = begun.map_err(|late| sqlx::Error::Io(late.into()))?;
                    // After any other error the connection may be within a transaction.
                    if matches!(begun, Ok(_) | Err(sqlx::Error::PoolTimedOut)) {
                        wait.end();
                    }
                    begun
                }
                None => begun.await,
            }
        })
        .await
    }

    /// Commits a transaction. Fails if one of its statements failed and the error was dropped:
    /// Postgres rolls such a transaction back, and reports the commit as a success. Also fails if
    /// the application has ended the transaction by a statement of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`]: it is unknown whether the transaction was
    /// committed, because the reply may be lost. Return the error. If the provider sends the
    /// postback again, it is a [`Duplicate`](crate::Recorded::Duplicate) if it was committed. After
    /// a credit by hand, list the reviews again.
    pub async fn commit(&self, transaction: Transaction<'static, D>) -> Result<(), StoreError> {
        reply::<D, _>(D::commit(transaction)).await
    }

    /// Applies the migrations that are missing, in one transaction.
    async fn migrate(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        if let Some(lock) = D::STATEMENTS.schema_lock {
            run::<D>(&mut transaction, Statement::new(lock)).await?;
        }
        let create = Statement::new(D::STATEMENTS.schema_version_create);
        run::<D>(&mut transaction, create).await?;
        let found = read_version::<D>(&mut transaction).await?;
        if found.version == 0 {
            let insert = Statement::new(D::STATEMENTS.schema_version_insert);
            run::<D>(&mut transaction, insert).await?;
        }
        let missing = schema::missing(D::MIGRATIONS, found)?;
        for migration in missing {
            let connection: &mut D::Connection = &mut transaction;
            reply::<D, _>(connection.script(migration.script)).await?;
        }
        if !missing.is_empty() {
            let known = schema::known(D::MIGRATIONS);
            let write = Statement::new(D::STATEMENTS.schema_version_write);
            let write = write.bind(known.version).bind(known.compatible_since);
            run::<D>(&mut transaction, write).await?;
        }
        self.commit(transaction).await
    }
}

#[cfg(feature = "postgres")]
impl<D: Database> SqlStore<D> {
    pub(crate) fn with_checked_releases(self) -> Self {
        Self {
            releases_are_checked: true,
            ..self
        }
    }
}

#[cfg(feature = "sqlite")]
impl<D: Database> SqlStore<D> {
    pub(crate) fn on_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

async fn run<D: SqlDatabase>(
    connection: &mut D::Connection,
    statement: Statement<'_>,
) -> Result<u64, StoreError> {
    let result = reply::<D, _>(connection.run(statement)).await?;
    Ok(D::rows_affected(&result))
}

pub(crate) async fn rows<D: SqlDatabase>(
    connection: &mut D::Connection,
    statement: Statement<'_>,
) -> Result<Vec<D::Row>, StoreError> {
    reply::<D, _>(connection.rows(statement)).await
}

/// Reads the version of the schema: 0 before the first migration.
async fn read_version<D: SqlDatabase>(
    connection: &mut D::Connection,
) -> Result<Version, StoreError> {
    let read = Statement::new(D::STATEMENTS.schema_version_read);
    let rows = rows::<D>(connection, read).await?;
    let version = |row: &D::Row| {
        Ok(Version {
            version: row.integer("version")?,
            compatible_since: row.integer("compatible_since")?,
        })
    };
    rows.first().map_or_else(|| Ok(Version::default()), version)
}

impl<D: Database> Clone for SqlStore<D> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            session_is_limited: self.session_is_limited,
            releases_are_checked: self.releases_are_checked,
        }
    }
}

impl<D: Database> fmt::Debug for SqlStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("pool", &self.pool)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
