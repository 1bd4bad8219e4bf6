//! Pending effects: listed, resumed, dismissed and pruned.

use std::{sync::atomic::AtomicU32, time::Duration};

use libtest_mimic::Trial;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, PendingEffect, resume_effect, run_effect,
};

use super::{
    HOUR, MAIL, Ran, abandon, all_pending, count, fail, is_in_flight, only_pending_effect,
    pending_effects, succeed,
};
use crate::{
    events::{Payment, payment},
    lease_backend::LeaseBackend,
};

pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    contract!(name, L, "effects::", [
        running_effect_cannot_be_dismissed
        failed_effect_is_pending_with_payload
        running_effect_is_pending_and_held
        done_effect_is_not_pending
        resumed_effect_does_not_run_again
        effect_with_oldest_attempt_comes_first
        pending_effect_is_not_pruned
    ])
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

async fn running_effect_cannot_be_dismissed<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let worked = run_effect(store.leases(), &paid, MAIL, || async {
        let left = only_pending_effect(store.leases()).await;
        Ok::<_, &str>(store.leases().dismiss(&left).await.unwrap())
    });
    assert_eq!(worked.await.unwrap(), EffectOutcome::Ran(false));
}

async fn effect_with_oldest_attempt_comes_first<L: LeaseBackend>(store: &L) {
    let a_moment = Duration::from_millis(20);
    for id in ["A", "B", "C", "A"] {
        fail(store.leases(), &payment(id)).await;
        store.pass(a_moment).await;
    }
    let left = store
        .leases()
        .pending_effects(&all_pending().limit(2))
        .await
        .unwrap();
    let ids: Vec<_> = left.iter().map(PendingEffect::id).collect();
    assert_eq!(ids, ["B", "C"]);
    let all = pending_effects(store.leases()).await;
    let ids: Vec<_> = all.iter().map(PendingEffect::id).collect();
    assert_eq!(ids, ["B", "C", "A"]);
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
