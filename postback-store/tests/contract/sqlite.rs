//! Tests of SQLite alone.

use std::time::Duration;

use libtest_mimic::Trial;
use postback_core::Retry;
use postback_store::{
    EffectError, EffectOutcome, Recorded, StoreError, run_effect, sqlite::SqliteStore,
};
use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

use crate::{
    backend::{Backend, Sqlite},
    effects::MAIL,
    events::payment,
    lease_backend::LeaseBackend,
    records::deliver,
};

/// Returns the tests of SQLite alone.
pub(crate) fn all() -> Vec<Trial> {
    trials!("sqlite", [
        file_with_newer_schema_is_rejected
        reopened_file_keeps_records
        effect_with_uncommitted_record_does_not_run
        transaction_with_earlier_read_is_busy
        write_ahead_log_is_synced_at_each_commit
    ])
}

async fn file_with_newer_schema_is_rejected() {
    let store = Sqlite::fresh().await;
    sqlx::query("UPDATE postback_schema SET version = 99, compatible_since = 2")
        .execute(store.store().pool())
        .await
        .unwrap();
    let error = SqliteStore::open(store.file()).await.unwrap_err();
    let newer = matches!(
        error,
        StoreError::NewerSchema {
            found: 99,
            known: 1,
            ..
        }
    );
    assert!(newer, "{error:?}");
    assert_eq!(
        error.to_string(),
        "schema version 99 cannot be used: expected one that is compatible with 1"
    );
    assert_eq!(Retry::from(error).code(), "store_unavailable");
}

async fn reopened_file_keeps_records() {
    let store = Sqlite::fresh().await;
    assert_eq!(deliver(&store, &payment("A")).await, Recorded::New);
    let again = SqliteStore::open(store.file()).await.unwrap();
    let mut transaction = again.begin().await.unwrap();
    let recorded = again.record_in(&mut transaction, &payment("A")).await;
    assert_eq!(recorded.unwrap(), Recorded::Duplicate);
}

/// A reader of a file without a write-ahead log prevents the commits of others, but not their
/// writes before the commit.
async fn effect_with_uncommitted_record_does_not_run() {
    let store = Sqlite::fresh().await;
    store.store().pool().close().await;
    let options = SqliteConnectOptions::new()
        .filename(store.file())
        .journal_mode(SqliteJournalMode::Delete)
        .busy_timeout(Duration::from_millis(100));
    let pool = SqlitePool::connect_with(options.clone()).await.unwrap();
    let store = SqliteStore::with_pool(pool).await.unwrap();
    let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    let read = sqlx::query("SELECT * FROM postback_effects").fetch_all(&mut *reading);
    assert!(read.await.unwrap().is_empty());
    let effect = || async { Ok::<_, &str>("ran") };
    let busy = run_effect(&store, &payment("A"), MAIL, effect).await;
    assert!(
        matches!(busy, Err(EffectError::Store(StoreError::Busy(_)))),
        "{busy:?}"
    );
    reading.commit().await.unwrap();
    let then = run_effect(&store, &payment("A"), MAIL, effect).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran("ran"));
}

/// The reason to record first, or to begin by `begin`.
async fn transaction_with_earlier_read_is_busy() {
    let store = Sqlite::fresh().await;
    let mut reader = store.store().pool().begin().await.unwrap();
    let credits: Vec<String> = sqlx::query_scalar("SELECT id FROM credits")
        .fetch_all(&mut *reader)
        .await
        .unwrap();
    assert_eq!(credits, Vec::<String>::new());
    assert_eq!(deliver(&store, &payment("A")).await, Recorded::New);
    let error = store.record(&mut reader, &payment("B")).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    assert_eq!(Retry::from(error).code(), "store_unavailable");
}

async fn write_ahead_log_is_synced_at_each_commit() {
    let store = Sqlite::fresh().await;
    let pool = store.store().pool();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(pool)
        .await
        .unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!((&*journal, synchronous), ("wal", 2));
}
