//! Effects enqueued in the transactions of the application.

use std::{sync::atomic::AtomicU32, time::Duration};

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, PendingEffect, Recorded, StoreError, resume_effect,
    run_effect, run_effect_with_lease,
};

use super::{MAIL, Ran, count, fail, only_pending_effect, pending_effects, succeed};
use crate::{
    backend::Backend,
    events::UNDERPAID,
    events::{Callback, Payment, callback, payment},
};

/// Returns the tests of a store with transactions of the application.
pub(crate) fn all<B: Backend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "effects::", [
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
        enqueued_transfer_runs_in_another_project
        effect_of_callback_bound_by_address_alone_counts_no_transfer
    ])
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
        matches!(resumed, Err(EffectError::LeaseExpired { .. })),
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
        let short = Duration::from_secs(1);
        run_effect_with_lease(&leases, &payment("A"), MAIL, short, |_| async {
            Ok::<_, &str>(())
        })
        .await
    });
    // Less than a transaction waits for a lock on Postgres.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    store.commit(transaction).await;
    assert_eq!(waiting.await.unwrap().unwrap(), EffectOutcome::Ran(()));
}

/// Records and effects are separate: the record within the effect is new.
async fn credit_within_effect_is_made_once<B: Backend>(store: &B) {
    let paid = payment("A");
    for fails in [true, false] {
        let credited = run_effect(store.leases(), &paid, MAIL, || async {
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

async fn enqueued_transfer_runs_in_another_project<B: Backend>(store: &B) {
    for (project, uuid) in [(None, "u-1"), (Some("eu"), "u-2")] {
        let of = Callback {
            project,
            uuid,
            ..Callback::default()
        };
        enqueue(store, &of.reconciled()).await;
    }
    for left in pending_effects(store.leases()).await {
        assert_eq!(left.possible_duplicate_of(), None, "{left:?}");
    }
}

/// An attacker can have such a callback signed with any id, before the genuine one.
async fn effect_of_callback_bound_by_address_alone_counts_no_transfer<B: Backend>(store: &B) {
    let planted = Callback {
        uuid: "u-8",
        bound_by_url: false,
        ..Callback::default()
    };
    enqueue_review(store, &planted.reconciled()).await;
    assert_eq!(only_pending_effect(store.leases()).await.id(), "u-8");
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
}
