//! Effects that ran, and a store that fails to record them as done.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use libtest_mimic::Trial;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, StoreError, run_effect, run_effect_with_lease,
};
use tokio::time::sleep;

use crate::{
    backend::{Backend, Postgres, Redis, SqlBackend, Sqlite},
    effects::{LONGER, MAIL, SHORT, count, pending_effects, succeed},
    events::payment,
    forwarder::Forwarder,
    lease_backend::LeaseBackend,
};

/// Returns the tests of one database.
pub(crate) fn all<B: SqlBackend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "completion::", [
        value_of_effect_that_is_not_completed_is_returned
        repeated_completion_returns_same_outcome
    ])
}

pub(crate) fn of_sqlite() -> Vec<Trial> {
    trials!(
        "sqlite::completion",
        [effect_beside_long_writer_runs_one_time]
    )
}

pub(crate) fn of_postgres() -> Vec<Trial> {
    trials!("postgres::completion", [
        completion_on_postgres_is_repeated_after_lost_reply
        lease_on_postgres_has_full_length_after_late_reply
    ])
}

pub(crate) fn of_redis() -> Vec<Trial> {
    trials!("redis::completion", [
        completion_on_redis_is_repeated_after_lost_reply
        lease_on_redis_has_full_length_after_late_reply
    ])
}

/// The table of effects vanishes while the effect runs.
async fn value_of_effect_that_is_not_completed_is_returned<B: SqlBackend>(store: &B) {
    let paid = payment("A");
    let ran = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |_| async {
        store
            .execute("ALTER TABLE postback_effects RENAME TO hidden")
            .await;
        Ok::<_, &str>("the secret")
    });
    let error = ran.await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("secret"), "{shown}");
    let EffectError::NotCompleted { value, source, .. } = error else {
        panic!("{shown}");
    };
    assert_eq!(value, "the secret");
    assert!(matches!(source, StoreError::Failed(_)), "{source:?}");
    store
        .execute("ALTER TABLE hidden RENAME TO postback_effects")
        .await;
    store.pass(LONGER).await;
    succeed(store.leases(), &paid).await;
}

/// The database has recorded the effect as done, and its reply was lost.
async fn repeated_completion_returns_same_outcome<B: SqlBackend>(store: &B) {
    for (id, first, expected) in [
        (
            "A",
            "UPDATE postback_effects SET done_at = leased_until - 1 WHERE id = 'A'",
            EffectOutcome::Ran(()),
        ),
        (
            "B",
            "UPDATE postback_effects SET done_at = leased_until WHERE id = 'B'",
            EffectOutcome::CompletedLate(()),
        ),
    ] {
        let paid = payment(id);
        let ran = run_effect(store.leases(), &paid, MAIL, || async {
            store.execute(first).await;
            Ok::<_, &str>(())
        });
        assert_eq!(ran.await.unwrap(), expected);
    }
    assert!(pending_effects(store.leases()).await.is_empty());
}

/// The other writer holds the lock for longer than a statement waits for it.
async fn effect_beside_long_writer_runs_one_time() {
    let store = Sqlite::fresh().await;
    let runs = AtomicU32::new(0);
    let paid = payment("A");
    let ran = run_effect(store.leases(), &paid, MAIL, || async {
        runs.fetch_add(1, Ordering::Relaxed);
        let writer = store.begin().await;
        tokio::spawn(async move {
            sleep(Duration::from_millis(6_500)).await;
            drop(writer);
        });
        Ok::<_, &str>(())
    });
    assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()));
    let again = count(store.leases(), &paid, &runs).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
    assert_eq!(runs.into_inner(), 1);
}

async fn completion_on_postgres_is_repeated_after_lost_reply() {
    let (store, forwarder) = Postgres::fresh().await.forwarded().await;
    let store = store.with_connections(1).await;
    completion_is_repeated_after_lost_reply(store.store(), &forwarder).await;
}

async fn completion_on_redis_is_repeated_after_lost_reply() {
    let (store, forwarder) = Redis::forwarded().await;
    completion_is_repeated_after_lost_reply(store.leases(), &forwarder).await;
}

async fn completion_is_repeated_after_lost_reply(store: &impl EffectStore, forwarder: &Forwarder) {
    // Its statements are prepared once.
    succeed(store, &payment("A")).await;
    let paid = payment("B");
    let ran = run_effect(store, &paid, MAIL, || async {
        sleep(UNTIL_IDLE).await;
        forwarder.lose_next_reply();
        Ok::<_, &str>(())
    });
    assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()));
    assert!(pending_effects(store).await.is_empty());
}

/// Time in which a connection returns to its pool.
const UNTIL_IDLE: Duration = Duration::from_millis(300);

async fn lease_on_postgres_has_full_length_after_late_reply() {
    let (store, forwarder) = Postgres::fresh().await.forwarded().await;
    let store = store.with_connections(1).await;
    lease_has_full_length_after_late_reply(store.store(), &forwarder).await;
}

async fn lease_on_redis_has_full_length_after_late_reply() {
    let (store, forwarder) = Redis::forwarded().await;
    lease_has_full_length_after_late_reply(store.leases(), &forwarder).await;
}

/// The reply to the acquisition arrives after most of the lease.
async fn lease_has_full_length_after_late_reply(store: &impl EffectStore, forwarder: &Forwarder) {
    const LEASE: Duration = Duration::from_secs(4);
    succeed(store, &payment("A")).await;
    sleep(UNTIL_IDLE).await;
    forwarder.delay_next_reply(Duration::from_secs(3));
    let paid = payment("B");
    let ran = run_effect_with_lease(store, &paid, MAIL, LEASE, |_| async {
        // The lease is not extended meanwhile.
        std::thread::sleep(Duration::from_secs(2));
        Ok::<_, &str>(())
    });
    assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()));
}
