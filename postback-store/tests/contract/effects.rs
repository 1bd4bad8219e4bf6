//! Guarantees of `run_effect` on every store.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use postback_core::{
    Retry, RetryReason,
    reconcile::{Assurance, Reconciliation},
};
use postback_store::{
    EffectError, EffectOutcome, EffectStore, LeaseError, PendingEffect, Recorded, StoreError,
    redis::{Durability, RedisStore},
    resume_effect, resume_effect_with_lease, run_effect, run_effect_with_lease,
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinSet, time::timeout};

use crate::{
    backend::{Backend, Redis},
    events::{Callback, Payment, callback, payment},
    lease_backend::{LeaseBackend, SetBack},
    records::{UNDERPAID, run, trial},
};

/// Length of a lease whose end a test waits for, on servers in real time.
const SHORT: Duration = Duration::from_secs(2);
/// Time after which a lease of [`SHORT`] has ended.
const LONGER: Duration = Duration::from_millis(2_400);
const HOUR: Duration = Duration::from_secs(3_600);

macro_rules! contract {
    ($name:ident, $Store:ident, [$($test:ident)*]) => {
        vec![$(trial($name, concat!("effects::", stringify!($test)), || {
            run(async { $test(&$Store::fresh().await).await });
        })),*]
    };
}

/// Returns the tests of one store.
pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    contract!(name, L, [
        done_effect_does_not_run_again
        failed_effect_runs_again
        panicked_effect_runs_again_after_lease
        dropped_effect_runs_again_after_lease
        running_effect_is_in_flight
        concurrent_tasks_run_each_effect_one_time_without_overlap
        effect_longer_than_lease_returns_lease_expired
        overtaken_effect_returns_lease_expired
        stale_lease_cannot_release_newer_lease
        extended_lease_stays_in_force
        ended_lease_is_not_extended
        tokens_rise_with_each_lease
        another_project_is_another_effect
        replay_with_another_token_is_same_effect
        conflict_with_done_effect_does_not_run
        conflict_with_pending_effect_does_not_run
        delivery_without_payment_runs_and_records_nothing
        pending_callback_runs_and_records_nothing
        money_for_review_runs_and_records_nothing
        callbacks_bound_by_address_alone_run_if_price_accepts_them
        same_transfer_under_another_id_does_not_run
        possible_duplicate_runs_after_approval
        dismissed_possible_duplicate_does_not_run
        running_effect_cannot_be_dismissed
        failed_effect_is_pending_with_payload
        running_effect_is_pending_and_held
        done_effect_is_not_pending
        resumed_effect_does_not_run_again
        effect_with_oldest_attempt_comes_first
        possible_duplicates_come_last
        pending_effect_is_not_pruned
        errors_convert_to_retries
        payload_is_not_in_debug
    ])
}

/// Returns the tests of a store with transactions of the application.
pub(crate) fn beside_records<B: Backend>(name: &str) -> Vec<Trial> {
    contract!(name, B, [
        enqueued_effect_is_pending_after_commit
        enqueued_effect_is_forgotten_after_rollback
        effect_enqueued_twice_is_one
        effect_of_delivery_without_payment_is_not_enqueued
        effect_of_review_is_not_enqueued
        effect_of_review_is_enqueued_for_review
        effect_of_paid_payment_is_not_enqueued_for_review
        effect_of_paid_payment_replaces_effect_of_review
        effect_of_paid_payment_replaces_running_effect_of_review
        replaced_effect_is_kept_after_rollback
        replaced_effect_cannot_be_resumed_or_dismissed
        replaced_possible_duplicate_cannot_be_approved
        replaced_possible_duplicate_runs_by_another_transfer
        lease_after_wait_has_full_length
        credit_within_effect_is_made_once
        recorded_transfer_does_not_run_under_another_id
        enqueued_transfer_does_not_run_under_another_id
    ])
}

/// Returns the tests of a store that reads the process's clock.
pub(crate) fn set_back<L: SetBack>(name: &str) -> Vec<Trial> {
    contract!(name, L, [
        clock_set_back_ends_no_lease
        clock_set_back_does_not_prolong_lease
        clock_set_back_keeps_lease_in_force
        clock_set_back_keeps_free_effects_free
    ])
}

/// Returns the tests of Redis alone.
pub(crate) fn of_redis() -> Vec<Trial> {
    vec![
        trial("redis", "server_with_eviction_is_rejected", || {
            run(server_with_eviction_is_rejected());
        }),
        trial("redis", "full_server_runs_nothing", || {
            run(full_server_runs_nothing());
        }),
        trial("redis", "durability_is_read_from_server", || {
            run(durability_is_read_from_server());
        }),
        trial("redis", "effect_deleted_by_hand_hides_no_other", || {
            run(effect_deleted_by_hand_hides_no_other());
        }),
        trial(
            "redis",
            "effect_deleted_by_hand_is_not_pruned_after_failure",
            || run(effect_deleted_by_hand_is_not_pruned_after_failure()),
        ),
        trial("redis", "project_with_colon_is_separate_project", || {
            run(project_with_colon_is_separate_project());
        }),
    ]
}

type Ran = Result<EffectOutcome<u32>, EffectError<&'static str>>;

/// Runs an effect that counts.
async fn count(
    store: &impl EffectStore,
    reconciliation: &Reconciliation,
    counter: &AtomicU32,
) -> Ran {
    run_effect(store, reconciliation, || async {
        Ok(counter.fetch_add(1, Ordering::Relaxed) + 1)
    })
    .await
}

async fn fail(store: &impl EffectStore, reconciliation: &Reconciliation) {
    let failed: Ran = run_effect(store, reconciliation, || async { Err("no") }).await;
    assert!(
        matches!(failed, Err(EffectError::Effect("no"))),
        "{failed:?}"
    );
}

