//! Guarantees of `run_effect` on every store.

mod duplicate;
pub(crate) mod enqueue;
mod filter;
pub(crate) mod lease;
mod pending;
mod run;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, PendingEffect, run_effect, run_effect_with_lease,
};
use tokio::time::timeout;

use crate::lease_backend::LeaseBackend;
pub(crate) use crate::mail::{MAIL, all_pending};

/// Returns the tests of one store.
pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    let mut trials = run::all::<L>(name);
    trials.extend(lease::all::<L>(name));
    trials.extend(pending::all::<L>(name));
    trials.extend(duplicate::all::<L>(name));
    trials.extend(filter::all::<L>(name));
    trials
}

/// Length of a lease whose end a test waits for, on servers in real time.
pub(crate) const SHORT: Duration = Duration::from_secs(2);

/// Time after which a lease of [`SHORT`] has ended.
pub(crate) const LONGER: Duration = Duration::from_millis(2_400);

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) type Ran = Result<EffectOutcome<u32>, EffectError<u32, &'static str>>;

/// Runs an effect that counts.
pub(crate) async fn count(
    store: &impl EffectStore,
    reconciliation: &Reconciliation,
    counter: &AtomicU32,
) -> Ran {
    run_effect(store, reconciliation, MAIL, || async {
        Ok(counter.fetch_add(1, Ordering::Relaxed) + 1)
    })
    .await
}

pub(crate) async fn fail(store: &impl EffectStore, reconciliation: &Reconciliation) {
    let failed: Ran = run_effect(store, reconciliation, MAIL, || async { Err("no") }).await;
    assert!(
        matches!(failed, Err(EffectError::Effect("no"))),
        "{failed:?}"
    );
}

pub(crate) async fn succeed(store: &impl EffectStore, reconciliation: &Reconciliation) {
    let done: Ran = run_effect(store, reconciliation, MAIL, || async { Ok(0) }).await;
    assert_eq!(done.unwrap(), EffectOutcome::Ran(0));
}

/// Begins an effect under a lease, and drops it.
pub(crate) async fn abandon(
    store: &impl EffectStore,
    reconciliation: &Reconciliation,
    length: Duration,
) {
    let begun = AtomicU32::new(0);
    let effect = run_effect_with_lease(store, reconciliation, MAIL, length, |_| async {
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

pub(crate) fn is_in_flight(ran: &Ran) -> bool {
    matches!(ran, Err(EffectError::InFlight { .. }))
}

pub(crate) async fn pending_effects(store: &impl EffectStore) -> Vec<PendingEffect> {
    store.pending_effects(&all_pending()).await.unwrap()
}

pub(crate) async fn only_pending_effect(store: &impl EffectStore) -> PendingEffect {
    let [one] = pending_effects(store).await.try_into().unwrap();
    one
}
