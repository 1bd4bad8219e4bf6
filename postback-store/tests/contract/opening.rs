//! Databases that are rejected when a store is opened, and files that others cannot read.

use std::{fs, os::unix::fs::PermissionsExt};

use libtest_mimic::Trial;
use postback_store::{Recorded, StoreError, postgres::PostgresStore, sqlite::SqliteStore};
use sqlx::{PgPool, SqlitePool, postgres::PgConnectOptions};

use crate::{
    backend::Sqlite, events::payment, lease_backend::LeaseBackend, postgres_server::database,
    records::deliver,
};

pub(crate) fn of_sqlite() -> Vec<Trial> {
    trials!("sqlite::opening", [
        database_in_memory_is_rejected
        pool_in_memory_is_rejected
        uri_is_rejected_and_creates_no_file
        files_are_readable_by_their_owner_only
    ])
}

pub(crate) fn of_postgres() -> Vec<Trial> {
    trials!("postgres::opening", [
        tables_of_another_schema_are_rejected
        own_schema_is_used
    ])
}

async fn database_in_memory_is_rejected() {
    let error = SqliteStore::open(":memory:").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "store is misconfigured: a database in memory, expected a file"
    );
    assert!(
        matches!(error, StoreError::Misconfigured { .. }),
        "{error:?}"
    );
}

async fn pool_in_memory_is_rejected() {
    for url in ["sqlite::memory:", "sqlite:file::memory:?cache=shared"] {
        let pool = SqlitePool::connect(url).await.unwrap();
        let error = SqliteStore::with_pool(pool).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{url}: {error:?}"
        );
    }
}

/// SQLite would open another file than the one that was created, or none.
async fn uri_is_rejected_and_creates_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = format!("file:{}", folder.path().join("shop.db").display());
    for uri in ["file::memory:?cache=shared", "file:shop.db", &in_folder] {
        let error = SqliteStore::open(uri).await.unwrap_err();
        let expected =
            format!("store is misconfigured: the URI {uri:?}, expected the path of a file");
        assert_eq!(error.to_string(), expected);
        assert!(!fs::exists(uri).unwrap(), "{uri}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

async fn files_are_readable_by_their_owner_only() {
    let store = Sqlite::fresh().await;
    assert_eq!(deliver(&store, &payment("A")).await, Recorded::New);
    let folder = store.file().parent().unwrap().to_owned();
    let mut files = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        files.push((file.file_name().into_string().unwrap(), mode & 0o777));
    }
    files.sort();
    let expected = ["shop.db", "shop.db-shm", "shop.db-wal"];
    assert_eq!(files, expected.map(|name| (name.to_owned(), 0o600)));
}

/// Connects with a search path.
async fn connect(url: &str, search_path: &str) -> PgPool {
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.options([("search_path", search_path)]);
    PgPool::connect_with(options).await.unwrap()
}

/// A second application would use the tables of the first one.
async fn tables_of_another_schema_are_rejected() {
    let url = database().await;
    let first = PostgresStore::connect(&url).await.unwrap();
    let create = sqlx::query("CREATE SCHEMA second");
    create.execute(first.pool()).await.unwrap();
    let pool = connect(&url, "second,public").await;
    let error = PostgresStore::with_pool(pool).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "store is misconfigured: tables of schema \"public\" are in the search path, expected \
         those of \"second\""
    );
}

async fn own_schema_is_used() {
    let url = database().await;
    let first = PostgresStore::connect(&url).await.unwrap();
    let create = sqlx::query("CREATE SCHEMA second");
    create.execute(first.pool()).await.unwrap();
    let second = PostgresStore::with_pool(connect(&url, "second").await).await;
    let second = second.unwrap();
    let paid = payment("A");
    for store in [first, second] {
        let mut transaction = store.begin().await.unwrap();
        let recorded = store.record_in(&mut transaction, &paid).await;
        assert_eq!(recorded.unwrap(), Recorded::New);
        store.commit(transaction).await.unwrap();
    }
}
