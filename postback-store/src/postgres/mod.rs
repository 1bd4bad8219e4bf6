//! A Postgres server.

use postback_core::claim::{Claim, Finality};
use sqlx::{PgPool, Postgres, Transaction};

use crate::{Claimed, StoreError, Stored, sql};

/// Claims in a Postgres database, beside the application's own tables.
///
/// Used as [`SqliteStore`](crate::sqlite::SqliteStore) is, and any transaction of the application's will do. A
/// second delivery waits until the first one's transaction has ended, and is then
/// [already done](Claimed::AlreadyDone), or new if that was rolled back. Under `REPEATABLE READ` and `SERIALIZABLE` it
/// is [busy](StoreError::Busy) instead.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
}

const MIGRATIONS: [&str; 1] = [include_str!("schema_1.sql")];

impl PostgresStore {
    /// Connects to a server: `postgres://user@host/database`.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also if the tables were written by a later version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::with_pool(PgPool::connect(url).await?).await
    }

    /// Keeps claims in the application's own database, in tables whose names begin with `postback_`.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also if the tables were written by a later version.
    pub async fn with_pool(pool: PgPool) -> Result<Self, StoreError> {
        let store = Self { pool };
        store.migrate().await?;
        Ok(store)
    }

    /// The connections, for the application's own queries.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// Claims a verified payment or a bound callback within a transaction: if that is not committed, nothing was
    /// claimed.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. The transaction is of no further use then.
    pub async fn claim_in(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        claim: impl Into<Claim>,
    ) -> Result<Claimed, StoreError> {
        let claim = claim.into();
        if let Some(transfer) = claim.transfer() {
            // Two ids of one transfer do not pass each other unseen, nor do the two notices of a payment.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(format!("postback {transfer}"))
                .execute(&mut **transaction)
                .await?;
        }
        let inserted = sqlx::query(
            "INSERT INTO postback_claims
                 (namespace, scope, id, final, digest, transfer, event, claimed_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, extract(epoch FROM now())::bigint
             WHERE $4 OR NOT EXISTS (
                 SELECT 1 FROM postback_claims
                 WHERE namespace = $1 AND scope = $2 AND id = $3 AND final
             )
             ON CONFLICT DO NOTHING",
        )
        .bind(claim.namespace())
        .bind(claim.scope().unwrap_or_default())
        .bind(claim.id())
        .bind(claim.finality() == Finality::Final)
        .bind(claim.digest().as_bytes().as_slice())
        .bind(
            claim
                .transfer()
                .map(|transfer| transfer.as_bytes().as_slice()),
        )
        .bind(claim.event())
        .execute(&mut **transaction)
        .await?
        .rows_affected();
        if inserted == 0 {
            let before: Option<Vec<u8>> = sqlx::query_scalar(
                "SELECT digest FROM postback_claims
                 WHERE namespace = $1 AND scope = $2 AND id = $3 AND final = $4",
            )
            .bind(claim.namespace())
            .bind(claim.scope().unwrap_or_default())
            .bind(claim.id())
            .bind(claim.finality() == Finality::Final)
            .fetch_optional(&mut **transaction)
            .await?;
            return sql::existing(&claim, before.as_deref());
        }
        let Some(transfer) = claim.transfer() else {
            return Ok(Claimed::New);
        };
        let other = sqlx::query_scalar(
            "SELECT id FROM postback_claims
             WHERE namespace = $1 AND scope = $2 AND transfer = $3 AND id <> $4 LIMIT 1",
        )
        .bind(claim.namespace())
        .bind(claim.scope().unwrap_or_default())
        .bind(transfer.as_bytes().as_slice())
        .bind(claim.id())
        .fetch_optional(&mut **transaction)
        .await?;
        Ok(sql::inserted(other))
    }

    /// What is kept of a claim, if it was made.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn stored(&self, claim: impl Into<Claim>) -> Result<Option<Stored>, StoreError> {
        let claim = claim.into();
        let row: Option<(Vec<u8>, Option<String>, i64)> = sqlx::query_as(
            "SELECT digest, event, claimed_at FROM postback_claims
             WHERE namespace = $1 AND scope = $2 AND id = $3 AND final = $4",
        )
        .bind(claim.namespace())
        .bind(claim.scope().unwrap_or_default())
        .bind(claim.id())
        .bind(claim.finality() == Finality::Final)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|(digest, event, claimed_at)| {
            Ok(Stored {
                digest: sql::digest(&digest)?,
                event,
                claimed_at,
            })
        })
        .transpose()
    }

    /// Drops what events said that were claimed before a Unix time, in seconds, and returns of how many. Their keys and
    /// digests are kept for ever: without them an old postback would be new.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
        let pruned = sqlx::query(
            "UPDATE postback_claims SET event = NULL WHERE claimed_at < $1 AND event IS NOT NULL",
        )
        .bind(before)
        .execute(&self.pool)
        .await?;
        Ok(pruned.rows_affected())
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // One of several that start at once makes the tables.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('postback_schema', 0))")
            .execute(&mut *transaction)
            .await?;
        sqlx::query("CREATE TABLE IF NOT EXISTS postback_schema (version BIGINT NOT NULL)")
            .execute(&mut *transaction)
            .await?;
        let found: Option<i64> = sqlx::query_scalar("SELECT version FROM postback_schema")
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
        Ok(transaction.commit().await?)
    }
}