async fn succeed(store: &impl EffectStore, reconciliation: &Reconciliation) {
    let done: Ran = run_effect(store, reconciliation, || async { Ok(0) }).await;
    assert_eq!(done.unwrap(), EffectOutcome::Ran(0));
}

/// Begins an effect under a lease, and drops it.
async fn abandon(store: &impl EffectStore, reconciliation: &Reconciliation, length: Duration) {
    let begun = AtomicU32::new(0);
    let effect = run_effect_with_lease(store, reconciliation, length, |_| async {
        begun.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<Result<(), &str>>().await
    });
    let mut effect = Box::pin(effect);
    while begun.load(Ordering::Relaxed) == 0 {
        assert!(
            timeout(Duration::from_millis(5), &mut effect)
                .await
                .is_err()
        );
    }
}

fn is_in_flight(ran: &Ran) -> bool {
    matches!(ran, Err(EffectError::InFlight { .. }))
}

async fn pending_effects(store: &impl EffectStore) -> Vec<PendingEffect> {
    store.pending_effects(1_000).await.unwrap()
}

async fn only_pending_effect(store: &impl EffectStore) -> PendingEffect {
    let [one] = pending_effects(store).await.try_into().unwrap();
    one
}

async fn done_effect_does_not_run_again<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    let first = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(first.unwrap(), EffectOutcome::Ran(1));
    for _ in 0..3 {
        let again = count(store.leases(), &payment("A"), &counter).await;
        assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
    }
    let other = count(store.leases(), &payment("B"), &counter).await;
    assert_eq!(other.unwrap(), EffectOutcome::Ran(2));
}

async fn failed_effect_runs_again<L: LeaseBackend>(store: &L) {
    for _ in 0..3 {
        fail(store.leases(), &payment("A")).await;
    }
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(1));
}

async fn panicked_effect_runs_again_after_lease<L: LeaseBackend>(store: &L) {
    let leases = store.leases().clone();
    let panicked = tokio::spawn(async move {
        run_effect_with_lease(&leases, &payment("A"), SHORT, |_| async {
            panic!("on purpose");
            #[expect(unreachable_code, reason = "it says what the effect would be")]
            Ok::<(), &str>(())
        })
        .await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    runs_after_lease(store).await;
}

async fn dropped_effect_runs_again_after_lease<L: LeaseBackend>(store: &L) {
    abandon(store.leases(), &payment("A"), SHORT).await;
    runs_after_lease(store).await;
}

async fn runs_after_lease<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    let before = count(store.leases(), &payment("A"), &counter).await;
    assert!(is_in_flight(&before), "{before:?}");
    store.pass(LONGER).await;
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(1));
}

async fn running_effect_is_in_flight<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    let (begun, has_begun) = oneshot::channel();
    let (end, is_to_end) = oneshot::channel();
    let leases = store.leases().clone();
    let first = tokio::spawn(async move {
        run_effect(&leases, &payment("A"), || async {
            begun.send(()).unwrap();
            is_to_end.await.map_err(|_| "never")
        })
        .await
    });
    has_begun.await.unwrap();
    for _ in 0..3 {
        let second = count(store.leases(), &payment("A"), &counter).await;
        let Err(EffectError::InFlight { held_for }) = second else {
            panic!("{second:?}");
        };
        assert!(held_for > Duration::from_secs(30), "{held_for:?}");
        assert!(held_for <= Duration::from_secs(60), "{held_for:?}");
    }
    let other = count(store.leases(), &payment("B"), &counter).await;
    assert_eq!(other.unwrap(), EffectOutcome::Ran(1));
    end.send(7).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), EffectOutcome::Ran(7));
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Duplicate);
}

async fn concurrent_tasks_run_each_effect_one_time_without_overlap<L: LeaseBackend>(store: &L) {
    let at_work: Arc<[AtomicU32; 20]> = Arc::default();
    let done: Arc<[AtomicU32; 20]> = Arc::default();
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let leases = store.leases().clone();
        let (at_work, done) = (Arc::clone(&at_work), Arc::clone(&done));
        tasks.spawn(async move {
            for (number, (at_work, done)) in at_work.iter().zip(done.iter()).enumerate() {
                loop {
                    let paid = payment(&format!("ORDER{number}"));
                    let ran = run_effect(&leases, &paid, || async {
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        tokio::task::yield_now().await;
                        at_work.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, &str>(())
                    });
                    match ran.await {
                        Ok(_) => break,
                        Err(
                            EffectError::InFlight { .. } | EffectError::Store(StoreError::Busy(_)),
                        ) => {
                            tokio::time::sleep(Duration::from_millis(2)).await;
                        }
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    for done in &*done {
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }
}

async fn effect_longer_than_lease_returns_lease_expired<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, SHORT, |_| async {
        store.pass(LONGER).await;
        Ok::<_, &str>(())
    });
    let slow = slow.await;
    assert!(matches!(slow, Err(EffectError::LeaseExpired)), "{slow:?}");
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.held_for(), Duration::ZERO);
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(1));
}

async fn overtaken_effect_returns_lease_expired<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, SHORT, |_| async {
        store.pass(LONGER).await;
        succeed(store.leases(), &payment("A")).await;
        Ok::<_, &str>(())
    });
    let slow = slow.await;
    assert!(matches!(slow, Err(EffectError::LeaseExpired)), "{slow:?}");
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Duplicate);
}

async fn stale_lease_cannot_release_newer_lease<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, SHORT, |_| async {
        store.pass(LONGER).await;
        abandon(store.leases(), &payment("A"), HOUR).await;
        Err::<(), _>("too late")
    });
    let slow = slow.await;
    assert!(
        matches!(slow, Err(EffectError::Effect("too late"))),
        "{slow:?}"
    );
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert!(is_in_flight(&then), "{then:?}");
}

