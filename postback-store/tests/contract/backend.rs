//! The stores, each with a table of the shop's own beside it.

use std::{
    env,
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use postback_core::claim::Claim;
use postback_store::{
    Claimed, StoreError, Stored,
    memory::{MemoryStore, MemoryTransaction},
    postgres::PostgresStore,
    sqlite::SqliteStore,
};
use sqlx::{Connection, PgConnection, PgPool, Transaction};
use tempfile::TempDir;

/// The variable that names a Postgres server: `postgres://user@host:port/database`.
pub(crate) const POSTGRES: &str = "POSTBACK_POSTGRES";

/// A fresh store, and the shop's table of credits.
pub(crate) trait Backend: Clone + Debug + Send + Sync + 'static {
    type Transaction: Debug + Send;

    fn fresh() -> impl Future<Output = Self> + Send;

    fn begin(&self) -> impl Future<Output = Self::Transaction> + Send;

    fn claim(
        &self,
        transaction: &mut Self::Transaction,
        claim: Claim,
    ) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// The shop's own write.
    fn credit(
        &self,
        transaction: &mut Self::Transaction,
        id: &str,
    ) -> impl Future<Output = ()> + Send;

    fn commit(&self, transaction: Self::Transaction) -> impl Future<Output = ()> + Send;

    /// What the shop has credited, in order.
    fn credits(&self) -> impl Future<Output = Vec<String>> + Send;

    fn stored(&self, claim: Claim) -> impl Future<Output = Option<Stored>> + Send;

    fn prune(&self, before: i64) -> impl Future<Output = u64> + Send;
}

#[derive(Clone, Debug)]
pub(crate) struct Memory {
    store: MemoryStore,
    credits: Arc<Mutex<Vec<String>>>,
}

impl Backend for Memory {
    type Transaction = (MemoryTransaction, Vec<String>);

    async fn fresh() -> Self {
        Self {
            store: MemoryStore::new(),
            credits: Arc::default(),
        }
    }

    async fn begin(&self) -> Self::Transaction {
        (self.store.begin().await, Vec::new())
    }

    async fn claim(
        &self,
        (transaction, _): &mut Self::Transaction,
        claim: Claim,
    ) -> Result<Claimed, StoreError> {
        Ok(self.store.claim_in(transaction, claim))
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

    async fn stored(&self, claim: Claim) -> Option<Stored> {
        self.store.stored(claim).await
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await
    }
}

/// A file in a folder that goes with it.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    store: SqliteStore,
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

    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("shop.db")).await;
        let store = store.unwrap();
        sqlx::query("CREATE TABLE credits (id TEXT NOT NULL)")
            .execute(store.pool())
            .await
            .unwrap();
        Self {
            store,
            folder: Arc::new(folder),
        }
    }

    async fn begin(&self) -> Self::Transaction {
        self.store.begin().await.unwrap()
    }

    async fn claim(
        &self,
        transaction: &mut Self::Transaction,
        claim: Claim,
    ) -> Result<Claimed, StoreError> {
        self.store.claim_in(transaction, claim).await
    }

    async fn credit(&self, transaction: &mut Self::Transaction, id: &str) {
        sqlx::query("INSERT INTO credits (id) VALUES (?1)")
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

    async fn stored(&self, claim: Claim) -> Option<Stored> {
        self.store.stored(claim).await.unwrap()
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await.unwrap()
    }
}

/// A database of its own on the server.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    store: PostgresStore,
}

impl Postgres {
    pub(crate) const fn store(&self) -> &PostgresStore {
        &self.store
    }

    /// A fresh database's address.
    pub(crate) async fn database() -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("contract_{}_{number}", std::process::id());
        let server = env::var(POSTGRES).unwrap();
        let mut connection = PgConnection::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        format!("{base}/{name}")
    }
}

impl Backend for Postgres {
    type Transaction = Transaction<'static, sqlx::Postgres>;

    async fn fresh() -> Self {
        let pool = PgPool::connect(&Self::database().await).await.unwrap();
        sqlx::query("CREATE TABLE credits (id TEXT NOT NULL)")
            .execute(&pool)
            .await
            .unwrap();
        Self {
            store: PostgresStore::with_pool(pool).await.unwrap(),
        }
    }

    async fn begin(&self) -> Self::Transaction {
        self.store.begin().await.unwrap()
    }

    async fn claim(
        &self,
        transaction: &mut Self::Transaction,
        claim: Claim,
    ) -> Result<Claimed, StoreError> {
        self.store.claim_in(transaction, claim).await
    }

    async fn credit(&self, transaction: &mut Self::Transaction, id: &str) {
        sqlx::query("INSERT INTO credits (id) VALUES ($1)")
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

    async fn stored(&self, claim: Claim) -> Option<Stored> {
        self.store.stored(claim).await.unwrap()
    }

    async fn prune(&self, before: i64) -> u64 {
        self.store.prune(before).await.unwrap()
    }
}
