//! Store in a SQLite file.

use std::{
    fs::OpenOptions,
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteQueryResult, SqliteSynchronous},
};

use crate::{
    StoreError,
    clock::Clock,
    limits::STORE_TIMEOUT,
    sql::{Columns, Migration, Run, SqlDatabase, SqlStore, Statement, Statements, pool_options},
};

/// Records and effects in a SQLite file, beside the application's own tables or in a file of its
/// own. Its other methods are those of [`SqlStore`].
///
/// A handler credits an order in the transaction of the record, so that the database keeps both or
/// neither. Before that it finds the order and reconciles the payment with its price, and after
/// that it acknowledges the postback: the guide's chapter on effects has a whole handler.
///
/// <!-- handler: store_sqlite -->
/// ```
/// use postback_core::{Retry, reconcile::Reconciliation};
/// use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
///
/// async fn credit(store: &SqliteStore, payment: &Reconciliation) -> Result<(), Retry> {
///     let id = payment.event().id();
///     let mut transaction = store.begin().await?;
///     match store.record_in(&mut transaction, payment).await? {
///         Recorded::New => {
///             let credit = "UPDATE orders SET credits = credits + 1 WHERE invoice_id = ?";
///             let credit = sqlx::query(credit).bind(id).execute(&mut *transaction).await;
///             if credit.map_err(StoreError::from)?.rows_affected() != 1 {
///                 // There is no such order, or not any more. Nothing is committed.
///                 return Err(Retry::unknown_order(id));
///             }
///         }
///         Recorded::Duplicate => {}
///         // A person has to look at some of these.
///         other => tracing::warn!(invoice_id = id, "not credited: {other}"),
///     }
///     Ok(store.commit(transaction).await?)
/// }
/// #
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use postback_core::{MediaType, SecretKey, Verifier, testing};
/// # use postback_core::{cryptocloud::CryptoCloud, reconcile::Price};
/// # let folder = tempfile::tempdir()?;
/// # let store = SqliteStore::open(folder.path().join("shop.db")).await?;
/// # let orders = "CREATE TABLE orders (invoice_id TEXT PRIMARY KEY, credits INTEGER DEFAULT 0);
/// #     INSERT INTO orders (invoice_id) VALUES ('ILRAJE1Q'), ('ILRAJE1P'), ('ILRAJE1D');
/// #     CREATE TRIGGER deleted BEFORE INSERT ON postback_records WHEN new.id = 'ILRAJE1D'
/// #     BEGIN DELETE FROM orders WHERE invoice_id = new.id; END";
/// # sqlx::raw_sql(orders).execute(store.pool()).await?;
/// # let secret = SecretKey::new("the project's secret key")?;
/// # let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
/// # let deliver = |id, price: &str| {
/// #     let body = testing::sample_json(Some(&testing::token(&secret, id, 1_769_509_700)));
/// #     let body = body.replace("ILRAJE1Q", id);
/// #     let payment = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
/// #     let price = Price::new(price.parse()?, "BNB")?;
/// #     Ok::<_, Box<dyn std::error::Error>>(payment.reconcile(&price)?)
/// # };
/// # // Paid, sent again, and underpaid.
/// # for (id, price) in
/// #     [("ILRAJE1Q", "0.000113"), ("ILRAJE1Q", "0.000113"), ("ILRAJE1P", "0.000114")]
/// # {
/// #     credit(&store, &deliver(id, price)?).await?;
/// # }
/// # let credited = sqlx::query_as("SELECT invoice_id, credits FROM orders WHERE credits > 0");
/// # let credited: Vec<(String, i64)> = credited.fetch_all(store.pool()).await?;
/// # assert_eq!(credited, [("ILRAJE1Q".to_owned(), 1)]);
/// # // Without an order, and deleted in the meantime.
/// # for id in ["ILRAJE1X", "ILRAJE1D"] {
/// #     let payment = deliver(id, "0.000113")?;
/// #     assert_eq!(credit(&store, &payment).await.unwrap_err().code(), "unknown_order");
/// #     assert!(store.stored(payment.event()).await?.is_none());
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
    /// Opens a file, or creates one that only its owner can read. Its write-ahead log is synced at
    /// each commit, so that an acknowledged payment survives a loss of power. The store waits up to
    /// five seconds for other writers and for a connection.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`] if the file was written by a later version of this crate that is
    /// not compatible. [`StoreError::Misconfigured`] for a database in memory, `:memory:`, because
    /// each connection would have its own, and for a URI, `file:shop.db`.
    /// [`StoreError::Busy`] if several processes create the file at the same time: all but one of
    /// them have to try again. [`StoreError::Failed`].
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let file = file.as_ref();
        // SQLite would parse it, and open another file than the one that is created.
        if file.as_os_str().as_encoded_bytes().starts_with(b"file:") {
            let found = format!("the URI {file:?}, expected the path of a file");
            return Err(StoreError::Misconfigured { found });
        }
        create(file).map_err(|error| StoreError::Failed(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(STORE_TIMEOUT);
        Self::with_pool(pool_options().connect_with(options).await?).await
    }

    /// Reads the time from `clock` instead of the system's clock. It decides when leases end and
    /// which payloads are pruned, and must be the same for all processes that share the file.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.on_clock(Clock::new(clock))
    }
}

