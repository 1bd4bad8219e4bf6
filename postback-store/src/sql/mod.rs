//! Store on a SQL database.

mod database;
mod effects;
mod schema;
mod statement;

use std::fmt;

use postback_core::{
    event::{EventKey, EventRecord, FieldDigests},
    reconcile::{Disposition, Outcome, Recordable},
};
use sqlx::{Database, Pool, Transaction};

pub use self::database::SqlDatabase;
pub(crate) use self::statement::Statements;
use self::{
    database::{Columns, Run},
    statement::{Parameter, Statement},
};
use crate::{Recorded, StoreError, Stored, clock::Clock, key::project};

/// Records and effects in a database, beside the application's own tables.
///
/// See [`SqliteStore`](crate::sqlite::SqliteStore) and
/// [`PostgresStore`](crate::postgres::PostgresStore).
pub struct SqlStore<D: Database> {
    pool: Pool<D>,
    clock: Clock,
}

impl<D: SqlDatabase> SqlStore<D> {
    /// Keeps records in the application's own database, in tables whose names begin with
    /// `postback_`, and creates the tables if they do not exist.
    ///
    /// The settings of the database decide whether a commit survives a loss of power: those of the
    /// connections on SQLite, `synchronous_commit` on Postgres.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the tables were written by a later version of this crate;
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn with_pool(pool: Pool<D>) -> Result<Self, StoreError> {
        let clock = Clock::default();
        let store = Self { pool, clock };
        if !store.is_current().await {
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
    /// # Errors
    ///
    /// [`StoreError::Busy`] if other transactions write for longer than the store waits, and
    /// [`StoreError::Failed`].
    pub async fn begin(&self) -> Result<Transaction<'static, D>, StoreError> {
        let begin = D::STATEMENTS.transaction_begin;
        Ok(self.pool.begin_with(begin).await?)
    }

    /// Records a payment within a transaction, if it is to be credited or reviewed. If the
    /// transaction is not committed, nothing was recorded.
    ///
    /// A record for review is replaced by each later delivery of the same payment, and a delivery
    /// that pays the price is still [`New`](Recorded::New). A record that is credited is not
    /// replaced.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`]. After an
    /// error of this or of any other statement, return the error and do not commit.
    pub async fn record_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        reconciliation: &impl Recordable,
    ) -> Result<Recorded, StoreError> {
        let reconciliation = reconciliation.reconciliation();
        let (event, outcome) = (reconciliation.event(), reconciliation.outcome());
        let is_credit = match reconciliation.disposition() {
            Disposition::Credit => true,
            Disposition::Review => false,
            Disposition::Ignore => {
                let is_superseded = *outcome == Outcome::Pending
                    && read_record::<D>(transaction, event.key())
                        .await?
                        .is_some_and(|record| record.credited);
                return Ok(Recorded::ignored(outcome, is_superseded));
            }
        };
        let write = Statement::about(event.key(), D::STATEMENTS.record_write)
            .bind(is_credit)
            .bind(event.digest().as_str())
            .bind(event.payload_json())
            .bind(self.clock.seconds());
        if run::<D>(transaction, write).await? == 0 {
            // There is a record that is credited.
            let record = read_record::<D>(transaction, event.key()).await?;
            let record = record.ok_or_else(|| StoreError::hidden_row("record", event.key()))?;
            return Ok(Recorded::kept(&record.digest, event.digest()));
        }
        let duplicate_of = count_transfer::<D>(transaction, event).await?;
        if is_credit && duplicate_of.is_some() {
            let review = Statement::about(event.key(), D::STATEMENTS.record_review);
            run::<D>(transaction, review).await?;
        }
        Ok(Recorded::written(outcome, duplicate_of))
    }

