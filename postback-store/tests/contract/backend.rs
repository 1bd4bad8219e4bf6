//! Stores, each with a table of the shop beside it.

use std::{
    fmt::Debug,
    marker::PhantomData,
    sync::{Arc, Mutex},
    time::Duration,
};

use postback_core::{
    event::{EventKey, EventRecord},
    reconcile::Reconciliation,
};
use postback_store::{
    Marked, Recorded, Review, ReviewFilter, StoreError, Stored,
    memory::{MemoryStore, MemoryTransaction},
    postgres::PostgresStore,
    redis::RedisStore,
    sql::SqlStore,
    sqlite::SqliteStore,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgPool, SqlSafeStr, Transaction};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    effects::MAIL,
    forwarder::Forwarder,
    lease_backend::{Clock, LeaseBackend, SetBack},
    postgres_server::database,
    redis_server::emptied,
    shop::{CREDIT, CREDITS},
};

/// Fresh store, with the shop's table of credits.
pub(crate) trait Backend: LeaseBackend {
    type Transaction: Debug + Send;

    fn begin(&self) -> impl Future<Output = Self::Transaction> + Send;

    fn record(
        &self,
        transaction: &mut Self::Transaction,
        reconciliation: &Reconciliation,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    fn mark_credited(
        &self,
        transaction: &mut Self::Transaction,
        review: &Review,
    ) -> impl Future<Output = Marked> + Send;

    fn import_credited(
        &self,
        transaction: &mut Self::Transaction,
        key: &EventKey,
    ) -> impl Future<Output = bool> + Send;

    fn reviews(&self, filter: &ReviewFilter) -> impl Future<Output = Vec<Review>> + Send;

    fn resolve(&self, review: &Review) -> impl Future<Output = bool> + Send;

    fn enqueue(
        &self,
        transaction: &mut Self::Transaction,
        reconciliation: &Reconciliation,
    ) -> impl Future<Output = ()> + Send;

    fn enqueue_review(
        &self,
        transaction: &mut Self::Transaction,
        reconciliation: &Reconciliation,
    ) -> impl Future<Output = ()> + Send;

    /// Writes the shop's credit.
    fn credit(
        &self,
        transaction: &mut Self::Transaction,
        id: &str,
    ) -> impl Future<Output = ()> + Send;

    fn commit(&self, transaction: Self::Transaction) -> impl Future<Output = ()> + Send;

    /// Returns the ids that the shop has credited, in order.
    fn credits(&self) -> impl Future<Output = Vec<String>> + Send;

    fn stored(&self, event: &EventRecord) -> impl Future<Output = Option<Stored>> + Send;
}

/// Database whose rows a test changes by hand.
pub(crate) trait SqlBackend: Backend {
    /// The folder of its statements in `src`.
    const FOLDER: &'static str;

    /// Opens the store again, as a process that restarts.
    fn reopened(&self) -> impl Future<Output = Self> + Send;

