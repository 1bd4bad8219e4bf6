//! A Postgres server, and databases on it.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The variable that names a Postgres server: `postgres://user@host:port/database`.
pub(crate) const POSTGRES: &str = "POSTBACK_POSTGRES";

/// Creates a database on the server, and returns its address.
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