async fn extended_lease_stays_in_force<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let long = run_effect_with_lease(store.leases(), &paid, SHORT, |lease| async move {
        lease.extend(HOUR).await?;
        store.pass(LONGER).await;
        Ok::<_, LeaseError>(())
    });
    assert_eq!(long.await.unwrap(), EffectOutcome::Ran(()));
}

async fn ended_lease_is_not_extended<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let long = run_effect_with_lease(store.leases(), &paid, SHORT, |lease| async move {
        store.pass(LONGER).await;
        lease.extend(HOUR).await
    });
    let error = long.await.unwrap_err();
    assert!(
        matches!(error, EffectError::Effect(LeaseError::Expired)),
        "{error:?}"
    );
    assert_eq!(Retry::from(error).code(), "effect_failed");
    assert_eq!(Retry::from(LeaseError::Expired).code(), "lease_expired");
    succeed(store.leases(), &payment("A")).await;
}

async fn tokens_rise_with_each_lease<L: LeaseBackend>(store: &L) {
    let mut last = 0;
    for _ in 0..3 {
        let mut token = 0;
        let paid = payment("A");
        let failed = run_effect_with_lease(store.leases(), &paid, HOUR, |lease| {
            token = lease.token();
            async { Err::<(), _>("no") }
        });
        assert!(failed.await.is_err());
        assert!(token > last, "{token} after {last}");
        last = token;
    }
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.attempts(), last);
    let resumed = resume_effect_with_lease(store.leases(), &left, HOUR, |lease| async move {
        Ok::<_, &str>(lease.token())
    });
    let Ok(EffectOutcome::Ran(token)) = resumed.await else {
        panic!("it is resumed");
    };
    assert!(token > last, "{token} after {last}");
}

async fn another_project_is_another_effect<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    for (project, number) in [(None, 1), (Some("eu"), 2), (Some("us"), 3)] {
        let of = Payment {
            project,
            ..Payment::default()
        };
        let ran = count(store.leases(), &of.reconciled("A"), &counter).await;
        assert_eq!(ran.unwrap(), EffectOutcome::Ran(number), "{project:?}");
    }
}

async fn replay_with_another_token_is_same_effect<L: LeaseBackend>(store: &L) {
    succeed(store.leases(), &payment("A")).await;
    let again = Payment {
        expiry: 1_769_509_999,
        by_trybit: true,
        ..Payment::default()
    };
    let counter = AtomicU32::new(0);
    let again = count(store.leases(), &again.reconciled("A"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
}

async fn conflict_with_done_effect_does_not_run<L: LeaseBackend>(store: &L) {
    for (first, changed) in conflicting_payments() {
        succeed(store.leases(), &first).await;
        conflicts(store, &first, &changed).await;
    }
}

/// The record is unchanged, and its effect runs as it was recorded.
async fn conflict_with_pending_effect_does_not_run<L: LeaseBackend>(store: &L) {
    for (first, changed) in conflicting_payments() {
        fail(store.leases(), &first).await;
        conflicts(store, &first, &changed).await;
        let left = only_pending_effect(store.leases()).await;
        assert_eq!(left.payload_json(), first.event().payload_json());
        succeed(store.leases(), &first).await;
    }
}

/// Returns payments, each with a delivery of the same payment that pays the price by another
/// amount.
fn conflicting_payments() -> [(Reconciliation, Reconciliation); 2] {
    let of_payment = Payment {
        amount: "0.06",
        ..Payment::default()
    };
    let of_callback = Callback {
        value: "0.06",
        ..Callback::default()
    };
    [
        (payment("A"), of_payment.reconciled("A")),
        (callback("u-1", "tx-1", false), of_callback.reconciled()),
    ]
}

async fn conflicts<L: LeaseBackend>(store: &L, first: &Reconciliation, changed: &Reconciliation) {
    let counter = AtomicU32::new(0);
    let fields = first
        .event()
        .digest()
        .changed_fields(changed.event().digest());
    assert_eq!(fields.len(), 1, "{fields:?}");
    let expected = EffectOutcome::Conflict { fields };
    let ran = count(store.leases(), changed, &counter).await;
    assert_eq!(ran.unwrap(), expected);
    assert_eq!(counter.into_inner(), 0);
}

async fn delivery_without_payment_runs_and_records_nothing<L: LeaseBackend>(store: &L) {
    let unclear = Payment::UNCLEAR.into_iter();
    for (number, incomplete) in unclear.chain(Payment::NOT_PAYING).enumerate() {
        let id = format!("A{number}");
        is_not_credited(store, &incomplete.reconciled(&id)).await;
        succeed(store.leases(), &payment(&id)).await;
        is_not_credited(store, &incomplete.reconciled(&id)).await;
    }
}

async fn pending_callback_runs_and_records_nothing<L: LeaseBackend>(store: &L) {
    for uuid in ["u-2", "u-1"] {
        is_not_credited(store, &callback(uuid, "tx-1", true)).await;
    }
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
    is_not_credited(store, &callback("u-1", "tx-1", true)).await;
}

async fn money_for_review_runs_and_records_nothing<L: LeaseBackend>(store: &L) {
    let in_another_coin = Payment {
        currency: Some("LTC"),
        ..Payment::default()
    };
    for (id, review) in [("A", UNDERPAID), ("B", in_another_coin)] {
        is_not_credited(store, &review.reconciled(id)).await;
        succeed(store.leases(), &payment(id)).await;
    }
    for uuid in ["u-1", "u-8", "u-9"] {
        let planted = Callback {
            uuid,
            bound_by_url: false,
            ..Callback::default()
        };
        is_not_credited(store, &planted.reconciled()).await;
    }
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
}

async fn is_not_credited<L: LeaseBackend>(store: &L, reconciliation: &Reconciliation) {
    let counter = AtomicU32::new(0);
    let outcome = reconciliation.outcome().clone();
    let ran = count(store.leases(), reconciliation, &counter).await;
    assert_eq!(ran.unwrap(), EffectOutcome::NotCredited(outcome));
    assert_eq!(counter.into_inner(), 0);
    assert!(pending_effects(store.leases()).await.is_empty());
}

async fn callbacks_bound_by_address_alone_run_if_price_accepts_them<L: LeaseBackend>(store: &L) {
    let accepted = Callback {
        bound_by_url: false,
        assurance: Assurance::ArrangedByAnyone,
        ..Callback::default()
    };
    succeed(store.leases(), &accepted.reconciled()).await;
}

async fn same_transfer_under_another_id_does_not_run<L: LeaseBackend>(store: &L) {
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
    let counter = AtomicU32::new(0);
    let expected = EffectOutcome::PossibleDuplicate {
        of: "u-1".to_owned(),
    };
    for _ in 0..3 {
        let paid = callback("u-2", "tx-1", false);
        let second = count(store.leases(), &paid, &counter);
        assert_eq!(second.await.unwrap(), expected);
    }
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(
        (left.id(), left.possible_duplicate_of()),
        ("u-2", Some("u-1"))
    );
    let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
    assert_eq!(resumed.unwrap(), expected);
    assert_eq!(counter.into_inner(), 0);
    succeed(store.leases(), &callback("u-3", "tx-3", false)).await;
}

/// Returns the effect of "u-2", whose transfer is counted under "u-1".
async fn possible_duplicate<L: LeaseBackend>(store: &L, counter: &AtomicU32) -> PendingEffect {
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
    let held = count(store.leases(), &callback("u-2", "tx-1", false), counter).await;
    assert!(matches!(held, Ok(EffectOutcome::PossibleDuplicate { .. })));
    only_pending_effect(store.leases()).await
}

async fn possible_duplicate_runs_after_approval<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    let left = possible_duplicate(store, &counter).await;
    assert!(store.leases().approve(&left).await.unwrap());
    assert!(!store.leases().approve(&left).await.unwrap());
    for expected in [EffectOutcome::Ran(1), EffectOutcome::Duplicate] {
        let paid = callback("u-2", "tx-1", false);
        let then = count(store.leases(), &paid, &counter);
        assert_eq!(then.await.unwrap(), expected);
    }
}

async fn dismissed_possible_duplicate_does_not_run<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    let left = possible_duplicate(store, &counter).await;
    assert!(store.leases().dismiss(&left).await.unwrap());
    assert!(!store.leases().dismiss(&left).await.unwrap());
    assert!(!store.leases().approve(&left).await.unwrap());
    let then = count(store.leases(), &callback("u-2", "tx-1", false), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Duplicate);
    assert!(pending_effects(store.leases()).await.is_empty());
}

