//! Possible duplicates: one transfer under two ids.

use std::{sync::atomic::AtomicU32, time::Duration};

use libtest_mimic::Trial;
use postback_store::{EffectOutcome, EffectStore, PendingEffect, resume_effect};

use super::{Ran, all_pending, count, fail, only_pending_effect, pending_effects, succeed};
use crate::{
    events::{Callback, callback, payment},
    lease_backend::LeaseBackend,
};

pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    contract!(name, L, "effects::", [
        same_transfer_under_another_id_does_not_run
        same_transfer_in_another_project_runs
        possible_duplicate_runs_after_approval
        dismissed_possible_duplicate_does_not_run
        possible_duplicates_come_last
    ])
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

async fn same_transfer_in_another_project_runs<L: LeaseBackend>(store: &L) {
    for (project, uuid) in [(None, "u-1"), (Some("eu"), "u-2"), (Some("us"), "u-3")] {
        let of = Callback {
            project,
            uuid,
            ..Callback::default()
        };
        succeed(store.leases(), &of.reconciled()).await;
    }
    let again = Callback {
        project: Some("eu"),
        uuid: "u-4",
        ..Callback::default()
    };
    let counter = AtomicU32::new(0);
    let again = count(store.leases(), &again.reconciled(), &counter).await;
    let expected = EffectOutcome::PossibleDuplicate {
        of: "u-2".to_owned(),
    };
    assert_eq!(again.unwrap(), expected);
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
        let left = store
            .leases()
            .pending_effects(&all_pending().limit(limit))
            .await
            .unwrap();
        let ids: Vec<_> = left.iter().map(PendingEffect::id).collect();
        assert_eq!(ids, expected, "{limit}");
    }
}