impl SqlDatabase for Sqlite {
    const HAS_CLOCK: bool = false;

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
        effect_transfer_count: Some(include_str!("effect_transfer_count.sql")),
        effects_pending: include_str!("effects_pending.sql"),
        effects_prune: include_str!("effects_prune.sql"),
        record_credit: include_str!("record_credit.sql"),
        record_credit_transfer: include_str!("record_credit_transfer.sql"),
        record_import: include_str!("record_import.sql"),
        record_read: include_str!("record_read.sql"),
        record_transfer_count: Some(include_str!("record_transfer_count.sql")),
        record_write: include_str!("record_write.sql"),
        records_prune: include_str!("records_prune.sql"),
        review_resolve: include_str!("review_resolve.sql"),
        review_write: include_str!("review_write.sql"),
        reviews_open: include_str!("reviews_open.sql"),
        reviews_other: include_str!("reviews_other.sql"),
        reviews_prune: include_str!("reviews_prune.sql"),
        schema_check: include_str!("schema_check.sql"),
        schema_lock: None,
        schema_version_create: include_str!("schema_version_create.sql"),
        schema_version_insert: include_str!("schema_version_insert.sql"),
        schema_version_read: include_str!("schema_version_read.sql"),
        schema_version_write: include_str!("schema_version_write.sql"),
        transaction_begin: include_str!("transaction_begin.sql"),
        transfer_move: include_str!("transfer_move.sql"),
    };

    /// The file is in the same process. How long a statement waits for other writers is a setting
    /// of the connection.
    const REPLY_TIMEOUT: Option<Duration> = None;

    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    async fn check(_: &SqlitePool, connection: &mut SqliteConnection) -> Result<bool, StoreError> {
        let rows = connection
            .rows(Statement::new(Self::STATEMENTS.schema_check))
            .await?;
        let file = rows.first().map(|row| row.text("file")).transpose()?;
        match file.is_none_or(|file| file.is_empty()) {
            true => Err(StoreError::Misconfigured {
                found: "a database in memory, expected a file".to_owned(),
            }),
            false => Ok(true),
        }
    }

    async fn commit(transaction: Transaction<'static, Self>) -> Result<(), sqlx::Error> {
        transaction.commit().await
    }
}

/// Creates a file that only its owner can read, unless it exists. SQLite gives the files beside it
/// the same permissions.
fn create(file: &Path) -> io::Result<()> {
    // A database in memory, which is rejected when it is opened.
    if file.as_os_str() == ":memory:" {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}
