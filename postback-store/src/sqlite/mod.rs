//! Store in a SQLite file.

use std::{path::Path, time::SystemTime};

use sqlx::{
    Sqlite,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteQueryResult,
        SqliteSynchronous,
    },
};

use crate::{
    STORE_TIMEOUT, StoreError,
    clock::Clock,
    sql::{SqlDatabase, SqlStore, Statements},
};

/// Records and effects in a SQLite file, beside the application's own tables or in a file of its
/// own. Its other methods are those of [`SqlStore`].
///
/// A handler credits an order in the transaction of the record, so that the database keeps both or
/// neither. An error asks the provider to send the postback again:
///
/// <!-- handler: store_sqlite -->
/// ```
/// use postback_core::{Retry, Verified, cryptocloud::CryptoCloud, reconcile::Price};
/// use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
///
/// /// Finds the order, reconciles the payment with its price, records it, and credits the order.
/// async fn credit(store: &SqliteStore, payment: &Verified<CryptoCloud>) -> Result<(), Retry> {
///     let id = payment.invoice_id();
///     try_credit(store, id, payment).await.map_err(|retry| retry.with_id(id))
/// }
///
/// async fn try_credit(
///     store: &SqliteStore,
///     id: &str,
///     payment: &Verified<CryptoCloud>,
/// ) -> Result<(), Retry> {
///     let price = price(store, id).await?.ok_or_else(|| Retry::unknown_order(id))?;
///     let reconciliation = payment.reconcile(&price)?;
///     let mut transaction = store.begin().await?;
///     match store.record_in(&mut transaction, &reconciliation).await? {
///         Recorded::New => {
///             let credit = sqlx::query("UPDATE orders SET is_credited = 1 WHERE invoice_id = $1");
///             let credit = credit.bind(id).execute(&mut *transaction).await;
///             if credit.map_err(StoreError::from)?.rows_affected() != 1 {
///                 // The order was deleted in the meantime. Nothing is committed.
///                 return Err(Retry::unknown_order(id));
///             }
///         }
///         // The provider has sent the postback again.
///         Recorded::Duplicate => {}
///         // A person has to look at some of these.
///         other => tracing::warn!(invoice_id = id, "not credited: {other}"),
///     }
///     Ok(store.commit(transaction).await?)
/// }
///
/// /// Returns the price of an order, as you stored it.
/// async fn price(store: &SqliteStore, invoice_id: &str) -> Result<Option<Price>, Retry> {
///     let price = sqlx::query_as("SELECT price, currency FROM orders WHERE invoice_id = $1");
///     let price = price.bind(invoice_id).fetch_optional(store.pool()).await;
///     let price: Option<(String, String)> = price.map_err(StoreError::from)?;
///     let Some((amount, currency)) = price else {
///         return Ok(None);
///     };
///     let amount = amount.parse().map_err(Retry::misconfigured)?;
///     Price::new(amount, currency).map(Some).map_err(Retry::misconfigured)
/// }
/// #
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use postback_core::{MediaType, SecretKey, Verifier, testing};
/// # let folder = tempfile::tempdir()?;
/// # let store = SqliteStore::open(folder.path().join("shop.db")).await?;
/// # let orders = "CREATE TABLE orders (
/// #         invoice_id TEXT PRIMARY KEY, price TEXT, currency TEXT, is_credited INTEGER);
/// #     INSERT INTO orders VALUES ('ILRAJE1Q', '0.000113', 'BNB', 0);
/// #     INSERT INTO orders VALUES ('ILRAJE1P', '0.000114', 'BNB', 0);
/// #     INSERT INTO orders VALUES ('ILRAJE1D', '0.000113', 'BNB', 0);
/// #     INSERT INTO orders VALUES ('ILRAJE1M', 'much', 'BNB', 0);
/// #     CREATE TRIGGER deleted BEFORE INSERT ON postback_records WHEN new.id = 'ILRAJE1D'
/// #     BEGIN DELETE FROM orders WHERE invoice_id = new.id; END";
/// # sqlx::raw_sql(orders).execute(store.pool()).await?;
/// # let secret = SecretKey::new("the project's secret key")?;
/// # let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
/// # let deliver = |id| {
/// #     let body = testing::sample_json(Some(&testing::token(&secret, id, 1_769_509_700)));
/// #     testing::deliver(&verifier, MediaType::Json, body.replace("ILRAJE1Q", id), 1_769_509_400)
/// # };
/// # // Paid, sent again, and underpaid.
/// # for id in ["ILRAJE1Q", "ILRAJE1Q", "ILRAJE1P"] {
/// #     credit(&store, &deliver(id)?).await?;
/// # }
/// # let credited = sqlx::query_scalar("SELECT invoice_id FROM orders WHERE is_credited = 1");
/// # let credited: Vec<String> = credited.fetch_all(store.pool()).await?;
/// # assert_eq!(credited, ["ILRAJE1Q"]);
/// # // The stored price cannot be read.
/// # assert_eq!(credit(&store, &deliver("ILRAJE1M")?).await.unwrap_err().code(), "misconfigured");
/// # // Without an order, and deleted in the meantime.
/// # for id in ["ILRAJE1X", "ILRAJE1D"] {
/// #     let payment = deliver(id)?;
/// #     assert_eq!(credit(&store, &payment).await.unwrap_err().code(), "unknown_order");
/// #     let price = Price::new("0.000113".parse()?, "BNB")?;
/// #     assert!(store.stored(payment.reconcile(&price)?.event()).await?.is_none());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// SQLite has one writer at a time. [`begin`](SqlStore::begin) waits for other writers and becomes
/// the writer. If your application begins its own transactions, call `record_in` *first*: a
/// transaction that has read before is [busy](StoreError::Busy) at once, without waiting, if
/// another one has written since.
pub type SqliteStore = SqlStore<Sqlite>;

impl SqliteStore {
    /// Opens a file, or creates it. Its write-ahead log is synced at each commit, so that an
    /// acknowledged payment survives a loss of power. The store waits up to five seconds for other
    /// writers and for a connection.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the file was written by a later version of this crate.
    /// [`StoreError::Busy`] if several processes create the file at the same time: all but one of
    /// them have to try again. [`StoreError::Failed`].
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(STORE_TIMEOUT);
        let pool = SqlitePoolOptions::new().acquire_timeout(STORE_TIMEOUT);
        Self::with_pool(pool.connect_with(options).await?).await
    }

    /// Reads the time from `clock` instead of the system's clock. It decides when leases end, and
    /// must be the same for all processes that share the file.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.on_clock(Clock::new(clock))
    }
}

impl SqlDatabase for Sqlite {
    const HAS_CLOCK: bool = false;

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
        schema_lock: None,
        schema_version_create: include_str!("schema_version_create.sql"),
        schema_version_insert: include_str!("schema_version_insert.sql"),
        schema_version_read: include_str!("schema_version_read.sql"),
        schema_version_write: include_str!("schema_version_write.sql"),
        transaction_begin: include_str!("transaction_begin.sql"),
        transaction_check: include_str!("transaction_check.sql"),
        transfer_count: include_str!("transfer_count.sql"),
        transfer_read: include_str!("transfer_read.sql"),
    };

    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }
}