    fn execute(&self, statement: &'static str) -> impl Future<Output = ()> + Send;

    /// Opens the store again, with at most this number of connections.
    fn with_connections(&self, maximum: u32) -> impl Future<Output = Self> + Send;

    /// Returns the number of rows of a query.
    fn count(&self, query: &'static str) -> impl Future<Output = usize> + Send;

    /// Returns the number of rows of a query on a connection of its own, which reads what is
    /// committed.
    fn count_committed(&self, query: &'static str) -> impl Future<Output = usize> + Send;

    /// Returns true if no connection that is in the pool has a transaction open.
    fn has_no_transaction_open(&self) -> impl Future<Output = bool> + Send;

    /// Has the database parse a statement, and returns its error.
    fn prepare(&self, statement: String) -> impl Future<Output = Option<sqlx::Error>> + Send;
}

#[derive(Clone, Debug)]
pub(crate) struct Memory {
    store: MemoryStore,
    clock: Clock,
    credits: Arc<Mutex<Vec<String>>>,
}

impl Backend for Memory {
    type Transaction = (MemoryTransaction, Vec<String>);

    async fn begin(&self) -> Self::Transaction {
        (self.store.begin().await, Vec::new())
    }

    async fn record(
        &self,
        (transaction, _): &mut Self::Transaction,
        reconciliation: &Reconciliation,
    ) -> Result<Recorded, StoreError> {
        Ok(self.store.record_in(transaction, reconciliation))
    }

    async fn mark_credited(
        &self,
        (transaction, _): &mut Self::Transaction,
        review: &Review,
    ) -> Marked {
        self.store.mark_credited_in(transaction, review)
    }

    async fn import_credited(
        &self,
        (transaction, _): &mut Self::Transaction,
        key: &EventKey,
    ) -> bool {
        self.store.import_credited_in(transaction, key)
    }

    async fn reviews(&self, filter: &ReviewFilter) -> Vec<Review> {
        self.store.reviews(filter).await
    }

    async fn resolve(&self, review: &Review) -> bool {
        self.store.resolve(review).await
    }

    async fn enqueue(
        &self,
        (transaction, _): &mut Self::Transaction,
        reconciliation: &Reconciliation,
    ) {
        self.store
            .enqueue_effect_in(transaction, reconciliation, MAIL);
    }

    async fn enqueue_review(
        &self,
        (transaction, _): &mut Self::Transaction,
        reconciliation: &Reconciliation,
    ) {
        let store = &self.store;
        store.enqueue_effect_of_review_in(transaction, reconciliation, MAIL);
    }

    async fn credit(&self, (_, credits): &mut Self::Transaction, id: &str) {
        credits.push(id.to_owned());
    }

    async fn commit(&self, (transaction, credits): Self::Transaction) {
        self.credits.lock().unwrap().extend(credits);
        transaction.commit();
    }

    async fn credits(&self) -> Vec<String> {
        let mut credits = self.credits.lock().unwrap().clone();
        credits.sort();
        credits
    }

    async fn stored(&self, event: &EventRecord) -> Option<Stored> {
        self.store.stored(event).await
    }
}

impl LeaseBackend for Memory {
    type Store = MemoryStore;

    async fn fresh() -> Self {
        let clock = Clock::default();
        Self {
            store: MemoryStore::new().with_clock(clock.reader()),
            clock,
            credits: Arc::default(),
        }
    }

    fn leases(&self) -> &MemoryStore {
        &self.store
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await
    }
}

impl SetBack for Memory {
    fn set_back(&self, time: Duration) {
        self.clock.set_back(time);
    }

    fn stop_clock(&self) {
        self.clock.stop();
    }
}

/// Methods that are the same on both databases.
macro_rules! on_sql {
    () => {
        async fn begin(&self) -> Self::Transaction {
            self.store.begin().await.unwrap()
        }

        async fn record(
            &self,
            transaction: &mut Self::Transaction,
            reconciliation: &Reconciliation,
        ) -> Result<Recorded, StoreError> {
            self.store.record_in(transaction, reconciliation).await
        }

        async fn mark_credited(
            &self,
            transaction: &mut Self::Transaction,
            review: &Review,
        ) -> Marked {
            let marked = self.store.mark_credited_in(transaction, review);
            marked.await.unwrap()
        }

        async fn import_credited(
            &self,
            transaction: &mut Self::Transaction,
            key: &EventKey,
        ) -> bool {
            let imported = self.store.import_credited_in(transaction, key);
            imported.await.unwrap()
        }

        async fn reviews(&self, filter: &ReviewFilter) -> Vec<Review> {
            self.store.reviews(filter).await.unwrap()
        }

        async fn resolve(&self, review: &Review) -> bool {
            self.store.resolve(review).await.unwrap()
        }

        async fn enqueue(
            &self,
            transaction: &mut Self::Transaction,
            reconciliation: &Reconciliation,
        ) {
            let enqueued = self
                .store
                .enqueue_effect_in(transaction, reconciliation, MAIL);
            enqueued.await.unwrap();
        }

        async fn enqueue_review(
            &self,
            transaction: &mut Self::Transaction,
            reconciliation: &Reconciliation,
        ) {
            let store = &self.store;
            let enqueued = store.enqueue_effect_of_review_in(transaction, reconciliation, MAIL);
            enqueued.await.unwrap();
        }

        async fn credit(&self, transaction: &mut Self::Transaction, id: &str) {
            sqlx::query(CREDIT)
                .bind(id)
                .execute(&mut **transaction)
                .await
                .unwrap();
        }

        async fn commit(&self, transaction: Self::Transaction) {
            self.store.commit(transaction).await.unwrap();
        }

        async fn credits(&self) -> Vec<String> {
            sqlx::query_scalar("SELECT id FROM credits ORDER BY id")
                .fetch_all(self.store.pool())
                .await
                .unwrap()
        }

        async fn stored(&self, event: &EventRecord) -> Option<Stored> {
            self.store.stored(event).await.unwrap()
        }
    };
}

macro_rules! on_rows {
    () => {
        async fn execute(&self, statement: &'static str) {
            let executed = sqlx::raw_sql(statement).execute(self.store.pool()).await;
            executed.unwrap();
        }

        async fn count(&self, query: &'static str) -> usize {
            let rows = sqlx::query(query).fetch_all(self.store.pool()).await;
            rows.unwrap().len()
        }

        async fn count_committed(&self, query: &'static str) -> usize {
            let options = self.store.pool().connect_options();
            let mut connection = options.connect().await.unwrap();
            sqlx::query(query)
                .fetch_all(&mut connection)
                .await
                .unwrap()
                .len()
        }

        async fn with_connections(&self, maximum: u32) -> Self {
            let pool = self.store.pool();
            let options = pool.options().clone().max_connections(maximum);
            let connect = (*pool.connect_options()).clone();
            let pool = options.connect_with(connect).await.unwrap();
            Self {
                store: SqlStore::with_pool(pool).await.unwrap(),
                ..self.clone()
            }
        }

        async fn reopened(&self) -> Self {
            let store = SqlStore::with_pool(self.store.pool().clone()).await;
            Self {
                store: store.unwrap(),
                ..self.clone()
            }
        }

        async fn prepare(&self, statement: String) -> Option<sqlx::Error> {
            let mut connection = self.store.pool().acquire().await.unwrap();
            let statement = AssertSqlSafe(statement).into_sql_str();
            connection.prepare(statement).await.err()
        }
    };
}

/// File in a folder that is removed with it.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    store: SqliteStore,
    clock: Clock,
    folder: Arc<TempDir>,
}

impl Sqlite {
    pub(crate) const fn store(&self) -> &SqliteStore {
        &self.store
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("shop.db")
    }
}

impl Backend for Sqlite {
    type Transaction = Transaction<'static, sqlx::Sqlite>;

    on_sql!();
}

impl SqlBackend for Sqlite {
    const FOLDER: &'static str = "sqlite";

    on_rows!();

    /// A transaction that writes excludes all others.
    async fn has_no_transaction_open(&self) -> bool {
        let options = (*self.store.pool().connect_options()).clone();
        let options = options.busy_timeout(Duration::ZERO);
        let mut connection = options.connect().await.unwrap();
        let begun = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection);
        begun.await.is_ok()
    }
}

impl LeaseBackend for Sqlite {
    type Store = SqliteStore;

    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("shop.db")).await;
        let clock = Clock::default();
        let store = store.unwrap().with_clock(clock.reader());
        sqlx::query(CREDITS).execute(store.pool()).await.unwrap();
        Self {
            store,
            clock,
            folder: Arc::new(folder),
        }
    }

