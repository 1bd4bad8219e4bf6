//! What both databases share: the statements, the schema's version, and how rows are read. SQLite reads `$1` as
//! Postgres does.

pub(crate) mod effects;

use postback_core::event::{EventRecord, FieldDigests};

use crate::{Recorded, StoreError, Stored};

/// Writes a record, unless the payment is credited. Another transaction that writes the same record waits for the end
/// of this one.
pub(crate) const RECORD: &str = "INSERT INTO postback_records AS record
    (namespace, scope, id, credited, digest, payload, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (namespace, scope, id) DO UPDATE SET credited = excluded.credited, digest = excluded.digest,
        payload = excluded.payload, recorded_at = excluded.recorded_at
    WHERE NOT record.credited";

/// Leaves to a person whether a payment is credited.
pub(crate) const HOLD: &str = "UPDATE postback_records SET credited = FALSE
    WHERE namespace = $1 AND scope = $2 AND id = $3";

/// Counts a transfer for a payment, unless it is counted.
pub(crate) const INSERT_TRANSFER: &str = "INSERT INTO postback_transfers
    (namespace, scope, transfer, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

/// The payment that a transfer is counted for.
pub(crate) const TRANSFER: &str = "SELECT id FROM postback_transfers
    WHERE namespace = $1 AND scope = $2 AND transfer = $3";

pub(crate) const STORED: &str =
    "SELECT credited, digest, payload, recorded_at FROM postback_records
    WHERE namespace = $1 AND scope = $2 AND id = $3";

pub(crate) const PRUNE: &str = "UPDATE postback_records SET payload = NULL
    WHERE recorded_at < $1 AND payload IS NOT NULL AND credited";

pub(crate) const VERSION: &str = "SELECT version FROM postback_schema";

/// The latest schema known here: how many migrations there are.
pub(crate) fn known(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The migrations that a database of version `found` lacks.
pub(crate) fn missing<'a>(
    migrations: &'a [&'static str],
    found: i64,
) -> Result<&'a [&'static str], StoreError> {
    let applied = usize::try_from(found).ok();
    applied
        .and_then(|applied| migrations.get(applied..))
        .ok_or(StoreError::NewerSchema {
            found,
            known: known(migrations),
        })
}

/// The result for a payment whose record was not written: it is credited.
pub(crate) fn kept(event: &EventRecord, record: Option<&Stored>) -> Result<Recorded, StoreError> {
    let record = record.ok_or_else(|| unreadable("record"))?;
    Ok(Recorded::kept(&record.digest, event.digest()))
}

/// The other id that a transfer is counted under, if it is another.
pub(crate) fn other_id(
    event: &EventRecord,
    of: Option<String>,
) -> Result<Option<String>, StoreError> {
    let of = of.ok_or_else(|| unreadable("transfer"))?;
    Ok(Some(of).filter(|of| of != event.id()))
}

/// The error for a row that can be neither inserted nor read.
pub(crate) fn unreadable(row: &str) -> StoreError {
    let error = format!(
        "{row} conflicts on insert but cannot be read (deleted concurrently, or hidden by row-level security)"
    );
    StoreError::Failed(error.into())
}

pub(crate) type Row = (bool, String, Option<String>, i64);

pub(crate) fn stored((credited, digest, payload, recorded_at): Row) -> Result<Stored, StoreError> {
    Ok(Stored {
        credited,
        digest: self::digest(&digest)?,
        payload,
        recorded_at,
    })
}

pub(crate) fn digest(stored: &str) -> Result<FieldDigests, StoreError> {
    FieldDigests::from_stored(stored)
        .ok_or_else(|| StoreError::Failed("a digest is not what was written".into()))
}

