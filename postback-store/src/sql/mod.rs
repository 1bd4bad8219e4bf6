//! What both databases share: the statements, the schema's version, and what a row tells. SQLite reads `$1` as
//! Postgres does.

pub(crate) mod effects;

use postback_core::claim::{Claim, Digest, Finality};

use crate::{Claimed, StoreError, Stored};

/// A claim, unless there is one. Whoever claims the same at once waits for the other's end.
pub(crate) const INSERT: &str = "INSERT INTO postback_claims
    (namespace, scope, id, final, digest, event, claimed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING";

/// A final claim keeps the place of the pending notice that has not come, so that it is superseded when it does.
pub(crate) const INSERT_PLACE: &str = "INSERT INTO postback_claims
    (namespace, scope, id, final, digest, event, claimed_at) VALUES ($1, $2, $3, $4, NULL, NULL, $5)
    ON CONFLICT DO NOTHING";

/// Its digest, if there is a claim or a place for one.
pub(crate) const DIGEST: &str = "SELECT digest FROM postback_claims
    WHERE namespace = $1 AND scope = $2 AND id = $3 AND final = $4";

/// The transfer of a final claim, unless another has it.
pub(crate) const INSERT_TRANSFER: &str = "INSERT INTO postback_transfers
    (namespace, scope, transfer, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

/// Whose it is.
pub(crate) const TRANSFER: &str = "SELECT id FROM postback_transfers
    WHERE namespace = $1 AND scope = $2 AND transfer = $3";

pub(crate) const STORED: &str = "SELECT digest, event, claimed_at FROM postback_claims
    WHERE namespace = $1 AND scope = $2 AND id = $3 AND final = $4 AND digest IS NOT NULL";

pub(crate) const PRUNE: &str =
    "UPDATE postback_claims SET event = NULL WHERE claimed_at < $1 AND event IS NOT NULL";

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

/// What a claim is that could not be inserted, by the row under its key.
pub(crate) fn existing(claim: &Claim, row: Option<Option<Vec<u8>>>) -> Result<Claimed, StoreError> {
    let before = match row {
        Some(Some(before)) => digest(&before)?,
        Some(None) if claim.finality() == Finality::Pending => return Ok(Claimed::Superseded),
        // Somebody took the row away between two statements, or hides it from us.
        _ => return Err(StoreError::Failed("a claim is there, and is not".into())),
    };
    Ok(Claimed::again(before, *claim.digest()))
}

/// Whether a transfer that could not be inserted is another id's.
pub(crate) fn transferred(claim: &Claim, of: Option<String>) -> Result<Option<String>, StoreError> {
    let of = of.ok_or_else(|| StoreError::Failed("a transfer is there, and is not".into()))?;
    Ok(Some(of).filter(|of| of != claim.id()))
}

pub(crate) fn stored(
    (digest, event, claimed_at): (Vec<u8>, Option<String>, i64),
) -> Result<Stored, StoreError> {
    Ok(Stored {
        digest: self::digest(&digest)?,
        event,
        claimed_at,
    })
}

pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_bytes(bytes).ok_or_else(|| StoreError::Failed("a digest is not 32 bytes".into()))
}

/// The methods that differ by the database's type alone.
macro_rules! store {
    ($Store:ident, $Database:ty) => {
        impl $Store {
            /// The connections, for the application's own queries.
            #[must_use]
            pub const fn pool(&self) -> &sqlx::Pool<$Database> {
                &self.pool
            }

            /// Claims a verified payment or a bound callback within a transaction: if that is not committed,
            /// nothing was claimed.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`]. An error of this or of any other statement ends the
            /// transaction: return it, and do not commit.
            pub async fn claim_in(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                claim: impl Into<Claim>,
            ) -> Result<Claimed, StoreError> {
                let claim = claim.into();
                let scope = claim.scope().unwrap_or_default();
                let is_final = claim.finality() == Finality::Final;
                let inserted = sqlx::query(sql::INSERT)
                    .bind(claim.namespace())
                    .bind(scope)
                    .bind(claim.id())
                    .bind(is_final)
                    .bind(claim.digest().as_bytes().as_slice())
                    .bind(claim.event())
                    .bind(self.clock.seconds())
                    .execute(&mut **transaction)
                    .await?;
                if inserted.rows_affected() == 0 {
                    let row = sqlx::query_scalar(sql::DIGEST)
                        .bind(claim.namespace())
                        .bind(scope)
                        .bind(claim.id())
                        .bind(is_final)
                        .fetch_optional(&mut **transaction)
                        .await?;
                    return sql::existing(&claim, row);
                }
                if !is_final || !claim.has_stages() {
                    return Ok(Claimed::New);
                }
                sqlx::query(sql::INSERT_PLACE)
                    .bind(claim.namespace())
                    .bind(scope)
                    .bind(claim.id())
                    .bind(false)
                    .bind(self.clock.seconds())
                    .execute(&mut **transaction)
                    .await?;
                match self.duplicate_of(transaction, &claim).await? {
                    Some(of) => Ok(Claimed::PossibleDuplicate { of }),
                    None => Ok(Claimed::New),
                }
            }

            /// Counts the transfer of a final claim for it; returns the other id that it was counted for before.
            async fn duplicate_of(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                claim: &Claim,
            ) -> Result<Option<String>, StoreError> {
                let Some(transfer) = claim.transfer() else {
                    return Ok(None);
                };
                let scope = claim.scope().unwrap_or_default();
                let inserted = sqlx::query(sql::INSERT_TRANSFER)
                    .bind(claim.namespace())
                    .bind(scope)
                    .bind(transfer.as_bytes().as_slice())
                    .bind(claim.id())
                    .execute(&mut **transaction)
                    .await?;
                if inserted.rows_affected() == 1 {
                    return Ok(None);
                }
                let of = sqlx::query_scalar(sql::TRANSFER)
                    .bind(claim.namespace())
                    .bind(scope)
                    .bind(transfer.as_bytes().as_slice())
                    .fetch_optional(&mut **transaction)
                    .await?;
                sql::transferred(claim, of)
            }

            /// Commits, and fails where a statement failed that was not looked at: Postgres takes the commit of such
            /// a transaction for a rollback, and calls it a success.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`]: then nothing was claimed, as far as is known.
            pub async fn commit(
                &self,
                mut transaction: Transaction<'_, $Database>,
            ) -> Result<(), StoreError> {
                sqlx::query("SELECT 1").execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            /// What is kept of a claim, if it was made.
            ///
            /// # Errors
            ///
            /// [`StoreError::Failed`].
            pub async fn stored(
                &self,
                claim: impl Into<Claim>,
            ) -> Result<Option<Stored>, StoreError> {
                let claim = claim.into();
                let row = sqlx::query_as(sql::STORED)
                    .bind(claim.namespace())
                    .bind(claim.scope().unwrap_or_default())
                    .bind(claim.id())
                    .bind(claim.finality() == Finality::Final)
                    .fetch_optional(&self.pool)
                    .await?;
                row.map(sql::stored).transpose()
            }

            /// Drops what events said that were claimed, or recorded and are done or superseded, before a Unix time, in
            /// seconds, and returns of how many, in a statement for each table: drop a million in steps. Their keys and
            /// digests are kept for ever: without them an old postback would be new.
            ///
            /// # Errors
            ///
            /// [`StoreError::Busy`] and [`StoreError::Failed`].
            pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
                let claims = sqlx::query(sql::PRUNE)
                    .bind(before)
                    .execute(&self.pool)
                    .await?;
                let effects = sqlx::query(sql::effects::PRUNE)
                    .bind(before.saturating_mul(1_000))
                    .execute(&self.pool)
                    .await?;
                Ok(claims
                    .rows_affected()
                    .saturating_add(effects.rows_affected()))
            }

            /// Applies the migrations that are missing, in the transaction that looked which.
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

            /// Whether nothing is missing. A database without a version lacks everything.
            async fn is_current(&self) -> bool {
                let found: Result<i64, _> =
                    sqlx::query_scalar(sql::VERSION).fetch_one(&self.pool).await;
                found.is_ok_and(|found| found == sql::known(&MIGRATIONS))
            }
        }
    };
}

pub(crate) use store;