    fn leases(&self) -> &SqliteStore {
        &self.store
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await.unwrap()
    }
}

impl SetBack for Sqlite {
    fn set_back(&self, time: Duration) {
        self.clock.set_back(time);
    }

    fn stop_clock(&self) {
        self.clock.stop();
    }
}

/// Database of its own on the server, with connections that `P` makes.
#[derive(Clone, Debug)]
pub(crate) struct PostgresOf<P> {
    store: PostgresStore,
    pool: PhantomData<P>,
}

/// Database with connections that the store makes.
pub(crate) type Postgres = PostgresOf<PoolOfStore>;

/// Database with connections that the application makes, without any settings. Each step of an
/// effect runs in a transaction of its own.
pub(crate) type PostgresWithPool = PostgresOf<PoolOfApplication>;

pub(crate) trait PostgresPool: Clone + Debug + Send + Sync + 'static {
    fn open(url: &str) -> impl Future<Output = PostgresStore> + Send;
}

#[derive(Clone, Debug)]
pub(crate) enum PoolOfStore {}

impl PostgresPool for PoolOfStore {
    async fn open(url: &str) -> PostgresStore {
        PostgresStore::connect(url).await.unwrap()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum PoolOfApplication {}

impl PostgresPool for PoolOfApplication {
    async fn open(url: &str) -> PostgresStore {
        let pool = PgPool::connect(url).await.unwrap();
        PostgresStore::with_pool(pool).await.unwrap()
    }
}

impl<P> PostgresOf<P> {
    pub(crate) const fn store(&self) -> &PostgresStore {
        &self.store
    }
}

impl<P: PostgresPool> PostgresOf<P> {
    /// Opens the store again, on connections that a test can make silent or lossy.
    pub(crate) async fn forwarded(&self) -> (Self, Forwarder) {
        let connect = self.store.pool().connect_options();
        let server = format!("{}:{}", connect.get_host(), connect.get_port());
        let forwarder = Forwarder::start(server).await;
        let (user, port) = (connect.get_username(), forwarder.port);
        let database = connect.get_database().unwrap();
        let url = format!("postgres://{user}@127.0.0.1:{port}/{database}");
        let store = P::open(&url).await;
        (
            Self {
                store,
                ..self.clone()
            },
            forwarder,
        )
    }
}

impl<P: PostgresPool> Backend for PostgresOf<P> {
    type Transaction = Transaction<'static, sqlx::Postgres>;

    on_sql!();
}

impl<P: PostgresPool> SqlBackend for PostgresOf<P> {
    const FOLDER: &'static str = "postgres";

    on_rows!();

    /// The connections that are in use are idle in a transaction, too.
    async fn has_no_transaction_open(&self) -> bool {
        let open = "SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        self.count_committed(open).await == 0
    }
}

impl<P: PostgresPool> LeaseBackend for PostgresOf<P> {
    type Store = PostgresStore;

    async fn fresh() -> Self {
        let store = P::open(&database().await).await;
        sqlx::query(CREDITS).execute(store.pool()).await.unwrap();
        Self {
            store,
            pool: PhantomData,
        }
    }

    fn leases(&self) -> &PostgresStore {
        &self.store
    }

    /// Waits, because the server's time passes by itself.
    async fn pass(&self, time: Duration) {
        sleep(time).await;
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await.unwrap()
    }
}

/// Database of its own on the server.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    store: RedisStore,
}

impl Redis {
    /// Opens a store on a connection that a test can make silent or lossy.
    pub(crate) async fn forwarded() -> (Self, Forwarder) {
        let url = emptied();
        let (server, number) = url.rsplit_once('/').unwrap();
        let server = server.strip_prefix("redis://").unwrap().to_owned();
        let forwarder = Forwarder::start(server).await;
        let url = format!("redis://127.0.0.1:{}/{number}", forwarder.port);
        let store = RedisStore::open(&url).await.unwrap();
        (Self { store }, forwarder)
    }
}

impl LeaseBackend for Redis {
    type Store = RedisStore;

    async fn fresh() -> Self {
        let store = RedisStore::open(&emptied()).await;
        Self {
            store: store.unwrap(),
        }
    }

    fn leases(&self) -> &RedisStore {
        &self.store
    }

    /// Waits, because the server's time passes by itself.
    async fn pass(&self, time: Duration) {
        sleep(time).await;
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await.unwrap()
    }
}
