//! A SQLite file.

use std::{path::Path, time::Duration};

use postback_core::claim::{Claim, Finality};
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{Claimed, StoreError, Stored, sql};

/// Claims in a SQLite file, beside the application's own tables or in a file of its own.
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
/// transaction.commit().await?;
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
}

const MIGRATIONS: [&str; 1] = [include_str!("schema_1.sql")];

impl SqliteStore {
    /// Opens a file, and makes it if it is not there: with a write-ahead log that is synced at each commit, so
    /// that what was acknowledged survives a loss of power, and waiting up to five seconds for other writers.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also if the file was written by a later version.
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        Self::with_pool(SqlitePool::connect_with(options).await?).await
    }

    /// Keeps claims in the application's own database, in tables whose names begin with `postback_`.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also if the tables were written by a later version.
    pub async fn with_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        let store = Self { pool };
        store.migrate().await?;
        Ok(store)
    }

    /// The connections, for the application's own queries.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Begins a transaction that writes: `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] if others write for longer than is waited, and [`StoreError::Failed`].
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Claims a verified payment or a bound callback within a transaction: if that is not committed, nothing was
    /// claimed.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. The transaction is of no further use then.
    pub async fn claim_in(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        claim: impl Into<Claim>,
    ) -> Result<Claimed, StoreError> {
        let claim = claim.into();
        let inserted = sqlx::query(
            "INSERT INTO postback_claims
                 (namespace, scope, id, final, digest, transfer, event, claimed_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, unixepoch()
             WHERE ?4 OR NOT EXISTS (
                 SELECT 1 FROM postback_claims
                 WHERE namespace = ?1 AND scope = ?2 AND id = ?3 AND final
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
                 WHERE namespace = ?1 AND scope = ?2 AND id = ?3 AND final = ?4",
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
             WHERE namespace = ?1 AND scope = ?2 AND transfer = ?3 AND id <> ?4 LIMIT 1",
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
             WHERE namespace = ?1 AND scope = ?2 AND id = ?3 AND final = ?4",
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
            "UPDATE postback_claims SET event = NULL WHERE claimed_at < ?1 AND event IS NOT NULL",
        )
        .bind(before)
        .execute(&self.pool)
        .await?;
        Ok(pruned.rows_affected())
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("CREATE TABLE IF NOT EXISTS postback_schema (version INTEGER NOT NULL) STRICT")
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
        sqlx::query("UPDATE postback_schema SET version = ?1")
            .bind(sql::known(&MIGRATIONS))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
