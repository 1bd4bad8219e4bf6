//! What a shop has beside a store: a table of credits, which does not forbid that one is credited twice, and on
//! the servers a database to keep it in. Tests and benchmarks have it alike.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The variable that names a Postgres server: `postgres://user@host:port/database`.
pub(crate) const POSTGRES: &str = "POSTBACK_POSTGRES";

/// The variable that names a Redis server: `redis://host:port`.
pub(crate) const REDIS: &str = "POSTBACK_REDIS";

pub(crate) const CREDITS: &str = "CREATE TABLE credits (id TEXT NOT NULL)";

/// `SQLite` reads `$1` as Postgres does.
pub(crate) const CREDIT: &str = "INSERT INTO credits (id) VALUES ($1)";

/// The address of a fresh database on the server.
#[expect(
    clippy::expect_used,
    reason = "without a server there is nothing to do"
)]
pub(crate) async fn database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("shop_{}_{number}", process::id());
    let server = env::var(POSTGRES).expect("a server");
    let mut connection = PgConnection::connect(&server).await.expect("a server");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    let created = sqlx::query(create).execute(&mut connection).await;
    created.expect("a database");
    connection.close().await.expect("an orderly end");
    let (base, _) = server.rsplit_once('/').expect("an address");
    format!("{base}/{name}")
}

/// The address of an empty database on the Redis server, which no other test of this process has.
#[expect(
    clippy::expect_used,
    reason = "without a server there is nothing to do"
)]
pub(crate) fn emptied() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let server = env::var(REDIS).expect("a server");
    let url = format!("{server}/{number}");
    let client = redis::Client::open(&*url).expect("an address");
    let mut connection = client.get_connection().expect("a server");
    let emptied = redis::cmd("FLUSHDB").exec(&mut connection);
    emptied.expect("an empty database");
    url
}
