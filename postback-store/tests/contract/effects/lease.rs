//! Leases: their end, their tokens and their clocks.

use std::{sync::atomic::AtomicU32, time::Duration};

use libtest_mimic::Trial;
use postback_core::Retry;
use postback_store::{
    DEFAULT_LEASE, EffectError, EffectFilter, EffectOutcome, EffectStore, LeaseError,
    resume_effect, resume_effect_with_lease, run_effect_with_lease,
};

use super::{
    HOUR, LONGER, MAIL, Ran, SHORT, abandon, count, fail, is_in_flight, only_pending_effect,
    succeed,
};
use crate::{
    events::payment,
    lease_backend::{LeaseBackend, SetBack, while_blocked},
};

pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    contract!(name, L, "effects::", [
        panicked_effect_runs_again_after_lease
        dropped_effect_runs_again_after_lease
        effect_longer_than_lease_is_completed_late
        lease_is_extended_while_effect_runs
        lease_that_effect_extended_is_not_shortened
        released_lease_is_not_extended
        overtaken_effect_returns_lease_expired
        stale_lease_cannot_release_newer_lease
        extended_lease_stays_in_force
        ended_lease_is_extended_if_no_other_was_given
        overtaken_lease_is_not_extended
        lease_of_done_effect_is_not_extended
        effect_dismissed_after_lease_returns_lease_expired
        tokens_rise_with_each_lease
    ])
}

/// Returns the tests of a store that reads the process's clock.
pub(crate) fn set_back<L: SetBack>(name: &str) -> Vec<Trial> {
    contract!(name, L, "effects::", [
        lease_ends_at_its_last_millisecond
        completion_at_end_of_lease_is_late
        clock_set_back_ends_no_lease
        clock_set_back_does_not_prolong_lease
        clock_set_back_keeps_lease_in_force
        lease_that_was_extended_after_clock_set_back_ends_in_time
        clock_set_back_keeps_free_effects_free
        effect_leased_before_clock_was_set_back_is_listed
    ])
}

/// Returns the tests that need no store.
pub(crate) fn without_store() -> Vec<Trial> {
    trials!("effects", [default_delay_of_retry_equals_default_lease])
}

/// `postback-core` knows no lease, and has a constant of its own.
async fn default_delay_of_retry_equals_default_lease() {
    let reply = Retry::from(LeaseError::Expired).reply();
    let delay = reply.headers().find(|(name, _)| *name == "retry-after");
    assert_eq!(delay.unwrap().1, DEFAULT_LEASE.as_secs().to_string());
}

async fn panicked_effect_runs_again_after_lease<L: LeaseBackend>(store: &L) {
    let leases = store.leases().clone();
    let panicked = tokio::spawn(async move {
        run_effect_with_lease(&leases, &payment("A"), MAIL, SHORT, |_| async {
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

/// No other worker has begun the effect, so it need not run again.
async fn effect_longer_than_lease_is_completed_late<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |_| async {
        while_blocked(store.pass(LONGER));
        Ok::<_, &str>(1)
    });
    assert_eq!(slow.await.unwrap(), EffectOutcome::CompletedLate(1));
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Duplicate);
}

/// The effect takes longer than its lease, in real time on every store.
async fn lease_is_extended_while_effect_runs<L: LeaseBackend>(store: &L) {
    let length = Duration::from_millis(600);
    let paid = payment("A");
    let long = run_effect_with_lease(store.leases(), &paid, MAIL, length, |_| async {
        let counter = AtomicU32::new(0);
        for _ in 0..6 {
            tokio::time::sleep(length / 3).await;
            let second = count(store.leases(), &payment("A"), &counter).await;
            assert!(is_in_flight(&second), "{second:?}");
        }
        Ok::<_, &str>(1)
    });
    assert_eq!(long.await.unwrap(), EffectOutcome::Ran(1));
}

async fn lease_that_effect_extended_is_not_shortened<L: LeaseBackend>(store: &L) {
    let length = Duration::from_millis(600);
    let paid = payment("A");
    let long = run_effect_with_lease(store.leases(), &paid, MAIL, length, |lease| async move {
        lease.extend(HOUR).await?;
        tokio::time::sleep(length * 2).await;
        let left = only_pending_effect(store.leases()).await;
        assert!(left.held_for() > HOUR / 2, "{left:?}");
        Ok::<_, LeaseError>(())
    });
    assert_eq!(long.await.unwrap(), EffectOutcome::Ran(()));
}

/// A task that extends the lease of an effect outlives it, or its statement arrives late.
async fn released_lease_is_not_extended<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let mut kept = None;
    let failed = run_effect_with_lease(store.leases(), &paid, MAIL, HOUR, |lease| {
        kept = Some(lease);
        async { Err::<(), _>("no") }
    });
    assert!(failed.await.is_err());
    let extended = kept.unwrap().extend(HOUR).await;
    assert!(matches!(extended, Err(LeaseError::Expired)), "{extended:?}");
    succeed(store.leases(), &payment("A")).await;
}

async fn overtaken_effect_returns_lease_expired<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |_| async {
        while_blocked(async {
            store.pass(LONGER).await;
            succeed(store.leases(), &payment("A")).await;
        });
        Ok::<_, &str>(())
    });
    let slow = slow.await;
    assert!(
        matches!(slow, Err(EffectError::LeaseExpired { .. })),
        "{slow:?}"
    );
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Duplicate);
}

