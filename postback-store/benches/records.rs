//! Cost of a record on each database: compared with the same transaction without a record, and with
//! many earlier records. Read the ratios: absolute figures depend on the machine and its disk.
//!
//! Postgres is a real server, whose address is in `POSTBACK_POSTGRES`; without it, Postgres is
//! skipped.

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops where its set-up is wrong"
)]

mod measure;
#[path = "../tests/shop/payment.rs"]
mod payment;
#[path = "../tests/servers/postgres.rs"]
mod postgres_server;
#[path = "../tests/shop/mod.rs"]
mod shop;

use std::{
    env,
    time::{Duration, Instant},
};

use postback_core::reconcile::Reconciliation;
use postback_store::{StoreError, postgres::PostgresStore, sqlite::SqliteStore};
use sqlx::AssertSqlSafe;
use tokio::runtime::Runtime;

use self::{
    measure::median,
    payment::payment,
    postgres_server::{POSTGRES, database},
    shop::{CREDIT, CREDITS},
};

/// Database of a shop.
enum Shop {
    Postgres(PostgresStore),
    Sqlite(SqliteStore),
}

impl Shop {
    /// Writes a credit in a transaction, with or without a record.
    async fn credit(&self, payment: Option<Reconciliation>, id: &str) -> Result<(), StoreError> {
        macro_rules! credit {
            ($store:expr) => {{
                let mut transaction = $store.begin().await?;
                if let Some(payment) = &payment {
                    let recorded = $store.record_in(&mut transaction, payment).await?;
                    assert!(recorded.is_new());
                }
                sqlx::query(CREDIT)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                $store.commit(transaction).await
            }};
        }
        match self {
            Self::Postgres(store) => credit!(store),
            Self::Sqlite(store) => credit!(store),
        }
    }

    async fn execute(&self, statement: String) {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement));
        let done = match self {
            Self::Postgres(store) => statement.execute(store.pool()).await.map(drop),
            Self::Sqlite(store) => statement.execute(store.pool()).await.map(drop),
        };
        done.expect("it goes through");
    }

    /// Adds records of earlier payments.
    async fn fill(&self, from: u64, to: u64) {
        let insert = "INSERT INTO postback_records
            (namespace, project, id, credited, digest, payload, recorded_at)";
        self.execute(match self {
            Self::Postgres(_) => format!(
                "{insert} SELECT 'cryptocloud', '', 'OLD' || n, true,
                     encode(sha256(n::text::bytea), 'hex'), '{{}}', 1769509400
                 FROM generate_series({from}, {to} - 1) AS n; ANALYZE postback_records;"
            ),
            Self::Sqlite(_) => format!(
                "WITH RECURSIVE numbers (n) AS
                     (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {to})
                 {insert} SELECT 'cryptocloud', '', 'OLD' || n, 1,
                     hex(randomblob(32)), '{{}}', 1769509400 FROM numbers;"
            ),
        })
        .await;
    }
}

fn main() {
    // `cargo test` and CI run each measurement one time, and measure nothing.
    let (rounds, many) = match env::args().any(|argument| argument == "--test") {
        true => (1, 2_000),
        false => (1_000, 1_000_000),
    };
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = runtime.block_on(SqliteStore::open(folder.path().join("shop.db")));
    runtime.block_on(measure(
        "SQLite",
        &Shop::Sqlite(sqlite.expect("a store")),
        rounds,
        many,
    ));
    match env::var_os(POSTGRES) {
        Some(_) => runtime.block_on(async {
            let store = PostgresStore::connect(&database().await).await;
            let shop = Shop::Postgres(store.expect("a store"));
            measure("Postgres", &shop, rounds, many).await;
        }),
        None => println!(
            "skipped, because there is no server: Postgres. Run it by:\n  \
             tests/services.sh cargo bench -p postback-store --bench records"
        ),
    }
}

async fn measure(name: &str, shop: &Shop, rounds: usize, many: u64) {
    shop.execute(CREDITS.to_owned()).await;
    shop.fill(0, 1_000).await;
    let (few, bare) = pairs(shop, "A", rounds).await;
    shop.fill(1_000, many).await;
    let (full, _) = pairs(shop, "B", rounds).await;
    println!("{name}: medians of {rounds} transactions, one after the other");
    println!(
        "  with a record      {:>8.0} in a second",
        1.0 / few.as_secs_f64()
    );
    println!(
        "  without            {:>8.0} in a second",
        1.0 / bare.as_secs_f64()
    );
    println!(
        "  with / without     {:>8.3} times the time",
        ratio(few, bare)
    );
    println!(
        "  {many} rows / 1000  {:>8.3} times the time",
        ratio(full, few)
    );
}

/// Returns the median time with a record and the median time without.
async fn pairs(shop: &Shop, prefix: &str, rounds: usize) -> (Duration, Duration) {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    // The first round is not counted.
    for round in 0..=rounds {
        let id = format!("{prefix}{round}");
        // The order alternates.
        for recorded in [round % 2 == 0, round % 2 == 1] {
            let payment = recorded.then(|| payment(&id));
            let begun = Instant::now();
            shop.credit(payment, &id).await.expect("a credit");
            let times = if recorded { &mut with } else { &mut without };
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    (median(with), median(without))
}

fn ratio(ours: Duration, theirs: Duration) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}