async fn running_effect_cannot_be_dismissed<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let worked = run_effect(store.leases(), &paid, || async {
        let left = only_pending_effect(store.leases()).await;
        Ok::<_, &str>(store.leases().dismiss(&left).await.unwrap())
    });
    assert_eq!(worked.await.unwrap(), EffectOutcome::Ran(false));
}

async fn failed_effect_is_pending_with_payload<L: LeaseBackend>(store: &L) {
    let named = Payment {
        project: Some("eu"),
        ..Payment::default()
    };
    let paid = named.reconciled("A");
    let event = paid.event();
    for attempts in 1..=2 {
        fail(store.leases(), &paid).await;
        let left = only_pending_effect(store.leases()).await;
        assert_eq!(left.namespace(), event.namespace());
        assert_eq!((left.project(), left.id()), (event.project(), event.id()));
        assert_eq!(left.payload_json(), event.payload_json());
        assert_eq!(left.attempts(), attempts);
        assert_eq!(left.possible_duplicate_of(), None);
        assert!(left.is_credited());
        assert_eq!(left.held_for(), Duration::ZERO);
        // Servers use the clock of this machine.
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(left.recorded_at().try_into().unwrap()) < 60);
    }
}

async fn running_effect_is_pending_and_held<L: LeaseBackend>(store: &L) {
    abandon(store.leases(), &payment("A"), HOUR).await;
    let left = only_pending_effect(store.leases()).await;
    assert!(left.held_for() > HOUR / 2, "{left:?}");
    assert!(left.held_for() <= HOUR, "{left:?}");
    let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
    assert!(is_in_flight(&resumed), "{resumed:?}");
}

async fn done_effect_is_not_pending<L: LeaseBackend>(store: &L) {
    fail(store.leases(), &payment("A")).await;
    succeed(store.leases(), &payment("B")).await;
    assert_eq!(only_pending_effect(store.leases()).await.id(), "A");
    succeed(store.leases(), &payment("A")).await;
    assert!(pending_effects(store.leases()).await.is_empty());
}

async fn resumed_effect_does_not_run_again<L: LeaseBackend>(store: &L) {
    fail(store.leases(), &payment("A")).await;
    let left = only_pending_effect(store.leases()).await;
    let failed: Ran = resume_effect(store.leases(), &left, || async { Err("again") }).await;
    assert!(matches!(failed, Err(EffectError::Effect("again"))));
    let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
    assert_eq!(resumed.unwrap(), EffectOutcome::Ran(1));
    let again: Ran = resume_effect(store.leases(), &left, || async { Ok(2) }).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
    let counter = AtomicU32::new(0);
    let delivered = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(delivered.unwrap(), EffectOutcome::Duplicate);
}

