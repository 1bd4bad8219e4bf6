//! Process that is frozen within a transaction.

use std::{
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use postback_store::{StoreError, postgres::PostgresStore};
use sqlx::{Connection, PgConnection};
use tokio::{
    runtime::Runtime,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    database::Database,
    file_effects::FileEffects,
    trial,
    worker::{Kind, Work, Worker, on_postgres, payment},
};

pub(crate) fn of_postgres() -> Vec<Trial> {
    [("of_cryptocloud", 0), ("of_cryptapi", 1)]
        .map(|(provider, number)| {
            let name = format!("resends_beside_frozen_process_are_busy_{provider}");
            trial("postgres", &name, move || {
                resends_beside_frozen_process_are_busy(number);
            })
        })
        .into()
}

/// Number of resends: each of them takes a connection of the pool, which has ten.
const RESENDS: usize = 10;

/// Time after which each resend is busy: more than the limit of a wait for a lock, which is two
/// seconds, and less than a provider waits.
const LIMIT: Duration = Duration::from_secs(5);

/// The process holds the locks of a payment. The resends of that payment are busy, and leave the
/// pool to other payments.
fn resends_beside_frozen_process_are_busy(frozen: usize) {
    let database = Database::postgres();
    let folder = tempfile::tempdir().expect("a folder");
    let outside = FileEffects::at(folder.path().into());
    let worker = Worker::start(&Work {
        kind: Kind::Record,
        place: database.place.clone(),
        outside: Some(outside.clone()),
        tasks: 1,
        events: frozen,
    });
    let begun = Instant::now();
    while outside.all("at_work").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing happens");
        thread::sleep(Duration::from_millis(1));
    }
    worker.signal("-STOP");

    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = PostgresStore::connect(&database.place).await;
        let store = store.expect("a store");
        let mut resends = JoinSet::new();
        for _ in 0..RESENDS {
            let store = store.clone();
            resends.spawn(timeout(LIMIT, on_postgres(store, payment(frozen))));
        }
        // All of them wait for the frozen process, unless the first of them are busy already.
        let begun = Instant::now();
        while waiting(&database.place).await < RESENDS && begun.elapsed() < Duration::from_secs(1) {
            sleep(Duration::from_millis(10)).await;
        }
        let other = timeout(LIMIT, on_postgres(store.clone(), payment(frozen + 2)));
        other.await.expect("in time").expect("a credit");
        for resent in resends.join_all().await {
            let error = resent.expect("in time").expect_err("its row is locked");
            assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
        }
        worker.kill();
        // The server ends the transaction when it finds the connection closed.
        let begun = Instant::now();
        while let Err(error) = on_postgres(store.clone(), payment(frozen)).await {
            assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
            assert!(begun.elapsed() < Duration::from_secs(30), "{error:?}");
        }
    });
    database.must_hold_each_credit_once(2);
}

/// Returns the number of connections to a database that wait for a lock.
async fn waiting(place: &str) -> usize {
    let mut connection = PgConnection::connect(place).await.expect("a server");
    let waiting = sqlx::query(
        "SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    let waiting = waiting.fetch_all(&mut connection).await.expect("a list");
    waiting.len()
}

/// Records a payment, and never commits.
pub(crate) async fn record(place: &str, outside: FileEffects, number: usize) {
    let store = PostgresStore::connect(place).await.expect("a store");
    let payment = payment(number);
    let mut transaction = store.begin().await.expect("a transaction");
    let recorded = store.record_in(&mut transaction, &payment).await;
    assert!(recorded.expect("a record").is_new());
    outside.begin(payment.event().id());
    std::future::pending::<()>().await;
}
