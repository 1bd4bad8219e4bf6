//! Limits of the time that a store waits for a Postgres server.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use postback_store::{EffectStore, StoreError, run_effect};
use tokio::{
    join,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    backend::{Backend, PostgresOf, PostgresPool, SqlBackend},
    effects::{MAIL, all_pending},
    events::payment,
    records::credit_once,
};

/// Returns the tests of one way to connect.
pub(crate) fn all<P: PostgresPool>(name: &str) -> Vec<Trial> {
    contract!(name, PostgresOf<P>, "limits::", [
        locked_row_is_busy
        locked_effect_is_busy
        transaction_limits_locks_and_idle_time
        session_with_limits_keeps_them
        silent_server_makes_operations_fail
    ])
}

/// Returns the tests of the store's own connections. Those of an application have its own limits.
pub(crate) fn of_own_pool<P: PostgresPool>(name: &str) -> Vec<Trial> {
    contract!(
        name,
        PostgresOf<P>,
        "limits::",
        [silent_connections_are_replaced]
    )
}

/// Longer than the store waits for anything, on a slow machine too.
const LONG: Duration = Duration::from_secs(20);

async fn locked_row_is_busy<P: PostgresPool>(store: &PostgresOf<P>) {
    let paid = payment("A");
    let mut first = store.begin().await;
    assert!(store.record(&mut first, &paid).await.unwrap().is_new());
    let mut second = store.begin().await;
    let error = within(LONG, store.record(&mut second, &paid)).await;
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
}

async fn locked_effect_is_busy<P: PostgresPool>(store: &PostgresOf<P>) {
    let paid = payment("A");
    let mut transaction = store.begin().await;
    store.enqueue(&mut transaction, &paid).await;
    let effect = run_effect(store.store(), &paid, MAIL, || async { Ok::<_, &str>(()) });
    let error = within(LONG, effect).await;
    let error = format!("{error:?}");
    assert!(error.starts_with("Store(Busy("), "{error}");
}

/// Otherwise a process that has stopped would hold its locks forever.
async fn transaction_limits_locks_and_idle_time<P: PostgresPool>(store: &PostgresOf<P>) {
    assert_eq!(
        setting(store, "idle_in_transaction_session_timeout").await,
        "20s"
    );
    assert_eq!(setting(store, "lock_timeout").await, "2s");
}

async fn session_with_limits_keeps_them<P: PostgresPool>(store: &PostgresOf<P>) {
    store
        .execute(
            "DO $$ BEGIN EXECUTE format(
                'ALTER DATABASE %1$I SET lock_timeout = 700;
                ALTER DATABASE %1$I SET idle_in_transaction_session_timeout = 7000',
                current_database()
            ); END $$",
        )
        .await;
    let store = store.with_connections(1).await;
    assert_eq!(
        setting(&store, "idle_in_transaction_session_timeout").await,
        "7s"
    );
    assert_eq!(setting(&store, "lock_timeout").await, "700ms");
}

/// Returns a setting in a transaction of the store.
async fn setting<P: PostgresPool>(store: &PostgresOf<P>, name: &str) -> String {
    let mut transaction = store.begin().await;
    let setting = sqlx::query_scalar("SELECT current_setting($1)").bind(name);
    setting.fetch_one(&mut *transaction).await.unwrap()
}

async fn silent_server_makes_operations_fail<P: PostgresPool>(store: &PostgresOf<P>) {
    let (store, server) = store.forwarded().await;
    let (mut recording, mut recorded) = (store.begin().await, store.begin().await);
    let new = store.record(&mut recorded, &payment("A")).await;
    assert!(new.unwrap().is_new());
    server.become_silent();
    let (paid, pending) = (payment("B"), all_pending());
    let store = store.store();
    join!(
        within(LONG, store.begin()),
        within(LONG, store.record_in(&mut recording, &paid)),
        within(LONG, store.commit(recorded)),
        within(LONG, store.stored(paid.event())),
        within(
            LONG,
            run_effect(store, &paid, MAIL, || async { Ok::<_, &str>(()) })
        ),
        within(LONG, store.pending_effects(&pending)),
        within(LONG, store.prune(i64::MAX)),
    );
}

/// The server was replaced by another one, and nothing closes the connections to the first. All of
/// them wait for a reply, some within a transaction.
async fn silent_connections_are_replaced<P: PostgresPool>(store: &PostgresOf<P>) {
    let (store, server) = store.forwarded().await;
    let mut transactions = Vec::new();
    while transactions.len() < CONNECTIONS {
        transactions.push(store.begin().await);
    }
    // The others are in the pool, and are used at once.
    transactions.truncate(CONNECTIONS / 2);
    while store.store().pool().num_idle() < CONNECTIONS / 2 {
        sleep(Duration::from_millis(1)).await;
    }
    server.become_silent();
    let mut tasks = JoinSet::new();
    for mut transaction in transactions {
        let beginning = store.store().clone();
        tasks.spawn(async move { within(LONG, beginning.begin()).await });
        let (recording, paid) = (store.store().clone(), payment("A"));
        tasks
            .spawn(async move { within(LONG, recording.record_in(&mut transaction, &paid)).await });
    }
    tasks.join_all().await;

    server.forward_new_connections();
    let begun = Instant::now();
    while store.store().begin().await.is_err() {
        assert!(begun.elapsed() < LONG, "there is no connection");
    }
    assert!(credit_once(&store, &payment("A")).await.is_new());
}

/// Maximum of a pool, unless it is set.
const CONNECTIONS: usize = 10;

/// Returns the error of an operation, which it returns before the time has passed.
async fn within<T, E>(limit: Duration, operation: impl Future<Output = Result<T, E>>) -> E {
    match timeout(limit, operation).await.unwrap() {
        Ok(_) => panic!("it succeeds"),
        Err(error) => error,
    }
}