async fn stale_lease_cannot_release_newer_lease<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |_| async {
        while_blocked(async {
            store.pass(LONGER).await;
            abandon(store.leases(), &payment("A"), HOUR).await;
        });
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
    let long = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |lease| async move {
        lease.extend(HOUR).await?;
        store.pass(LONGER).await;
        Ok::<_, LeaseError>(())
    });
    assert_eq!(long.await.unwrap(), EffectOutcome::Ran(()));
}

async fn ended_lease_is_extended_if_no_other_was_given<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let long = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |lease| async move {
        while_blocked(store.pass(LONGER));
        lease.extend(HOUR).await?;
        let counter = AtomicU32::new(0);
        let second = count(store.leases(), &payment("A"), &counter).await;
        assert!(is_in_flight(&second), "{second:?}");
        Ok::<_, LeaseError>(())
    });
    assert_eq!(long.await.unwrap(), EffectOutcome::Ran(()));
}

async fn overtaken_lease_is_not_extended<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let long = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |lease| async move {
        while_blocked(async {
            store.pass(LONGER).await;
            fail(store.leases(), &payment("A")).await;
        });
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

/// An effect can pass its lease to another task.
async fn lease_of_done_effect_is_not_extended<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let ran = run_effect_with_lease(store.leases(), &paid, MAIL, HOUR, |lease| async {
        lease.extend(HOUR).await.unwrap();
        Ok::<_, &str>(lease)
    });
    let Ok(EffectOutcome::Ran(lease)) = ran.await else {
        panic!("it runs");
    };
    let extended = lease.extend(HOUR).await;
    assert!(matches!(extended, Err(LeaseError::Expired)), "{extended:?}");
}

/// A person has decided that the effect is done, and its worker comes back.
async fn effect_dismissed_after_lease_returns_lease_expired<L: LeaseBackend>(store: &L) {
    let paid = payment("A");
    let slow = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |lease| async move {
        while_blocked(async {
            store.pass(LONGER).await;
            let left = only_pending_effect(store.leases()).await;
            assert!(store.leases().dismiss(&left).await.unwrap());
        });
        let extended = lease.extend(HOUR).await;
        assert!(matches!(extended, Err(LeaseError::Expired)), "{extended:?}");
        Ok::<_, &str>("mailed")
    });
    let Err(EffectError::LeaseExpired { value, .. }) = slow.await else {
        panic!("it is completed");
    };
    assert_eq!(value, "mailed");
}

