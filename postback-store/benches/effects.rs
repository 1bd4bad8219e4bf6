//! Cost of `run_effect` on each store: payments in a second, by one task and by many, and the time
//! that it adds to a handler. Compare the stores with each other: absolute figures depend on the
//! machine and its disk.
//!
//! Postgres and Redis are real servers, whose addresses are in `POSTBACK_POSTGRES` and
//! `POSTBACK_REDIS`; without them, they are skipped.

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops where its set-up is wrong"
)]

mod measure;
#[path = "../tests/shop/payment.rs"]
mod payment;
#[path = "../tests/servers/postgres.rs"]
mod postgres_server;
#[path = "../tests/servers/redis.rs"]
mod redis_server;

use std::{
    env,
    time::{Duration, Instant},
};

use postback_core::reconcile::Reconciliation;
use postback_store::{
    EffectOutcome, EffectStore, StoreError, memory::MemoryStore, postgres::PostgresStore,
    redis::RedisStore, run_effect, sqlite::SqliteStore,
};
use tokio::{runtime::Runtime, task::JoinSet};

use self::{
    measure::median,
    payment::payment,
    postgres_server::{POSTGRES, database},
    redis_server::{REDIS, emptied},
};

fn main() {
    // `cargo test` and CI run each measurement one time, and measure nothing.
    let events = match env::args().any(|argument| argument == "--test") {
        true => 64,
        false => 3_200,
    };
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        println!("{events} payments on each store, whose handler does nothing");
        measure("memory", &MemoryStore::new(), events).await;
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = SqliteStore::open(folder.path().join("shop.db")).await;
        measure("SQLite", &sqlite.expect("a store"), events).await;
        match env::var_os(POSTGRES) {
            Some(_) => {
                let postgres = PostgresStore::connect(&database().await).await;
                measure("Postgres", &postgres.expect("a store"), events).await;
            }
            None => skipped("Postgres"),
        }
        match env::var_os(REDIS) {
            Some(_) => {
                let redis = RedisStore::open(&emptied()).await.expect("a store");
                let durability = redis.durability().await.expect("its settings");
                println!("Redis is set to {durability}");
                measure("Redis", &redis, events).await;
            }
            None => skipped("Redis"),
        }
    });
}

fn skipped(server: &str) {
    println!(
        "skipped, because there is no server: {server}. Run it by:\n  \
         tests/services.sh cargo bench -p postback-store --bench effects"
    );
}

async fn measure<S: EffectStore>(name: &str, store: &S, events: usize) {
    for tasks in [1, 16, 64] {
        let payments = (0..events).map(|number| payment(&format!("BY{tasks}N{number}")));
        let payments: Vec<_> = payments.collect();
        let bare = deliver(tasks, &payments, |_| handler()).await;
        let with = deliver(tasks, &payments, |payment| {
            let store = store.clone();
            async move {
                let ran = run_effect(&store, &payment, "mail", handler).await;
                assert_eq!(ran.expect("it runs"), EffectOutcome::Ran(()));
                Ok(())
            }
        })
        .await;
        println!(
            "  {name:<8} {tasks:>2} tasks {:>8.0} in a second, each {:>8.3} ms longer than its handler alone",
            with.in_a_second,
            with.median.saturating_sub(bare.median).as_secs_f64() * 1_000.0,
        );
    }
}

/// Runs an effect that does nothing.
async fn handler() -> Result<(), StoreError> {
    Ok(())
}

struct Delivered {
    in_a_second: f64,
    /// Time of one payment.
    median: Duration,
}

/// Delivers the payments by several tasks. Each task delivers its part, one payment after another.
async fn deliver<F>(
    tasks: usize,
    payments: &[Reconciliation],
    handle: impl Fn(Reconciliation) -> F,
) -> Delivered
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let begun = Instant::now();
    let mut delivering = JoinSet::new();
    for part in payments.chunks(payments.len().div_ceil(tasks)) {
        let handled: Vec<_> = part.iter().cloned().map(&handle).collect();
        delivering.spawn(async move {
            let mut times = Vec::new();
            for handled in handled {
                let begun = Instant::now();
                handled.await.expect("it is handled");
                times.push(begun.elapsed());
            }
            times
        });
    }
    let times = delivering.join_all().await.concat();
    Delivered {
        in_a_second: f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX))
            / begun.elapsed().as_secs_f64(),
        median: median(times),
    }
}