    /// Changes the record of a payment from for review to credited, within a transaction.
    ///
    /// Call it if a person has decided to credit the payment, and credit the order in the same
    /// transaction. A later delivery of the payment is then a [`Duplicate`](Recorded::Duplicate), or
    /// a [`Conflict`](Recorded::Conflict) if a field that must not change is different.
    ///
    /// `SELECT namespace, project, id FROM postback_records WHERE NOT credited` returns the keys of
    /// the records for review. The project is empty if it has no name.
    ///
    /// Returns false and changes nothing if there is no such record, or if it is credited already:
    /// **credit the order only if this returns true.**
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn mark_credited_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        key: &EventKey,
    ) -> Result<bool, StoreError> {
        let credit = Statement::about(key, D::STATEMENTS.record_credit);
        Ok(run::<D>(transaction, credit).await? == 1)
    }

    /// Commits a transaction. Fails if one of its statements failed and the error was dropped:
    /// Postgres rolls such a transaction back, and reports the commit as a success.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`]: nothing was recorded, as far as is known.
    pub async fn commit(&self, mut transaction: Transaction<'_, D>) -> Result<(), StoreError> {
        let check = Statement::new(D::STATEMENTS.transaction_check);
        run::<D>(&mut transaction, check).await?;
        Ok(transaction.commit().await?)
    }

    /// Returns the record of a payment, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`].
    pub async fn stored(&self, event: &EventRecord) -> Result<Option<Stored>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        read_record::<D>(&mut connection, event.key()).await
    }

    /// Drops the payloads of payments that were recorded before a Unix time in seconds, and returns
    /// how many were dropped.
    ///
    /// Payloads for review are kept, because a person has to look at them, and so are those of
    /// effects that are not done. Keys and digests are kept forever, because without them an old
    /// postback would be new. There is one statement for each table: to drop millions of payloads,
    /// call it for one period after another.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
        let records = Statement::new(D::STATEMENTS.records_prune).bind(before);
        let effects = Statement::new(D::STATEMENTS.effects_prune);
        let effects = effects.bind(before.saturating_mul(1_000));
        let records = self.run(records).await?;
        let effects = self.run(effects).await?;
        Ok(records.saturating_add(effects))
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
        if found.is_none() {
            let insert = Statement::new(D::STATEMENTS.schema_version_insert);
            run::<D>(&mut transaction, insert).await?;
        }
        for &migration in schema::missing(D::MIGRATIONS, found.unwrap_or_default())? {
            let connection: &mut D::Connection = &mut transaction;
            connection.script(migration).await?;
        }
        let write = Statement::new(D::STATEMENTS.schema_version_write);
        let write = write.bind(schema::known(D::MIGRATIONS));
        run::<D>(&mut transaction, write).await?;
        self.commit(transaction).await
    }

    /// Returns true if no migration is missing. A database without a version lacks all of them.
    async fn is_current(&self) -> bool {
        let Ok(mut connection) = self.pool.acquire().await else {
            return false;
        };
        let found = read_version::<D>(&mut connection).await;
        found.is_ok_and(|found| found == Some(schema::known(D::MIGRATIONS)))
    }

    /// Runs a statement in a transaction of its own, and returns how many rows it changed.
    async fn run(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await?;
        run::<D>(&mut connection, statement).await
    }

    /// Runs a statement in a transaction of its own, and returns its rows.
    async fn rows(&self, statement: Statement<'_>) -> Result<Vec<D::Row>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        rows::<D>(&mut connection, statement).await
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
    let result = connection.run(statement).await?;
    Ok(D::rows_affected(&result))
}

async fn rows<D: SqlDatabase>(
    connection: &mut D::Connection,
    statement: Statement<'_>,
) -> Result<Vec<D::Row>, StoreError> {
    Ok(connection.rows(statement).await?)
}

async fn read_record<D: SqlDatabase>(
    connection: &mut D::Connection,
    key: &EventKey,
) -> Result<Option<Stored>, StoreError> {
    let read = Statement::about(key, D::STATEMENTS.record_read);
    let rows = rows::<D>(connection, read).await?;
    let record = |row: &D::Row| {
        Ok(Stored {
            credited: row.boolean("credited")?,
            digest: digest(key, &row.text("digest")?)?,
            payload: row.optional_text("payload")?,
            recorded_at: row.integer("recorded_at")?,
        })
    };
    rows.first().map(record).transpose()
}

/// Counts the transfer of a payment. Returns the other id that it is counted under, if there is
/// one.
async fn count_transfer<D: SqlDatabase>(
    connection: &mut D::Connection,
    event: &EventRecord,
) -> Result<Option<String>, StoreError> {
    let Some(transfer) = event.transfer() else {
        return Ok(None);
    };
    let about = |statement| {
        Statement::new(statement)
            .bind(event.namespace())
            .bind(project(event.key()))
            .bind(transfer.as_bytes().as_slice())
    };
    let count = about(D::STATEMENTS.transfer_count).bind(event.id());
    if run::<D>(connection, count).await? == 1 {
        return Ok(None);
    }
    let rows = rows::<D>(connection, about(D::STATEMENTS.transfer_read)).await?;
    let row = rows.first();
    let row = row.ok_or_else(|| StoreError::hidden_row("transfer", event.key()))?;
    Ok(Some(row.text("id")?).filter(|of| of != event.id()))
}

async fn read_version<D: SqlDatabase>(
    connection: &mut D::Connection,
) -> Result<Option<i64>, StoreError> {
    let read = Statement::new(D::STATEMENTS.schema_version_read);
    let rows = rows::<D>(connection, read).await?;
    let version = rows.first().map(|row| row.integer("version"));
    Ok(version.transpose()?)
}

fn digest(key: &EventKey, stored: &str) -> Result<FieldDigests, StoreError> {
    FieldDigests::from_stored(stored).ok_or_else(|| StoreError::unreadable_digest(key))
}

impl<D: Database> Clone for SqlStore<D> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
        }
    }
}

impl<D: Database> fmt::Debug for SqlStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("pool", &self.pool)
            .field("clock", &self.clock)
            .finish()
    }
}
