//! Runs, results and conflicts of effects.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use libtest_mimic::Trial;
use postback_core::{
    Retry, RetryReason,
    reconcile::{Assurance, Reconciliation},
};
use postback_store::{
    EffectError, EffectOutcome, EffectStore, StoreError, run_effect, run_effect_with_lease,
};
use tokio::{sync::oneshot, task::JoinSet};

use super::{
    HOUR, LONGER, MAIL, Ran, SHORT, abandon, count, fail, only_pending_effect, pending_effects,
    succeed,
};
use crate::{
    events::UNDERPAID,
    events::{Callback, Payment, callback, payment},
    lease_backend::{LeaseBackend, while_blocked},
};

pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    contract!(name, L, "effects::", [
        done_effect_does_not_run_again
        failed_effect_runs_again
        running_effect_is_in_flight
        concurrent_tasks_run_each_effect_one_time_without_overlap
        another_project_is_another_effect
        another_name_is_another_effect
        imported_effect_does_not_run
        replay_with_another_token_is_same_effect
        conflict_with_done_effect_does_not_run
        conflict_with_pending_effect_does_not_run
        delivery_without_payment_runs_and_records_nothing
        pending_callback_runs_and_records_nothing
        money_for_review_runs_and_records_nothing
        callbacks_bound_by_address_alone_run_if_price_accepts_them
        errors_convert_to_retries
        payload_is_not_in_debug
    ])
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

async fn running_effect_is_in_flight<L: LeaseBackend>(store: &L) {
    let counter = AtomicU32::new(0);
    let (begun, has_begun) = oneshot::channel();
    let (end, is_to_end) = oneshot::channel();
    let leases = store.leases().clone();
    let first = tokio::spawn(async move {
        run_effect(&leases, &payment("A"), MAIL, || async {
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
                    let ran = run_effect(&leases, &paid, MAIL, || async {
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

async fn another_name_is_another_effect<L: LeaseBackend>(store: &L) {
    for paid in [payment("A"), callback("u-1", "tx-1", false)] {
        for expected in [EffectOutcome::Ran(()), EffectOutcome::Duplicate] {
            for name in ["mail", "license", ""] {
                let ran = run_effect(store.leases(), &paid, name, || async { Ok::<_, &str>(()) });
                assert_eq!(ran.await.unwrap(), expected, "{name}");
            }
        }
    }
}

async fn imported_effect_does_not_run<L: LeaseBackend>(store: &L) {
    for paid in [payment("A"), callback("u-1", "tx-1", false)] {
        let key = paid.event().key();
        assert!(store.leases().import_effect(key, MAIL).await.unwrap());
        assert!(!store.leases().import_effect(key, MAIL).await.unwrap());
        assert!(pending_effects(store.leases()).await.is_empty());
        let counter = AtomicU32::new(0);
        let ran = count(store.leases(), &paid, &counter).await;
        assert_eq!(ran.unwrap(), EffectOutcome::Duplicate);
        let other = run_effect(store.leases(), &paid, "license", || async {
            Ok::<_, &str>(())
        });
        assert_eq!(other.await.unwrap(), EffectOutcome::Ran(()));
    }
    // An effect that is recorded stays as it is.
    fail(store.leases(), &payment("B")).await;
    let pending = payment("B");
    let imported = store.leases().import_effect(pending.event().key(), MAIL);
    assert!(!imported.await.unwrap());
    assert_eq!(only_pending_effect(store.leases()).await.id(), "B");
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

async fn errors_convert_to_retries<L: LeaseBackend>(store: &L) {
    let code = |ran: Ran| Retry::from(ran.unwrap_err()).code();
    let paid = payment("A");
    let failed: Ran = run_effect(store.leases(), &paid, MAIL, || async { Err("no") }).await;
    assert_eq!(code(failed), "effect_failed");
    let slow: Ran = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |_| async {
        while_blocked(async {
            store.pass(LONGER).await;
            fail(store.leases(), &payment("A")).await;
        });
        Ok(0)
    })
    .await;
    assert_eq!(code(slow), "lease_expired");
    abandon(store.leases(), &paid, HOUR).await;
    let busy: Ran = run_effect(store.leases(), &paid, MAIL, || async { Ok(0) }).await;
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
    let failed = run_effect_with_lease(store.leases(), &paid, MAIL, HOUR, |lease| {
        shown += &format!(" {lease:?}");
        async { Err::<(), _>("no") }
    });
    assert!(failed.await.is_err());
    let short = run_effect(store.leases(), &UNDERPAID.reconciled("B"), MAIL, || async {
        Ok::<_, &str>(())
    })
    .await;
    shown += &format!(" {}", short.unwrap());
    assert!(shown.ends_with(" underpaid"), "{shown}");
    shown += &format!(" {:?}", only_pending_effect(store.leases()).await);
    assert!(shown.contains("PendingEffect"), "{shown}");
    assert!(!shown.contains("0.05"), "{shown}");
}
