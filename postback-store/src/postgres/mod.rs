//! Store on a Postgres server.

use std::time::Duration;

use sqlx::{Executor, PgConnection, PgPool, Postgres, Transaction, postgres::PgQueryResult};
use tokio::time::timeout;

use crate::{
    StoreError,
    limits::STORE_TIMEOUT,
    sql::{
        Columns, Migration, Run, SqlDatabase, SqlStore, Statement, Statements, pool_options, reply,
        rows, silence,
    },
};

/// Records and effects in a Postgres database, beside the application's own tables. Its other
/// methods are those of [`SqlStore`].
///
/// It is used as [`SqliteStore`](crate::sqlite::SqliteStore) is, within any transaction of the
/// application. A second delivery waits until the transaction of the first one has ended. After the
/// wait it is a [duplicate](crate::Recorded::Duplicate), or new if the first one was rolled back.
/// In a transaction of [`begin`](SqlStore::begin) it waits for two seconds, and is then
/// [busy](StoreError::Busy). Under `REPEATABLE READ` and `SERIALIZABLE` it is also busy if the first
/// one was committed.
///
/// Begin transactions by [`begin`](SqlStore::begin), also those that record nothing: it is not
/// cancelled when its future is dropped, and sets the limits. In a transaction that the application
/// begins itself, set `lock_timeout`: without it the store stops waiting after five seconds, but
/// the server still waits for the lock, and keeps the connection.
///
/// Under `READ COMMITTED`, an order that was read in the transaction may have been deleted since:
/// check that your credit changed one row.
///
/// **Commit by [`commit`](SqlStore::commit), and return every error.** A statement that fails
/// aborts its transaction, and Postgres reports the commit of an aborted transaction as a success,
/// although it keeps nothing. `commit` returns an error instead.
///
/// The tables are in the first schema of the `search_path`. The server must be Postgres 12 or
/// later.
pub type PostgresStore = SqlStore<Postgres>;

impl PostgresStore {
    /// Connects to a server, `postgres://user@host/database`, and waits up to five seconds for each
    /// connection. For TLS, enable a feature of sqlx for it in your application.
    ///
    /// Each connection of its pool gets `lock_timeout = '2s'`, unless the server or the user has
    /// another limit, and `default_transaction_isolation = 'read committed'`. They apply to the
    /// application's own queries on the [pool](SqlStore::pool), too.
    ///
    /// A pool of the application's own, for [`with_pool`](SqlStore::with_pool), should set both:
    /// otherwise each step of an effect is a transaction of its own, of three round trips instead
    /// of one. The store reads the settings of one connection when it is opened.
    ///
    /// For a minute after the store or its caller gave up waiting for a reply, each connection that
    /// comes back to the pool is tested for up to five seconds, and closed if the server does not
    /// reply or the connection is still within a transaction.
    ///
    /// # Errors
    ///
    /// As [`with_pool`](Self::with_pool).
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let pool = pool_options()
            .after_connect(|connection: &mut PgConnection, _| {
                Box::pin(async move { connection.script(SESSION_SETTINGS).await })
            })
            .after_release(|connection: &mut PgConnection, _| {
                Box::pin(
                    async move { Ok(!silence::is_suspected() || is_outside(connection).await?) },
                )
            });
        let store = Self::with_pool(pool.connect(url).await?).await?;
        Ok(store.with_checked_releases())
    }
}

impl SqlDatabase for Postgres {
    const HAS_CLOCK: bool = true;