async fn tokens_rise_with_each_lease<L: LeaseBackend>(store: &L) {
    let mut last = 0;
    for _ in 0..3 {
        let mut token = 0;
        let paid = payment("A");
        let failed = run_effect_with_lease(store.leases(), &paid, MAIL, HOUR, |lease| {
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

/// A lease of two seconds is in force for two seconds, and not for a millisecond more.
async fn lease_ends_at_its_last_millisecond<L: SetBack>(store: &L) {
    const MILLISECOND: Duration = Duration::from_millis(1);
    store.stop_clock();
    abandon(store.leases(), &payment("A"), SHORT).await;
    store.pass(SHORT - MILLISECOND).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.held_for(), MILLISECOND);
    let free = EffectFilter::of_all_projects();
    assert_eq!(
        store.leases().pending_effects(&free).await.unwrap().len(),
        0
    );
    assert!(!store.leases().dismiss(&left).await.unwrap());
    let counter = AtomicU32::new(0);
    let held = count(store.leases(), &payment("A"), &counter).await;
    assert!(is_in_flight(&held), "{held:?}");

    store.pass(MILLISECOND).await;
    let left = only_pending_effect(store.leases()).await;
    assert_eq!(left.held_for(), Duration::ZERO);
    assert_eq!(
        store.leases().pending_effects(&free).await.unwrap().len(),
        1
    );
    let ran = count(store.leases(), &payment("A"), &counter).await;
    assert_eq!(ran.unwrap(), EffectOutcome::Ran(1));

    abandon(store.leases(), &payment("B"), SHORT).await;
    store.pass(SHORT).await;
    let left = only_pending_effect(store.leases()).await;
    let resumed: Ran = resume_effect(store.leases(), &left, || async { Ok(2) }).await;
    assert_eq!(resumed.unwrap(), EffectOutcome::Ran(2));

    abandon(store.leases(), &payment("C"), SHORT).await;
    store.pass(SHORT).await;
    let left = only_pending_effect(store.leases()).await;
    assert!(store.leases().dismiss(&left).await.unwrap());
}

async fn completion_at_end_of_lease_is_late<L: SetBack>(store: &L) {
    store.stop_clock();
    for (id, takes, expected) in [
        (
            "A",
            SHORT - Duration::from_millis(1),
            EffectOutcome::Ran(()),
        ),
        ("B", SHORT, EffectOutcome::CompletedLate(())),
    ] {
        let paid = payment(id);
        let ran = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |_| async {
            store.pass(takes).await;
            Ok::<_, &str>(())
        });
        assert_eq!(ran.await.unwrap(), expected, "{id}");
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
    let ran = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |lease| async move {
        store.set_back(HOUR);
        let counter = AtomicU32::new(0);
        let second = count(store.leases(), &payment("A"), &counter).await;
        assert!(is_in_flight(&second), "{second:?}");
        lease.extend(SHORT).await?;
        Ok::<_, LeaseError>(())
    });
    assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()));
}

async fn lease_that_was_extended_after_clock_set_back_ends_in_time<L: SetBack>(store: &L) {
    let paid = payment("A");
    let dropped = run_effect_with_lease(store.leases(), &paid, MAIL, SHORT, |lease| async move {
        store.set_back(HOUR);
        lease.extend(SHORT).await?;
        std::future::pending::<Result<(), LeaseError>>().await
    });
    let dropped = tokio::time::timeout(Duration::from_millis(300), dropped).await;
    assert!(dropped.is_err(), "{dropped:?}");
    store.pass(LONGER).await;
    succeed(store.leases(), &payment("A")).await;
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

/// The store cannot tell when its lease ends, until the next attempt starts the lease again.
async fn effect_leased_before_clock_was_set_back_is_listed<L: SetBack>(store: &L) {
    abandon(store.leases(), &payment("A"), SHORT).await;
    let listed = async || {
        let free = EffectFilter::of_all_projects();
        store.leases().pending_effects(&free).await.unwrap().len()
    };
    assert_eq!(listed().await, 0, "control case");
    store.set_back(HOUR);
    assert_eq!(listed().await, 1);
}