async fn effect_with_oldest_attempt_comes_first<L: LeaseBackend>(store: &L) {
    let a_moment = Duration::from_millis(20);
    for id in ["A", "B", "C", "A"] {
        fail(store.leases(), &payment(id)).await;
        store.pass(a_moment).await;
    }
    let left = store.leases().pending_effects(2).await.unwrap();
    let ids: Vec<_> = left.iter().map(PendingEffect::id).collect();
    assert_eq!(ids, ["B", "C"]);
    let all = pending_effects(store.leases()).await;
    let ids: Vec<_> = all.iter().map(PendingEffect::id).collect();
    assert_eq!(ids, ["B", "C", "A"]);
}

/// The order is independent of how many of them wait for a person.
async fn possible_duplicates_come_last<L: LeaseBackend>(store: &L) {
    succeed(store.leases(), &callback("u-0", "tx-1", false)).await;
    let counter = AtomicU32::new(0);
    for uuid in ["u-1", "u-2", "u-3"] {
        let held = count(store.leases(), &callback(uuid, "tx-1", false), &counter).await;
        assert!(matches!(held, Ok(EffectOutcome::PossibleDuplicate { .. })));
    }
    store.pass(Duration::from_millis(20)).await;
    fail(store.leases(), &payment("A")).await;
    for (limit, expected) in [
        (0, &[][..]),
        (1, &["A"]),
        (2, &["A", "u-1"]),
        (9, &["A", "u-1", "u-2", "u-3"]),
    ] {
        let left = store.leases().pending_effects(limit).await.unwrap();
        let ids: Vec<_> = left.iter().map(PendingEffect::id).collect();
        assert_eq!(ids, expected, "{limit}");
    }
}

async fn pending_effect_is_not_pruned<L: LeaseBackend>(store: &L) {
    fail(store.leases(), &payment("A")).await;
    succeed(store.leases(), &payment("B")).await;
    assert_eq!(store.prune(1_000_000_000).await, 0);
    assert_eq!(store.prune(9_000_000_000).await, 1);
    assert_eq!(store.prune(9_000_000_000).await, 0);
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.payload_json(), payment("A").event().payload_json());
    let counter = AtomicU32::new(0);
    let again = count(store.leases(), &payment("B"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
}

async fn errors_convert_to_retries<L: LeaseBackend>(store: &L) {
    let code = |ran: Ran| Retry::from(ran.unwrap_err()).code();
    let paid = payment("A");
    let failed: Ran = run_effect(store.leases(), &paid, || async { Err("no") }).await;
    assert_eq!(code(failed), "effect_failed");
    let slow: Ran = run_effect_with_lease(store.leases(), &paid, SHORT, |_| async {
        store.pass(LONGER).await;
        Ok(0)
    })
    .await;
    assert_eq!(code(slow), "lease_expired");
    abandon(store.leases(), &paid, HOUR).await;
    let busy: Ran = run_effect(store.leases(), &paid, || async { Ok(0) }).await;
    let busy = busy.unwrap_err();
    let EffectError::InFlight { held_for } = busy else {
        panic!("{busy:?}");
    };
    let retry = Retry::from(busy);
    assert!(
        matches!(retry.reason(), RetryReason::InFlight { held_for: then, .. } if *then == held_for),
        "{retry:?}"
    );
}

async fn payload_is_not_in_debug<L: LeaseBackend>(store: &L) {
    let mut shown = format!("{store:?} {:?}", store.leases());
    let paid = payment("A");
    let failed = run_effect_with_lease(store.leases(), &paid, HOUR, |lease| {
        shown += &format!(" {lease:?}");
        async { Err::<(), _>("no") }
    });
    assert!(failed.await.is_err());
    let short = run_effect(store.leases(), &UNDERPAID.reconciled("B"), || async {
        Ok::<_, &str>(())
    })
    .await;
    shown += &format!(" {}", short.unwrap());
    assert!(shown.ends_with(" underpaid"), "{shown}");
    shown += &format!(" {:?}", only_pending_effect(store.leases()).await);
    assert!(shown.contains("PendingEffect"), "{shown}");
    assert!(!shown.contains("0.05"), "{shown}");
}

async fn enqueued_effect_is_pending_after_commit<B: Backend>(store: &B) {
    let paid = payment("A");
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, &paid).await;
    assert!(recorded.unwrap().is_new());
    store.enqueue(&mut transaction, &paid).await;
    store.commit(transaction).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!((left.id(), left.attempts()), ("A", 0));
    assert_eq!(left.payload_json(), paid.event().payload_json());
    let counter = AtomicU32::new(0);
    for expected in [EffectOutcome::Ran(1), EffectOutcome::Duplicate] {
        let ran = count(store.leases(), &paid, &counter).await;
        assert_eq!(ran.unwrap(), expected);
    }
    assert!(pending_effects(store.leases()).await.is_empty());
}

async fn enqueued_effect_is_forgotten_after_rollback<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    store
        .enqueue(&mut transaction, &callback("u-1", "tx-1", false))
        .await;
    drop(transaction);
    assert!(pending_effects(store.leases()).await.is_empty());
    // Its transfer is forgotten too.
    succeed(store.leases(), &callback("u-2", "tx-1", false)).await;
}

async fn effect_enqueued_twice_is_one<B: Backend>(store: &B) {
    let paid = payment("A");
    enqueue(store, &paid).await;
    fail(store.leases(), &paid).await;
    enqueue(store, &paid).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.attempts(), 1);
    succeed(store.leases(), &paid).await;
    enqueue(store, &paid).await;
    assert!(pending_effects(store.leases()).await.is_empty());
}

