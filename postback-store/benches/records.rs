//! Cost of a record on each database: compared with the same transaction without a record, and with
//! many earlier records, whose payloads are as long as those of CryptoCloud. Read the ratios:
//! absolute figures depend on the machine and its disk.
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

/// Time when earlier payments were recorded.
const EARLIER: i64 = 1_769_509_400;

/// Table of the least that a record could be: a payload under a unique id.
const PLAIN_ROWS: &str = "CREATE TABLE plain_rows (id TEXT PRIMARY KEY, payload TEXT NOT NULL)";
const PLAIN_ROW: &str = "INSERT INTO plain_rows (id, payload) VALUES ($1, $2)";

/// Write of a transaction before its credit.
enum Before {
    Nothing,
    PlainRow(String),
    Record(Box<Reconciliation>),
}

/// Database of a shop.
#[derive(Clone)]
enum Shop {
    Postgres(PostgresStore),
    Sqlite(SqliteStore),
}

impl Shop {
    /// Writes a credit in a transaction, with what comes before it.
    async fn credit(&self, before: &Before, id: &str) -> Result<(), StoreError> {
        macro_rules! credit {
            ($store:expr) => {{
                let mut transaction = $store.begin().await?;
                match before {
                    Before::Nothing => {}
                    Before::PlainRow(payload) => {
                        sqlx::query(PLAIN_ROW)
                            .bind(id)
                            .bind(payload)
                            .execute(&mut *transaction)
                            .await?;
                    }
                    Before::Record(payment) => {
                        let recorded = $store.record_in(&mut transaction, &**payment).await?;
                        assert!(recorded.is_new());
                    }
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

    /// Reads the record of a payment.
    async fn look_up(&self, payment: &Reconciliation) -> Result<bool, StoreError> {
        let stored = match self {
            Self::Postgres(store) => store.stored(payment.event()).await,
            Self::Sqlite(store) => store.stored(payment.event()).await,
        };
        Ok(stored?.is_some())
    }

    /// Drops the payloads of earlier records.
    async fn prune(&self) -> Result<u64, StoreError> {
        match self {
            Self::Postgres(store) => store.prune(EARLIER + 1).await,
            Self::Sqlite(store) => store.prune(EARLIER + 1).await,
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

    /// Adds records of earlier payments, with payloads of 1,700 bytes.
    async fn fill(&self, from: u64, to: u64) {
        let insert = "INSERT INTO postback_records
            (namespace, project, id, credited, digest, payload, recorded_at)";
        self.execute(match self {
            Self::Postgres(_) => format!(
                "{insert} SELECT 'cryptocloud', '', 'OLD' || n, true,
                     '1;amount_crypto=' || md5(n::text) || ';currency=' || md5(n::text),
                     repeat(md5(n::text), 53), {EARLIER}
                 FROM generate_series({from}, {to} - 1) AS n; ANALYZE postback_records;"
            ),
            Self::Sqlite(_) => format!(
                "WITH RECURSIVE numbers (n) AS
                     (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {to})
                 {insert} SELECT 'cryptocloud', '', 'OLD' || n, 1,
                     '1;amount_crypto=' || lower(hex(randomblob(16)))
                         || ';currency=' || lower(hex(randomblob(16))),
                     hex(randomblob(850)), {EARLIER} FROM numbers;"
            ),
        })
        .await;
    }
}

fn main() {
    // `cargo test` and CI run each measurement one time, and measure nothing.
    let (rounds, many) = match env::args().any(|argument| argument == "--test") {
        true => (1, 2_000),
        false => (1_000, 300_000),
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
    shop.execute(PLAIN_ROWS.to_owned()).await;
    shop.fill(0, 1_000).await;
    let few = times(shop, "A", rounds).await;
    let found_in_few = look_ups(shop, 1_000, rounds).await;
    shop.fill(1_000, many).await;
    let full = times(shop, "B", rounds).await;
    let found_in_many = look_ups(shop, many, rounds).await;
    println!("{name}: medians of {rounds} transactions, one after the other");
    println!(
        "  without a record                {:>8.0} in a second",
        1.0 / few.nothing.as_secs_f64()
    );
    println!(
        "  with a record                   {:>8.3} times the time",
        ratio(few.record, few.nothing)
    );
    println!(
        "  with a plain row instead        {:>8.3} times the time",
        ratio(few.plain_row, few.nothing)
    );
    println!(
        "  {many} records instead of 1000 {:>6.3} times the time, and {:.3} to look one up",
        ratio(full.record, few.record),
        ratio(found_in_many, found_in_few)
    );
    prune(shop, many).await;
}

/// Median times of a transaction.
struct Times {
    nothing: Duration,
    plain_row: Duration,
    record: Duration,
}

/// Measures each kind of transaction.
async fn times(shop: &Shop, prefix: &str, rounds: usize) -> Times {
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // The first round is not counted.
    for round in 0..=rounds {
        let id = format!("{prefix}{round}");
        let payment = payment(&id);
        let mut kinds = [
            Before::Nothing,
            Before::PlainRow(payment.event().payload_json().to_owned()),
            Before::Record(Box::new(payment)),
        ]
        .into_iter()
        .zip(&mut times)
        .collect::<Vec<_>>();
        // The order alternates.
        kinds.rotate_left(round % 3);
        for (before, times) in kinds {
            let begun = Instant::now();
            shop.credit(&before, &id).await.expect("a credit");
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    let [nothing, plain_row, record] = times.map(median);
    Times {
        nothing,
        plain_row,
        record,
    }
}

/// Returns the median time to look up one of `rows` records.
async fn look_ups(shop: &Shop, rows: u64, rounds: usize) -> Duration {
    let mut times = Vec::new();
    let mut number: u64 = 0;
    // The first round is not counted.
    for round in 0..=rounds {
        // A large step, so that each row is far from the one before.
        number = number
            .wrapping_add(611_953)
            .checked_rem(rows)
            .unwrap_or_default();
        let payment = payment(&format!("OLD{number}"));
        let begun = Instant::now();
        assert!(shop.look_up(&payment).await.expect("a look-up"));
        if round > 0 {
            times.push(begun.elapsed());
        }
    }
    median(times)
}

/// Prints how long pruning takes, and the longest time of a payment that is credited meanwhile.
async fn prune(shop: &Shop, rows: u64) {
    let begun = Instant::now();
    let pruning = tokio::spawn({
        let shop = shop.clone();
        async move { shop.prune().await }
    });
    let (mut credits, mut longest) = (0_u32, Duration::ZERO);
    while !pruning.is_finished() {
        let id = format!("DURING{credits}");
        let before = Before::Record(Box::new(payment(&id)));
        let begun = Instant::now();
        shop.credit(&before, &id).await.expect("a credit");
        longest = longest.max(begun.elapsed());
        credits = credits.saturating_add(1);
    }
    let pruned = pruning.await.expect("it ends").expect("it is pruned");
    assert_eq!(pruned, rows);
    println!(
        "  {pruned} payloads are pruned in {:.1} s; the longest of {credits} credits took {:.0} ms",
        begun.elapsed().as_secs_f64(),
        longest.as_secs_f64() * 1_000.0
    );
}

fn ratio(ours: Duration, theirs: Duration) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}
