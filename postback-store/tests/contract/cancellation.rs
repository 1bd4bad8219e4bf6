//! Handlers that are dropped: a client has closed its connection.

use std::{future::poll_fn, ops::RangeInclusive, pin::pin, task::Poll};

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::{EffectOutcome, Recorded, run_effect};

use crate::{
    backend::{Postgres, SqlBackend},
    effects::{MAIL, succeed},
    events::{callback, payment},
    lease_backend::LeaseBackend,
    records::credit_once,
};

/// Returns the tests of one database.
pub(crate) fn all<B: SqlBackend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "cancellation::", [
        dropped_begin_leaves_no_transaction_open
        dropped_credit_leaves_no_transaction_open
        dropped_enqueue_leaves_no_transaction_open
        dropped_effect_leaves_no_transaction_open
    ])
}

/// Returns the tests of the store's own connections.
pub(crate) fn of_own_pool() -> Vec<Trial> {
    trials!(
        "postgres::cancellation",
        [connection_within_transaction_is_closed_after_wait_was_given_up]
    )
}

async fn connection_within_transaction_is_closed_after_wait_was_given_up() {
    let store = Postgres::fresh().await.with_connections(1).await;
    let paid = payment("A");
    for polls in POLLS {
        let stored = async { drop(store.store().stored(paid.event()).await) };
        let _: bool = ends_within(polls, stored).await;
    }
    let mut connection = store.store().pool().acquire().await.unwrap();
    let begin = sqlx::raw_sql("BEGIN").execute(&mut *connection);
    begin.await.unwrap();
    drop(connection);
    succeed(store.leases(), &payment("A")).await;
    let done = "SELECT 1 FROM postback_effects WHERE done_at IS NOT NULL";
    assert_eq!(store.count_committed(done).await, 1);
}

async fn dropped_begin_leaves_no_transaction_open<B: SqlBackend>(store: &B) {
    let begin = |store: B, _| async move { drop(store.begin().await) };
    leaves_no_transaction_open(store, begin).await;
}

async fn dropped_credit_leaves_no_transaction_open<B: SqlBackend>(store: &B) {
    let credit = |store: B, paid| async move { drop(credit_once(&store, &paid).await) };
    leaves_no_transaction_open(store, credit).await;
    // The provider sends each of them again.
    for polls in POLLS {
        let recorded = credit_once(store, &paid_after(polls)).await;
        assert!(
            matches!(recorded, Recorded::New | Recorded::Duplicate),
            "{recorded:?}"
        );
    }
    let credited = "SELECT DISTINCT id FROM credits WHERE id LIKE 'u-%'";
    assert_eq!(store.count(credited).await, POLLS.count());
    let credits = "SELECT id FROM credits WHERE id LIKE 'u-%'";
    assert_eq!(store.count(credits).await, POLLS.count());
}

async fn dropped_enqueue_leaves_no_transaction_open<B: SqlBackend>(store: &B) {
    let enqueue = |store: B, paid| async move {
        let mut transaction = store.begin().await;
        store.enqueue(&mut transaction, &paid).await;
        store.commit(transaction).await;
    };
    leaves_no_transaction_open(store, enqueue).await;
}

async fn dropped_effect_leaves_no_transaction_open<B: SqlBackend>(store: &B) {
    let run = |store: B, paid| async move {
        let effect = || async {
            tokio::task::yield_now().await;
            Ok::<_, &str>(())
        };
        let ran = run_effect(store.leases(), &paid, MAIL, effect).await;
        assert_eq!(ran.unwrap(), EffectOutcome::Ran(()));
    };
    leaves_no_transaction_open(store, run).await;
}

/// More polls than any of the operations takes.
const POLLS: RangeInclusive<usize> = 1..=60;

/// Returns the payment of the operation that is dropped after this number of polls.
fn paid_after(polls: usize) -> Reconciliation {
    callback(&format!("u-{polls}"), &format!("tx-{polls}"), false)
}

/// Drops an operation after each number of polls. What the only connection does next is committed.
async fn leaves_no_transaction_open<B, F>(store: &B, operation: impl Fn(B, Reconciliation) -> F)
where
    B: SqlBackend,
    F: Future<Output = ()>,
{
    let store = store.with_connections(1).await;
    let mut has_ended = false;
    for polls in POLLS {
        let operation = operation(store.clone(), paid_after(polls));
        has_ended = ends_within(polls, operation).await;
        succeed(store.leases(), &payment(&format!("EFFECT{polls}"))).await;
        let done = "SELECT 1 FROM postback_effects
            WHERE id LIKE 'EFFECT%' AND done_at IS NOT NULL";
        assert_eq!(store.count_committed(done).await, polls, "effects");
        let recorded = credit_once(&store, &payment(&format!("CREDIT{polls}"))).await;
        assert_eq!(recorded, Recorded::New);
        let credits = "SELECT 1 FROM credits WHERE id LIKE 'CREDIT%'";
        assert_eq!(store.count_committed(credits).await, polls, "credits");
        // Waits until the connection is in the pool.
        assert_eq!(store.count("SELECT 1").await, 1);
        assert!(store.has_no_transaction_open().await, "{polls}");
    }
    assert!(has_ended, "it takes more polls");
}

/// Polls a future this number of times, each time that it is woken, and drops it. Returns true if
/// it has ended.
async fn ends_within(polls: usize, future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|context| {
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if polled == polls => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