/// Enqueues in a transaction of its own, and commits.
async fn enqueue<B: Backend>(store: &B, reconciliation: &Reconciliation) {
    let mut transaction = store.begin().await;
    store.enqueue(&mut transaction, reconciliation).await;
    store.commit(transaction).await;
}

/// Enqueues for review in a transaction of its own, and commits.
async fn enqueue_review<B: Backend>(store: &B, reconciliation: &Reconciliation) {
    let mut transaction = store.begin().await;
    let enqueued = store.enqueue_review(&mut transaction, reconciliation);
    enqueued.await;
    store.commit(transaction).await;
}

async fn effect_of_delivery_without_payment_is_not_enqueued<B: Backend>(store: &B) {
    for incomplete in Payment::NOT_PAYING {
        enqueue(store, &incomplete.reconciled("A")).await;
    }
    enqueue(store, &callback("u-1", "tx-1", true)).await;
    for incomplete in Payment::NOT_PAYING {
        enqueue_review(store, &incomplete.reconciled("A")).await;
    }
    enqueue_review(store, &callback("u-1", "tx-1", true)).await;
    assert!(pending_effects(store.leases()).await.is_empty());
    enqueue(store, &payment("A")).await;
    assert_eq!(only_pending_effect(store.leases()).await.id(), "A");
}

/// An application can call `enqueue_effect_in` for each delivery, and mails nothing for dust.
async fn effect_of_review_is_not_enqueued<B: Backend>(store: &B) {
    let in_another_coin = Payment {
        currency: Some("LTC"),
        ..Payment::default()
    };
    let planted = Callback {
        bound_by_url: false,
        ..Callback::default()
    };
    let reviews = [UNDERPAID, in_another_coin].into_iter();
    let reviews = reviews.chain(Payment::UNCLEAR);
    let reviews = reviews.map(|review| review.reconciled("A"));
    for review in reviews.chain([planted.reconciled()]) {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &review).await;
        assert!(matches!(recorded, Ok(Recorded::Review(_))), "{recorded:?}");
        store.enqueue(&mut transaction, &review).await;
        store.commit(transaction).await;
        assert!(pending_effects(store.leases()).await.is_empty());
    }
}

async fn effect_of_paid_payment_is_not_enqueued_for_review<B: Backend>(store: &B) {
    let more = Payment {
        amount: "0.06",
        ..Payment::default()
    };
    for paid in [
        payment("A"),
        more.reconciled("A"),
        callback("u-1", "tx-1", false),
    ] {
        enqueue_review(store, &paid).await;
    }
    assert!(pending_effects(store.leases()).await.is_empty());
}

/// The application has decided that several payments pay the price together.
async fn effect_of_review_is_enqueued_for_review<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, &short).await;
    assert!(matches!(recorded, Ok(Recorded::Review(_))), "{recorded:?}");
    store.enqueue_review(&mut transaction, &short).await;
    store.commit(transaction).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.payload_json(), short.event().payload_json());
    assert!(!left.is_credited());
    let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
    assert_eq!(resumed.unwrap(), EffectOutcome::Ran(1));
}

/// Otherwise the licence would never be mailed, because the mail about the underpaid delivery was
/// the effect of the payment.
async fn effect_of_paid_payment_replaces_effect_of_review<B: Backend>(store: &B) {
    // The effect is enqueued again or run at once, with another digest, or with the same digest
    // because the price was lowered.
    let lowered = Payment {
        price: "0.04",
        ..UNDERPAID
    };
    for (id, paid, at_once) in [
        ("A", payment("A"), false),
        ("B", payment("B"), true),
        ("C", lowered.reconciled("C"), false),
        ("D", lowered.reconciled("D"), true),
    ] {
        let short = UNDERPAID.reconciled(id);
        assert!(paid.is_paid() && !short.is_paid(), "{id}");
        enqueue_review(store, &short).await;
        let left = only_pending_effect(store.leases()).await;
        let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
        assert_eq!(resumed.unwrap(), EffectOutcome::Ran(1), "{id}");
        if !at_once {
            enqueue(store, &paid).await;
            let left = only_pending_effect(store.leases()).await;
            assert_eq!(left.payload_json(), paid.event().payload_json(), "{id}");
            assert!(left.is_credited(), "{id}");
        }
        let counter = AtomicU32::new(0);
        for expected in [EffectOutcome::Ran(1), EffectOutcome::Duplicate] {
            let ran = count(store.leases(), &paid, &counter).await;
            assert_eq!(ran.unwrap(), expected, "{id}");
        }
        // The effect of a credit is not replaced.
        enqueue_review(store, &short).await;
        enqueue(store, &paid).await;
        assert!(pending_effects(store.leases()).await.is_empty(), "{id}");
    }
}

/// The worker with the effect of the review has lost its lease.
async fn effect_of_paid_payment_replaces_running_effect_of_review<B: Backend>(store: &B) {
    enqueue_review(store, &UNDERPAID.reconciled("A")).await;
    let left = only_pending_effect(store.leases()).await;
    let resumed = resume_effect(store.leases(), &left, || async {
        enqueue(store, &payment("A")).await;
        Ok::<_, StoreError>(1)
    });
    let resumed = resumed.await;
    assert!(
        matches!(resumed, Err(EffectError::LeaseExpired)),
        "{resumed:?}"
    );
    succeed(store.leases(), &payment("A")).await;
}

async fn replaced_effect_is_kept_after_rollback<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    enqueue_review(store, &short).await;
    let mut transaction = store.begin().await;
    store.enqueue(&mut transaction, &payment("A")).await;
    drop(transaction);
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.payload_json(), short.event().payload_json());
}

