//! Pruning of many payments, beside others that write.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use libtest_mimic::Trial;
use postback_store::sqlite::SqliteStore;

use crate::{
    backend::{Backend, Postgres, SqlBackend, Sqlite},
    effects::succeed,
    events::{Payment, payment},
    lease_backend::LeaseBackend,
    records::{credit_once, deliver},
};

pub(crate) fn of_sqlite() -> Vec<Trial> {
    trials!(
        "sqlite::pruning",
        [batches_on_sqlite_are_small_and_let_others_write]
    )
}

pub(crate) fn of_postgres() -> Vec<Trial> {
    trials!("postgres::pruning", [
        batches_on_postgres_are_small
        locked_rows_are_left_for_next_prune
    ])
}

/// Number of payments that are pruned, each with a record and an effect.
const PAYMENTS: usize = 5_000;

/// Largest number of rows of one statement.
const LARGEST_BATCH: usize = 1_000;

/// Fills the tables with copies of one payment whose payload has the size of a real one.
async fn fill<B: SqlBackend>(store: &B, copies: [&'static str; 2]) {
    let filler = format!(
        r#","invoice_info":{{"test_mode":false,"filler":"{}"}}"#,
        "x".repeat(1_400)
    );
    let real = Payment {
        members: &filler,
        ..Payment::default()
    };
    let real = real.reconciled("REAL");
    let length = real.event().payload_json().len();
    assert!((1_500..2_000).contains(&length), "{length}");
    assert!(deliver(store, &real).await.is_new());
    succeed(store.leases(), &real).await;
    for copy in copies {
        store.execute(copy).await;
    }
    for table in [
        "SELECT 1 FROM postback_records WHERE payload IS NOT NULL",
        "SELECT 1 FROM postback_effects WHERE payload IS NOT NULL",
    ] {
        assert_eq!(store.count(table).await, PAYMENTS);
    }
}

/// Statements that SQLite and Postgres both have.
const COPIES: [&str; 2] = [
    "WITH RECURSIVE numbers (number) AS (
        SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < 5000
    )
    INSERT INTO postback_records
        (namespace, project, id, credited, digest, payload, recorded_at)
    SELECT namespace, project, 'COPY' || number, credited, digest, payload, recorded_at
    FROM postback_records, numbers
    WHERE id = 'REAL'",
    "WITH RECURSIVE numbers (number) AS (
        SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < 5000
    )
    INSERT INTO postback_effects
        (namespace, project, id, name, credited, digest, payload, recorded_at,
         token, leased_at, leased_until, done_at)
    SELECT namespace, project, 'COPY' || number, name, credited, digest, payload, recorded_at,
         token, leased_at, leased_until, done_at
    FROM postback_effects, numbers
    WHERE id = 'REAL'",
];

/// Each commit of the connection that prunes is counted, with the rows that it changed.
async fn batches_on_sqlite_are_small_and_let_others_write() {
    let store = Sqlite::fresh().await;
    fill(&store, COPIES).await;
    let pruning = store.with_connections(1).await;
    let batches = Arc::new(Mutex::new(vec![0]));
    count_batches(pruning.store(), &batches).await;

    let is_pruned = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, batches, is_pruned) = (store.clone(), batches.clone(), is_pruned.clone());
        async move {
            let mut in_between = Vec::new();
            let mut number = 0;
            while !is_pruned.load(Ordering::Relaxed) {
                number += 1;
                let paid = payment(&format!("NEW{number}"));
                assert!(credit_once(&store, &paid).await.is_new());
                in_between.push(batches.lock().unwrap().len());
            }
            in_between.dedup();
            in_between
        }
    });
    let pruned = pruning.prune(i64::MAX).await;
    is_pruned.store(true, Ordering::Relaxed);
    let in_between = writing.await.unwrap();

    let batches = batches.lock().unwrap();
    assert!(usize::try_from(pruned).unwrap() >= 2 * PAYMENTS);
    assert_eq!(
        batches.iter().sum::<usize>(),
        usize::try_from(pruned).unwrap()
    );
    assert!(
        batches.iter().all(|rows| *rows <= LARGEST_BATCH),
        "{batches:?}"
    );
    // Payments were credited between several of the batches.
    assert!(in_between.len() > 2, "{in_between:?} of {}", batches.len());
}

/// Counts the rows of each commit of a store with one connection.
async fn count_batches(store: &SqliteStore, batches: &Arc<Mutex<Vec<usize>>>) {
    let mut connection = store.pool().acquire().await.unwrap();
    let mut handle = connection.lock_handle().await.unwrap();
    let of_row = Arc::clone(batches);
    handle.set_update_hook(move |_| *of_row.lock().unwrap().last_mut().unwrap() += 1);
    let of_commit = Arc::clone(batches);
    handle.set_commit_hook(move || {
        of_commit.lock().unwrap().push(0);
        true
    });
}

/// A row knows the transaction that wrote it.
async fn batches_on_postgres_are_small() {
    let store = Postgres::fresh().await;
    fill(&store, COPIES).await;
    assert_eq!(store.prune(i64::MAX).await, 2 * PAYMENTS as u64);
    for transactions in [
        "SELECT xmin FROM postback_records GROUP BY xmin HAVING count(*) > 1000",
        "SELECT xmin FROM postback_effects GROUP BY xmin HAVING count(*) > 1000",
    ] {
        assert_eq!(store.count(transactions).await, 0, "{transactions}");
    }
}

/// A frozen process may hold the locks.
async fn locked_rows_are_left_for_next_prune() {
    let store = Postgres::fresh().await;
    for id in ["A", "B"] {
        assert!(deliver(&store, &payment(id)).await.is_new());
    }
    let mut transaction = store.begin().await;
    sqlx::query("SELECT 1 FROM postback_records WHERE id = 'A' FOR UPDATE")
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(store.prune(i64::MAX).await, 1);
    drop(transaction);
    assert_eq!(store.prune(i64::MAX).await, 1);
}
