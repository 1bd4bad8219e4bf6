//! Tests of Postgres alone.

use std::time::Duration;

use libtest_mimic::Trial;
use postback_store::{Recorded, StoreError, postgres::PostgresStore};
use tokio::task::JoinSet;

use crate::{
    backend::{Backend, Postgres},
    events::{UNDERPAID, callback, payment},
    lease_backend::LeaseBackend,
    postgres_server::database,
    records::{deliver, possible_duplicate_of},
};

/// Returns the tests of Postgres alone.
pub(crate) fn all() -> Vec<Trial> {
    trials!("postgres", [
        database_with_newer_schema_is_rejected
        concurrent_starts_create_tables_once
        delivery_beyond_lock_timeout_is_busy
        repeatable_read_is_busy
        concurrent_ids_of_one_transfer_are_possible_duplicates
        second_id_of_transfer_is_busy_at_stricter_levels
        aborted_transaction_does_not_commit
        hidden_row_is_inconsistent
    ])
}

async fn database_with_newer_schema_is_rejected() {
    let store = Postgres::fresh().await;
    let pool = store.store().pool();
    sqlx::query("UPDATE postback_schema SET version = 99, compatible_since = 2")
        .execute(pool)
        .await
        .unwrap();
    let error = PostgresStore::with_pool(pool.clone()).await.unwrap_err();
    let newer = matches!(
        error,
        StoreError::NewerSchema {
            found: 99,
            known: 1,
            ..
        }
    );
    assert!(newer, "{error:?}");
}

async fn concurrent_starts_create_tables_once() {
    let url = database().await;
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        starting.spawn(async move { PostgresStore::connect(&url).await.map(drop) });
    }
    for started in starting.join_all().await {
        started.unwrap();
    }
}

async fn delivery_beyond_lock_timeout_is_busy() {
    let store = Postgres::fresh().await;
    let mut first = store.begin().await;
    let recorded = store.record(&mut first, &payment("A")).await;
    assert_eq!(recorded.unwrap(), Recorded::New);
    let mut second = store.begin().await;
    sqlx::query("SET LOCAL lock_timeout = '50ms'")
        .execute(&mut *second)
        .await
        .unwrap();
    let error = store.record(&mut second, &payment("A")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    drop(second);
    store.commit(first).await;
    assert_eq!(deliver(&store, &payment("A")).await, Recorded::Duplicate);
}

/// The second transaction inserts a record, or replaces one for review.
async fn repeatable_read_is_busy() {
    for first in [payment("A"), UNDERPAID.reconciled("A")] {
        let store = Postgres::fresh().await;
        let mut second = in_snapshot(&store, "REPEATABLE READ").await;
        let recorded = deliver(&store, &first).await;
        assert!(matches!(recorded, Recorded::New | Recorded::Review(_)));
        let error = store.record(&mut second, &payment("A")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    }
}

/// Returns a transaction whose snapshot is taken.
async fn in_snapshot(store: &Postgres, level: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let begin = sqlx::AssertSqlSafe(format!("BEGIN ISOLATION LEVEL {level}"));
    let mut transaction = store.store().pool().begin_with(begin).await.unwrap();
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM credits")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    transaction
}

async fn concurrent_ids_of_one_transfer_are_possible_duplicates() {
    let store = Postgres::fresh().await;
    let mut first = store.begin().await;
    let paid = callback("u-1", "tx-1", false);
    let recorded = store.record(&mut first, &paid);
    assert_eq!(recorded.await.unwrap(), Recorded::New);
    let second = tokio::spawn({
        let store = store.clone();
        async move { deliver(&store, &callback("u-2", "tx-1", false)).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    store.commit(first).await;
    assert_eq!(second.await.unwrap(), possible_duplicate_of("u-1"));
}

async fn second_id_of_transfer_is_busy_at_stricter_levels() {
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let store = Postgres::fresh().await;
        let mut second = in_snapshot(&store, level).await;
        let first = deliver(&store, &callback("u-1", "tx-1", false)).await;
        assert_eq!(first, Recorded::New);
        let error = store
            .record(&mut second, &callback("u-2", "tx-1", false))
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Busy(_)), "{level}: {error:?}");
    }
}

/// An application's own write fails, and the application drops the error.
async fn aborted_transaction_does_not_commit() {
    let store = Postgres::fresh().await;
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, &payment("A")).await;
    assert_eq!(recorded.unwrap(), Recorded::New);
    let failed = sqlx::query("INSERT INTO no_such_table VALUES (1)");
    assert!(failed.execute(&mut *transaction).await.is_err());
    let committed = store.store().commit(transaction).await;
    assert!(
        matches!(committed, Err(StoreError::Failed(_))),
        "{committed:?}"
    );
    assert_eq!(store.stored(payment("A").event()).await, None);
}

/// A record that can be neither inserted nor read is not acknowledged.
async fn hidden_row_is_inconsistent() {
    let store = Postgres::fresh().await;
    for statement in [
        "CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER hide BEFORE INSERT ON postback_records FOR EACH ROW EXECUTE FUNCTION hide()",
    ] {
        sqlx::raw_sql(statement)
            .execute(store.store().pool())
            .await
            .unwrap();
    }
    for delivery in [
        payment("A"),
        UNDERPAID.reconciled("A"),
        callback("u-1", "tx-1", false),
    ] {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &delivery).await;
        let Err(StoreError::Inconsistent { found }) = recorded else {
            panic!("{recorded:?}");
        };
        let expected = "conflicts on insert but cannot be read";
        assert!(found.starts_with("record of "), "{found}");
        assert!(found.contains(expected), "{found}");
    }
}
