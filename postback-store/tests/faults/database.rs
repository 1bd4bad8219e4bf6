//! Database with the shop's table of credits. The table allows the same payment twice.

use std::{sync::Arc, thread, time::Duration};

use postback_store::{StoreError, postgres::PostgresStore, sqlite::SqliteStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::postgres_server::database;
use crate::shop::CREDITS;

pub(crate) struct Database {
    runtime: Runtime,
    /// A file, or an address.
    pub(crate) place: String,
    kind: Kind,
}

enum Kind {
    Postgres(PostgresStore),
    Sqlite(
        SqliteStore,
        #[expect(dead_code, reason = "removed with it")] Arc<TempDir>,
    ),
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("shop.db");
        let store = runtime
            .block_on(SqliteStore::open(&place))
            .expect("a store");
        let table = sqlx::query(CREDITS).execute(store.pool());
        runtime.block_on(table).expect("a table");
        Self {
            runtime,
            place: place.to_str().expect("a text").to_owned(),
            kind: Kind::Sqlite(store, Arc::new(folder)),
        }
    }

    pub(crate) fn postgres() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let place = runtime.block_on(database());
        let store = runtime.block_on(async {
            let store = PostgresStore::connect(&place).await?;
            sqlx::query(CREDITS).execute(store.pool()).await?;
            Ok::<_, StoreError>(store)
        });
        Self {
            runtime,
            place,
            kind: Kind::Postgres(store.expect("a database")),
        }
    }

    /// Asserts that each payment was credited one time, and nothing else.
    pub(crate) fn must_hold_each_credit_once(&self, events: i64) {
        let [credits, distinct, records, _] = self.counts();
        assert_eq!((credits, distinct, records), (events, events, events));
    }

    /// Asserts that the same payments are recorded and credited, each one time. Returns how many.
    pub(crate) fn must_be_consistent(&self) -> i64 {
        let [credits, distinct, records, both] = self.counts();
        assert_eq!((distinct, records, both), (credits, credits, credits));
        credits
    }

    pub(crate) fn wait_for_credit(&self) {
        while let [0, ..] = self.counts() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Counts credits, credited payments, records, and records of credited payments: in one query,
    /// because a server may still complete a transaction of a process that was killed.
    fn counts(&self) -> [i64; 4] {
        const COUNTS: &str = "SELECT
            (SELECT count(*) FROM credits),
            (SELECT count(DISTINCT id) FROM credits),
            (SELECT count(*) FROM postback_records),
            (SELECT count(*) FROM postback_records WHERE id IN (SELECT id FROM credits))";
        let counts = async {
            match &self.kind {
                Kind::Postgres(store) => sqlx::query_as(COUNTS).fetch_one(store.pool()).await,
                Kind::Sqlite(store, _) => sqlx::query_as(COUNTS).fetch_one(store.pool()).await,
            }
        };
        let counts: (i64, i64, i64, i64) = self.runtime.block_on(counts).expect("counts");
        counts.into()
    }
}