/// An operator with an old list must not dismiss the effect of the credit.
async fn replaced_effect_cannot_be_resumed_or_dismissed<B: Backend>(store: &B) {
    // The digest differs, or is the same because the price was lowered.
    let lowered = Payment {
        price: "0.04",
        ..UNDERPAID
    };
    for (id, paid) in [("A", payment("A")), ("B", lowered.reconciled("B"))] {
        enqueue_review(store, &UNDERPAID.reconciled(id)).await;
        let stale = only_pending_effect(store.leases()).await;
        enqueue(store, &paid).await;
        is_stale(store, &stale).await;
        let left = only_pending_effect(store.leases()).await;
        assert_eq!((left.id(), left.is_credited()), (id, true));
        let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
        assert_eq!(resumed.unwrap(), EffectOutcome::Ran(1), "{id}");
        // The effect that replaced it is done now.
        is_stale(store, &stale).await;
    }
}

async fn is_stale<B: Backend>(store: &B, stale: &PendingEffect) {
    let leases = store.leases();
    assert!(!leases.approve(stale).await.unwrap());
    assert!(!leases.dismiss(stale).await.unwrap());
    let resumed: Ran = resume_effect(leases, stale, || async { Ok(0) }).await;
    let Err(EffectError::InFlight { held_for }) = resumed else {
        panic!("{resumed:?}");
    };
    assert_eq!(held_for, Duration::ZERO);
}

/// The transfer of the paid delivery is counted under another id too.
async fn replaced_possible_duplicate_cannot_be_approved<B: Backend>(store: &B) {
    let stale = possible_duplicate_for_review(store).await;
    enqueue(store, &callback("u-2", "tx-1", false)).await;
    is_stale(store, &stale).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.possible_duplicate_of(), Some("u-1"));
    assert!(store.leases().approve(&left).await.unwrap());
    succeed(store.leases(), &callback("u-2", "tx-1", false)).await;
}

async fn replaced_possible_duplicate_runs_by_another_transfer<B: Backend>(store: &B) {
    let stale = possible_duplicate_for_review(store).await;
    let paid = callback("u-2", "tx-2", false);
    enqueue(store, &paid).await;
    is_stale(store, &stale).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!((left.possible_duplicate_of(), left.id()), (None, "u-2"));
    succeed(store.leases(), &paid).await;
}

/// Returns the effect of "u-2", which is underpaid by a transfer that is counted under "u-1".
async fn possible_duplicate_for_review<B: Backend>(store: &B) -> PendingEffect {
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
    let short = Callback {
        uuid: "u-2",
        value: "0.04",
        ..Callback::default()
    };
    enqueue_review(store, &short.reconciled()).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.possible_duplicate_of(), Some("u-1"));
    left
}

/// The other transaction locks the row for longer than the lease lasts.
async fn lease_after_wait_has_full_length<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    store.enqueue(&mut transaction, &payment("A")).await;
    let leases = store.leases().clone();
    let waiting = tokio::spawn(async move {
        run_effect_with_lease(&leases, &payment("A"), SHORT, |lease| async move {
            lease.extend(SHORT).await
        })
        .await
    });
    tokio::time::sleep(LONGER).await;
    store.commit(transaction).await;
    assert_eq!(waiting.await.unwrap().unwrap(), EffectOutcome::Ran(()));
}

/// Records and effects are separate: the record within the effect is new.
async fn credit_within_effect_is_made_once<B: Backend>(store: &B) {
    let paid = payment("A");
    for fails in [true, false] {
        let credited = run_effect(store.leases(), &paid, || async {
            let mut transaction = store.begin().await;
            let recorded = store.record(&mut transaction, &paid).await;
            if recorded.unwrap().is_new() {
                store.credit(&mut transaction, "A").await;
            }
            store.commit(transaction).await;
            if fails { Err("no") } else { Ok(()) }
        });
        assert_eq!(credited.await.is_err(), fails);
        assert_eq!(store.credits().await, ["A"]);
    }
}

async fn recorded_transfer_does_not_run_under_another_id<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    let first = callback("u-1", "tx-1", false);
    let recorded = store.record(&mut transaction, &first).await;
    assert!(recorded.unwrap().is_new());
    store.commit(transaction).await;
    let counter = AtomicU32::new(0);
    let second = callback("u-2", "tx-1", false);
    let second = count(store.leases(), &second, &counter).await;
    let expected = EffectOutcome::PossibleDuplicate {
        of: "u-1".to_owned(),
    };
    assert_eq!(second.unwrap(), expected);
    let first = count(store.leases(), &first, &counter).await;
    assert_eq!(first.unwrap(), EffectOutcome::Ran(1));
}

async fn enqueued_transfer_does_not_run_under_another_id<B: Backend>(store: &B) {
    for uuid in ["u-1", "u-2"] {
        enqueue(store, &callback(uuid, "tx-1", false)).await;
    }
    let left = pending_effects(store.leases()).await;
    let suspected: Vec<_> = left
        .iter()
        .map(PendingEffect::possible_duplicate_of)
        .collect();
    assert_eq!(suspected, [None, Some("u-1")]);
    for left in left {
        let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(1) }).await;
        let expected = match left.possible_duplicate_of() {
            None => EffectOutcome::Ran(1),
            Some(of) => EffectOutcome::PossibleDuplicate { of: of.to_owned() },
        };
        assert_eq!(resumed.unwrap(), expected);
    }
}

async fn clock_set_back_ends_no_lease<L: SetBack>(store: &L) {
    abandon(store.leases(), &payment("A"), SHORT).await;
    store.set_back(HOUR);
    let counter = AtomicU32::new(0);
    for _ in 0..3 {
        let second = count(store.leases(), &payment("A"), &counter).await;
        assert!(is_in_flight(&second), "{second:?}");
    }
}

