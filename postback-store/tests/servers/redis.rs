//! A Redis server, and databases on it.

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
};

/// The variable that names a Redis server: `redis://host:port`.
pub(crate) const REDIS: &str = "POSTBACK_REDIS";

/// Returns the address of an empty database on the Redis server, which no other test of this
/// process uses. A database with other contents is left unchanged.
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
    let mut ask = |command: &[&str]| -> i64 {
        let reply = redis::cmd("EVAL").arg(command).query(&mut connection);
        reply.expect("a reply")
    };
    let empty =
        "if redis.call('DBSIZE') > 0 and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        redis.call('FLUSHDB') redis.call('SET', KEYS[1], 'tests') return 1";
    assert_eq!(
        ask(&[empty, "1", "postback_tests"]),
        1,
        "the database is not empty"
    );
    url
}
