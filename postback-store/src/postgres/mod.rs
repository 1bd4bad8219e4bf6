//! Store on a Postgres server.

use sqlx::{
    Postgres,
    postgres::{PgPoolOptions, PgQueryResult},
};

use crate::{
    STORE_TIMEOUT, StoreError,
    sql::{SqlDatabase, SqlStore, Statements},
};

/// Records and effects in a Postgres database, beside the application's own tables. Its other
/// methods are those of [`SqlStore`].
///
/// It is used as [`SqliteStore`](crate::sqlite::SqliteStore) is, within any transaction of the
/// application. A second delivery waits until the transaction of the first one has ended, without
/// limit unless `lock_timeout` is set: then it is [busy](StoreError::Busy). After the wait it is a
/// [duplicate](crate::Recorded::Duplicate), or new if the first one was rolled back. Under
/// `REPEATABLE READ` and `SERIALIZABLE` it is busy instead.
///
/// Under `READ COMMITTED`, an order that was read in the transaction may have been deleted since:
/// check that your credit changed one row.
///
/// **Commit by [`commit`](SqlStore::commit), and return every error.** A statement that fails
/// aborts its transaction, and Postgres reports the commit of an aborted transaction as a success,
/// although it keeps nothing. `commit` returns an error instead.
pub type PostgresStore = SqlStore<Postgres>;

impl PostgresStore {
    /// Connects to a server, `postgres://user@host/database`, and waits up to five seconds for each
    /// connection. For TLS, enable a feature of sqlx for it in your application.
    ///
    /// # Errors
    ///
    /// As [`with_pool`](Self::with_pool).
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new().acquire_timeout(STORE_TIMEOUT);
        Self::with_pool(pool.connect(url).await?).await
    }
}

impl SqlDatabase for Postgres {
    const HAS_CLOCK: bool = true;

    const MIGRATIONS: &'static [&'static str] = &[include_str!("schema.sql")];

    const STATEMENTS: Statements = Statements {
        effect_approve: include_str!("effect_approve.sql"),
        effect_complete: include_str!("effect_complete.sql"),
        effect_dismiss: include_str!("effect_dismiss.sql"),
        effect_enqueue: include_str!("effect_enqueue.sql"),
        effect_enqueue_and_lease: include_str!("effect_enqueue_and_lease.sql"),
        effect_extend: include_str!("effect_extend.sql"),
        effect_lease: include_str!("effect_lease.sql"),
        effect_mark_duplicate: include_str!("effect_mark_duplicate.sql"),
        effect_read: include_str!("effect_read.sql"),
        effect_release: include_str!("effect_release.sql"),
        effect_restart_lease: include_str!("effect_restart_lease.sql"),
        effects_pending: include_str!("effects_pending.sql"),
        effects_prune: include_str!("effects_prune.sql"),
        record_credit: include_str!("record_credit.sql"),
        record_read: include_str!("record_read.sql"),
        record_review: include_str!("record_review.sql"),
        record_write: include_str!("record_write.sql"),
        records_prune: include_str!("records_prune.sql"),
        schema_lock: Some(include_str!("schema_lock.sql")),
        schema_version_create: include_str!("schema_version_create.sql"),
        schema_version_insert: include_str!("schema_version_insert.sql"),
        schema_version_read: include_str!("schema_version_read.sql"),
        schema_version_write: include_str!("schema_version_write.sql"),
        transaction_begin: include_str!("transaction_begin.sql"),
        transaction_check: include_str!("transaction_check.sql"),
        transfer_count: include_str!("transfer_count.sql"),
        transfer_read: include_str!("transfer_read.sql"),
    };

    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }
}