    const MIGRATIONS: &'static [Migration] = &[Migration {
        script: include_str!("schema.sql"),
        compatible_since: 1,
    }];

    const STATEMENTS: Statements = Statements {
        effect_approve: include_str!("effect_approve.sql"),
        effect_complete: include_str!("effect_complete.sql"),
        effect_dismiss: include_str!("effect_dismiss.sql"),
        effect_enqueue: include_str!("effect_enqueue.sql"),
        effect_enqueue_and_lease: include_str!("effect_enqueue_and_lease.sql"),
        effect_extend: include_str!("effect_extend.sql"),
        effect_import: include_str!("effect_import.sql"),
        effect_lease: include_str!("effect_lease.sql"),
        effect_read: include_str!("effect_read.sql"),
        effect_release: include_str!("effect_release.sql"),
        effect_restart_lease: include_str!("effect_restart_lease.sql"),
        effect_transfer_count: None,
        effects_pending: include_str!("effects_pending.sql"),
        effects_prune: include_str!("effects_prune.sql"),
        record_credit: include_str!("record_credit.sql"),
        record_credit_transfer: include_str!("record_credit_transfer.sql"),
        record_import: include_str!("record_import.sql"),
        record_read: include_str!("record_read.sql"),
        record_transfer_count: None,
        record_write: include_str!("record_write.sql"),
        records_prune: include_str!("records_prune.sql"),
        review_resolve: include_str!("review_resolve.sql"),
        review_write: include_str!("review_write.sql"),
        reviews_open: include_str!("reviews_open.sql"),
        reviews_other: include_str!("reviews_other.sql"),
        reviews_prune: include_str!("reviews_prune.sql"),
        schema_check: include_str!("schema_check.sql"),
        schema_lock: Some(include_str!("schema_lock.sql")),
        schema_version_create: include_str!("schema_version_create.sql"),
        schema_version_insert: include_str!("schema_version_insert.sql"),
        schema_version_read: include_str!("schema_version_read.sql"),
        schema_version_write: include_str!("schema_version_write.sql"),
        transaction_begin: include_str!("transaction_begin.sql"),
        transfer_move: include_str!("transfer_move.sql"),
    };

    const REPLY_TIMEOUT: Option<Duration> = Some(STORE_TIMEOUT);

    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    async fn check(pool: &PgPool, connection: &mut PgConnection) -> Result<bool, StoreError> {
        let hidden = Statement::new(Self::STATEMENTS.schema_check);
        let hidden = rows::<Self>(connection, hidden).await?;
        if let Some(row) = hidden.first() {
            let (found, expected) = (row.text("found")?, row.optional_text("expected")?);
            let expected = expected.unwrap_or_default();
            let found = format!(
                "tables of schema {found:?} are in the search path, expected those of {expected:?}"
            );
            return Err(StoreError::Misconfigured { found });
        }
        if shares_session(pool, connection).await? {
            return Ok(false);
        }
        let session = Statement::new(include_str!("session_check.sql"));
        let session = rows::<Self>(connection, session).await?;
        let is_limited = session.first().map(|row| row.boolean("is_limited"));
        Ok(is_limited.transpose()?.unwrap_or_default())
    }

    async fn commit(mut transaction: Transaction<'static, Self>) -> Result<(), sqlx::Error> {
        let commit = sqlx::raw_sql(include_str!("transaction_commit.sql"));
        transaction.execute(commit).await.map(drop)
    }
}

const SESSION_SETTINGS: &str = include_str!("session_settings.sql");

/// Returns true if a connection that comes back to its pool is outside of a transaction, or an
/// error if its server does not reply. A connection that is not kept is replaced, also if it would
/// wait for a reply that never arrives.
async fn is_outside(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let check = sqlx::raw_sql(include_str!("release_check.sql")).fetch_one(connection);
    let row = timeout(STORE_TIMEOUT, check)
        .await
        .unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())))?;
    row.boolean("is_outside")
}

/// Returns true if a pooler between the store and the server gives each transaction a session that
/// other connections use, too: settings of a session are then unknown. Fails if such a pooler does
/// not keep the prepared statements of its connections apart.
async fn shares_session(pool: &PgPool, connection: &mut PgConnection) -> Result<bool, StoreError> {
    if pool.options().get_max_connections() < 2 {
        return Ok(false);
    }
    let other = timeout(STORE_TIMEOUT, pool.acquire()).await;
    let mut other = other.map_err(|late| StoreError::Failed(late.into()))??;
    let is_shared = session_id(connection).await? == session_id(&mut other).await?;
    if is_shared {
        // The same name of a prepared statement is in use.
        let same = Statement::new(Postgres::STATEMENTS.schema_check);
        rows::<Postgres>(&mut other, same).await?;
    }
    Ok(is_shared)
}

async fn session_id(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let id = sqlx::raw_sql(include_str!("session_id.sql"));
    let row = reply::<Postgres, _>(id.fetch_one(connection)).await?;
    Ok(row.integer("id")?)
}
