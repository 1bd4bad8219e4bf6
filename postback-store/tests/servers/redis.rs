//! A Redis server, and databases on it.

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
};

/// The variable that names a Redis server: `redis://host:port`.
pub(crate) const REDIS: &str = "POSTBACK_REDIS";

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