async fn clock_set_back_does_not_prolong_lease<L: SetBack>(store: &L) {
    abandon(store.leases(), &payment("A"), SHORT).await;
    store.set_back(HOUR);
    let left = only_pending_effect(store.leases()).await;
    assert!(left.held_for() <= SHORT, "{left:?}");
    // The first attempt starts the lease again.
    let first: Ran = resume_effect(store.leases(), &left, || async { Ok(0) }).await;
    assert!(is_in_flight(&first), "{first:?}");
    store.pass(LONGER).await;
    succeed(store.leases(), &payment("A")).await;
}

async fn clock_set_back_keeps_lease_in_force<L: SetBack>(store: &L) {
    let paid = payment("A");
    let ran = run_effect_with_lease(store.leases(), &paid, SHORT, |lease| async move {
        store.set_back(HOUR);
        let counter = AtomicU32::new(0);
        let second = count(store.leases(), &payment("A"), &counter).await;
        assert!(is_in_flight(&second), "{second:?}");
        lease.extend(SHORT).await?;
        Ok::<_, LeaseError>(())
    });
    assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()));
}

async fn clock_set_back_keeps_free_effects_free<L: SetBack>(store: &L) {
    for id in ["A", "B"] {
        fail(store.leases(), &payment(id)).await;
    }
    store.set_back(HOUR);
    succeed(store.leases(), &payment("A")).await;
    let left = only_pending_effect(store.leases()).await;
    assert!(store.leases().dismiss(&left).await.unwrap());
}

async fn server_with_eviction_is_rejected() {
    let server = Server::start();
    for policy in ["allkeys-lru", "volatile-ttl"] {
        server.set("maxmemory-policy", policy);
        let opened = RedisStore::open(&server.url).await;
        let Err(StoreError::EvictionEnabled { policy: found }) = opened else {
            panic!("{opened:?}");
        };
        assert_eq!(found, policy);
    }
    server.set("maxmemory-policy", "noeviction");
    assert!(RedisStore::open(&server.url).await.is_ok());
}

/// An effect that cannot be recorded does not run.
async fn full_server_runs_nothing() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    server.set("maxmemory", "1");
    let counter = AtomicU32::new(0);
    let failed = count(&store, &payment("A"), &counter).await;
    assert!(
        matches!(failed, Err(EffectError::Store(StoreError::Failed(_)))),
        "{failed:?}"
    );
    server.set("maxmemory", "0");
    let then = count(&store, &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(1));
}

async fn durability_is_read_from_server() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    for (sync, durability) in [
        ("everysec", Durability::EverySecond),
        ("no", Durability::SystemDecides),
        ("always", Durability::Always),
    ] {
        server.set("appendfsync", sync);
        assert_eq!(store.durability().await.unwrap(), durability);
        assert!(durability.to_string().contains(sync));
    }
    server.set("appendonly", "no");
    assert_eq!(store.durability().await.unwrap(), Durability::Snapshots);
}

async fn effect_deleted_by_hand_hides_no_other() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    for id in ["A", "B"] {
        fail(&store, &payment(id)).await;
    }
    let left = pending_effects(&store).await;
    let mut connection = server.connect().unwrap();
    let deleted: u32 = redis::cmd("DEL")
        .arg("postback:effect:cryptocloud:0::A")
        .query(&mut connection)
        .unwrap();
    assert_eq!(deleted, 1);
    let [one] = store.pending_effects(1).await.unwrap().try_into().unwrap();
    assert_eq!(one.id(), "B");
    let gone: Ran = resume_effect(&store, &left[0], || async { Ok(1) }).await;
    let is_missing = matches!(
        gone,
        Err(EffectError::Store(StoreError::Inconsistent { .. }))
    );
    assert!(is_missing, "{gone:?}");
}

/// The effect was done and was deleted, and is new.
async fn effect_deleted_by_hand_is_not_pruned_after_failure() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    succeed(&store, &payment("A")).await;
    let mut connection = server.connect().unwrap();
    let deleted: u32 = redis::cmd("DEL")
        .arg("postback:effect:cryptocloud:0::A")
        .query(&mut connection)
        .unwrap();
    assert_eq!(deleted, 1);
    fail(&store, &payment("A")).await;
    assert_eq!(store.prune(9_000_000_000).await.unwrap(), 0);
    let left = only_pending_effect(&store).await;
    assert_eq!(left.payload_json(), payment("A").event().payload_json());
}

/// The names of the projects contain the separator of the key.
async fn project_with_colon_is_separate_project() {
    let store = Redis::fresh().await;
    let counter = AtomicU32::new(0);
    let mut ran = BTreeMap::new();
    for project in ["a", "a:A", "a:1:a", "1:a"] {
        let of = Payment {
            project: Some(project),
            ..Payment::default()
        };
        for id in ["A", "a-A"] {
            let done = count(store.leases(), &of.reconciled(id), &counter)
                .await
                .unwrap();
            ran.insert((project, id), done);
        }
    }
    assert_eq!(counter.into_inner(), 8, "{ran:?}");
}

/// Server of its own for a test, because the test changes the settings.
struct Server {
    process: Child,
    url: String,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("redis.sock");
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "yes"])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let server = Self {
            process: process.unwrap(),
            url: format!("redis+unix://{}", socket.display()),
            _folder: folder,
        };
        let begun = Instant::now();
        while let Err(error) = server.connect() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn set(&self, name: &str, value: &str) {
        let set = redis::cmd("CONFIG").arg(&["SET", name, value]).take();
        set.exec(&mut self.connect().unwrap()).unwrap();
    }

    fn connect(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(&*self.url)?.get_connection()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