/// The methods that differ by the database's type alone.
macro_rules! store {
    ($Store:ident, $Database:ty) => {
        impl $Store {
            /// Returns the connections, for the application's own queries.
            #[must_use]
            pub const fn pool(&self) -> &sqlx::Pool<$Database> {
                &self.pool
            }

            /// Records a payment within a transaction, if it is to be credited or looked at. If the transaction is not
            /// committed, nothing was recorded.
            ///
            /// A record that is not credited leaves room: each later delivery of the same payment is
            /// recorded in its place, and one that pays the price is still [`New`](Recorded::New). A
            /// record that is credited is never written again.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`]. After an error of this or of any other statement,
            /// return the error and do not commit.
            pub async fn record_in(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                reconciliation: &impl Recordable,
            ) -> Result<Recorded, StoreError> {
                let reconciliation = reconciliation.reconciliation();
                let (event, outcome) = (reconciliation.event(), reconciliation.outcome());
                let is_credit = match reconciliation.disposition() {
                    Disposition::Credit => true,
                    Disposition::Review => false,
                    Disposition::Ignore => {
                        let is_superseded = *outcome == Outcome::Pending
                            && Self::read_record(&mut **transaction, event)
                                .await?
                                .is_some_and(|record| record.credited);
                        return Ok(Recorded::ignored(outcome, is_superseded));
                    }
                };
                let written = Self::on_record(event, sql::RECORD)
                    .bind(is_credit)
                    .bind(event.digest().as_str())
                    .bind(event.payload_json())
                    .bind(self.clock.seconds())
                    .execute(&mut **transaction)
                    .await?;
                if written.rows_affected() == 0 {
                    let record = Self::read_record(&mut **transaction, event).await?;
                    return sql::kept(event, record.as_ref());
                }
                let duplicate_of = Self::count_transfer(transaction, event).await?;
                if is_credit && duplicate_of.is_some() {
                    let hold = Self::on_record(event, sql::HOLD);
                    hold.execute(&mut **transaction).await?;
                }
                Ok(Recorded::written(outcome, duplicate_of))
            }

            /// Counts the transfer of a payment for it; returns the other id that it was counted under before.
            async fn count_transfer(
                transaction: &mut Transaction<'_, $Database>,
                event: &EventRecord,
            ) -> Result<Option<String>, StoreError> {
                let Some(transfer) = event.transfer() else {
                    return Ok(None);
                };
                let scope = event.project().unwrap_or_default();
                let inserted = sqlx::query(sql::INSERT_TRANSFER)
                    .bind(event.namespace())
                    .bind(scope)
                    .bind(transfer.as_bytes().as_slice())
                    .bind(event.id())
                    .execute(&mut **transaction)
                    .await?;
                if inserted.rows_affected() == 1 {
                    return Ok(None);
                }
                let of = sqlx::query_scalar(sql::TRANSFER)
                    .bind(event.namespace())
                    .bind(scope)
                    .bind(transfer.as_bytes().as_slice())
                    .fetch_optional(&mut **transaction)
                    .await?;
                sql::other_id(event, of)
            }

            /// Commits, and fails if a statement failed whose error was dropped: Postgres takes the commit of such a
            /// transaction for a rollback, and reports success.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`]: nothing was recorded, as far as is known.
            pub async fn commit(
                &self,
                mut transaction: Transaction<'_, $Database>,
            ) -> Result<(), StoreError> {
                sqlx::query("SELECT 1").execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            /// Returns the record of a payment, if there is one.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`].
            pub async fn stored(&self, event: &EventRecord) -> Result<Option<Stored>, StoreError> {
                Self::read_record(&self.pool, event).await
            }

            async fn read_record<'c>(
                executor: impl sqlx::Executor<'c, Database = $Database>,
                event: &EventRecord,
            ) -> Result<Option<Stored>, StoreError> {
                let row = sqlx::query_as(sql::STORED)
                    .bind(event.namespace())
                    .bind(event.project().unwrap_or_default())
                    .bind(event.id())
                    .fetch_optional(executor)
                    .await?;
                row.map(sql::stored).transpose()
            }

            /// Drops the payloads of payments that were recorded before a Unix time, in seconds, and
            /// returns how many were dropped. It keeps those of payments that are not credited,
            /// because a person has to look at them, and those of effects that are not done. It takes
            /// one statement for each table: drop a million in steps. Keys and digests are kept
            /// forever, because without them an old postback would be new.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`].
            pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
                let records = sqlx::query(sql::PRUNE)
                    .bind(before)
                    .execute(&self.pool)
                    .await?;
                let effects = sqlx::query(sql::effects::PRUNE)
                    .bind(before.saturating_mul(1_000))
                    .execute(&self.pool)
                    .await?;
                Ok(records
                    .rows_affected()
                    .saturating_add(effects.rows_affected()))
            }

            /// Applies the migrations that are missing, in the transaction that looked for them.
            async fn migrate(
                &self,
                mut transaction: Transaction<'static, $Database>,
                table: &'static str,
            ) -> Result<(), StoreError> {
                sqlx::query(table).execute(&mut *transaction).await?;
                let found: Option<i64> = sqlx::query_scalar(sql::VERSION)
                    .fetch_optional(&mut *transaction)
                    .await?;
                if found.is_none() {
                    sqlx::query("INSERT INTO postback_schema (version) VALUES (0)")
                        .execute(&mut *transaction)
                        .await?;
                }
                for &migration in sql::missing(&MIGRATIONS, found.unwrap_or_default())? {
                    sqlx::raw_sql(migration).execute(&mut *transaction).await?;
                }
                sqlx::query("UPDATE postback_schema SET version = $1")
                    .bind(sql::known(&MIGRATIONS))
                    .execute(&mut *transaction)
                    .await?;
                self.commit(transaction).await
            }

            /// Whether no migration is missing. A database without a version lacks all of them.
            async fn is_current(&self) -> bool {
                let found: Result<i64, _> =
                    sqlx::query_scalar(sql::VERSION).fetch_one(&self.pool).await;
                found.is_ok_and(|found| found == sql::known(&MIGRATIONS))
            }

            /// A statement about the record of a payment, which is `$1` to `$3`.
            fn on_record<'q>(
                event: &'q EventRecord,
                statement: &'static str,
            ) -> sql::effects::Statement<'q, $Database> {
                sqlx::query(statement)
                    .bind(event.namespace())
                    .bind(event.project().unwrap_or_default())
                    .bind(event.id())
            }
        }
    };
}

pub(crate) use store;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_migrations_are_those_above_the_version_found() {
        let migrations = ["a", "b"];
        for (found, expected) in [(0, &["a", "b"][..]), (1, &["b"]), (2, &[])] {
            let missing = missing(&migrations, found);
            assert_eq!(missing.ok(), Some(expected), "{found}");
        }
        let newer = missing(&migrations, 3);
        assert!(
            matches!(newer, Err(StoreError::NewerSchema { found: 3, known: 2 })),
            "{newer:?}"
        );
    }
}
