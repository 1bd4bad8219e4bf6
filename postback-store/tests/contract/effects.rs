//! What `once` promises, on every store that gives leases.

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
    Rejection,
    claim::{Claim, Finality},
};
use postback_store::{
    LeaseError, LeaseStore, Once, OnceError, StoreError, Unfinished, once, once_leased,
    redis::{Durability, RedisStore},
    resume, resume_leased,
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinSet, time::timeout};

use crate::{
    backend::{Backend, Redis},
    cases::{run, trial},
    events::{Payment, callback, payment},
    leasing::{Leasing, SetBack},
};

/// A lease that a test waits for the end of, on servers in earnest.
const SHORT: Duration = Duration::from_secs(2);
/// A little longer.
const LONGER: Duration = Duration::from_millis(2_400);
const HOUR: Duration = Duration::from_secs(3_600);

macro_rules! contract {
    ($name:ident, $Store:ident, [$($test:ident)*]) => {
        vec![$(trial($name, concat!("once::", stringify!($test)), || {
            run(async { $test(&$Store::fresh().await).await });
        })),*]
    };
}

/// The tests of one store.
pub(crate) fn all<L: Leasing>(name: &str) -> Vec<Trial> {
    contract!(name, L, [
        an_effect_runs_once
        what_fails_runs_again
        what_panics_runs_again_when_its_lease_has_ended
        what_is_dropped_runs_again_when_its_lease_has_ended
        what_is_at_work_is_in_flight
        sixty_four_tasks_run_each_event_once_and_never_two_at_once
        who_is_slower_than_his_lease_is_fenced
        who_was_overtaken_is_fenced
        who_was_overtaken_does_not_release_his_successor
        a_lease_that_is_extended_holds
        a_lease_that_has_ended_is_not_extended
        tokens_rise
        another_scope_is_another_event
        another_token_of_the_same_invoice_is_the_same_event
        what_changed_is_not_run
        what_changed_while_unfinished_is_not_run
        pending_and_final_both_run
        a_pending_notice_after_the_final_one_is_superseded
        an_unfinished_pending_notice_is_superseded_by_the_final_one
        the_same_transfer_under_another_id_is_not_run
        pending_notices_of_one_transfer_both_run
        a_possible_duplicate_runs_once_approved
        a_possible_duplicate_is_dismissed
        what_is_at_work_is_not_dismissed
        what_failed_is_unfinished_with_all_that_was_said
        what_is_at_work_is_unfinished_and_held
        what_is_done_is_not_unfinished
        what_is_unfinished_is_resumed_once
        what_was_tried_the_longest_ago_comes_first
        possible_duplicates_come_last
        what_is_superseded_is_pruned
        what_is_unfinished_is_not_pruned
        the_answers_are_those_of_the_table
        what_is_recorded_is_not_in_debug
    ])
}

/// Where there are transactions of the application's.
pub(crate) fn beside_claims<B: Backend>(name: &str) -> Vec<Trial> {
    contract!(name, B, [
        what_is_recorded_in_a_transaction_is_unfinished_once_committed
        what_is_recorded_in_a_transaction_that_is_rolled_back_is_not
        what_is_recorded_twice_is_one
        a_lease_that_was_waited_for_is_whole
        a_credit_within_once_is_made_once
        a_transfer_that_was_claimed_is_not_run_under_another_id
        a_transfer_that_was_recorded_is_not_run_under_another_id
    ])
}

/// Where the clock is the process's own.
pub(crate) fn set_back<L: SetBack>(name: &str) -> Vec<Trial> {
    contract!(name, L, [
        a_clock_set_back_ends_no_lease
        a_clock_set_back_does_not_prolong_a_lease_by_an_hour
        a_clock_set_back_fences_nobody_in_time
        a_clock_set_back_keeps_nobody_from_what_is_free
    ])
}

/// What is Redis's own.
pub(crate) fn of_redis() -> Vec<Trial> {
    vec![
        trial("redis", "a_server_that_evicts_is_refused", || {
            run(a_server_that_evicts_is_refused());
        }),
        trial("redis", "a_server_that_is_full_runs_nothing", || {
            run(a_server_that_is_full_runs_nothing());
        }),
        trial("redis", "durability_is_read_from_the_server", || {
            run(durability_is_read_from_the_server());
        }),
        trial("redis", "what_was_deleted_by_hand_hides_nothing", || {
            run(what_was_deleted_by_hand_hides_nothing());
        }),
        trial(
            "redis",
            "what_was_deleted_by_hand_and_failed_is_not_pruned",
            || run(what_was_deleted_by_hand_and_failed_is_not_pruned()),
        ),
        trial("redis", "a_scope_cannot_pose_as_another", || {
            run(a_scope_cannot_pose_as_another());
        }),
    ]
}

type Ran = Result<Once<u32>, OnceError<&'static str>>;

/// Runs an effect that counts.
async fn count(store: &impl LeaseStore, claim: Claim, counter: &AtomicU32) -> Ran {
    once(store, claim, || async {
        Ok(counter.fetch_add(1, Ordering::Relaxed) + 1)
    })
    .await
}

async fn fail(store: &impl LeaseStore, claim: Claim) {
    let failed: Ran = once(store, claim, || async { Err("no") }).await;
    assert!(matches!(failed, Err(OnceError::Effect("no"))), "{failed:?}");
}

async fn succeed(store: &impl LeaseStore, claim: Claim) {
    let done: Ran = once(store, claim, || async { Ok(0) }).await;
    assert_eq!(done.unwrap(), Once::Ran(0));
}

/// Begins an effect under a lease, and dies at it.
async fn abandon(store: &impl LeaseStore, claim: Claim, length: Duration) {
    let begun = AtomicU32::new(0);
    let effect = once_leased(store, claim, length, |_| async {
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
    matches!(ran, Err(OnceError::InFlight { .. }))
}

async fn unfinished(store: &impl LeaseStore) -> Vec<Unfinished> {
    store.unfinished(1_000).await.unwrap()
}

async fn the_unfinished(store: &impl LeaseStore) -> Unfinished {
    let [one] = unfinished(store).await.try_into().unwrap();
    one
}

async fn an_effect_runs_once<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    let first = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(first.unwrap(), Once::Ran(1));
    for _ in 0..3 {
        let again = count(store.leases(), payment("A"), &counter).await;
        assert_eq!(again.unwrap(), Once::AlreadyDone);
    }
    let other = count(store.leases(), payment("B"), &counter).await;
    assert_eq!(other.unwrap(), Once::Ran(2));
}

async fn what_fails_runs_again<L: Leasing>(store: &L) {
    for _ in 0..3 {
        fail(store.leases(), payment("A")).await;
    }
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(then.unwrap(), Once::Ran(1));
}

async fn what_panics_runs_again_when_its_lease_has_ended<L: Leasing>(store: &L) {
    let leases = store.leases().clone();
    let panicked = tokio::spawn(async move {
        once_leased(&leases, payment("A"), SHORT, |_| async {
            panic!("on purpose");
            #[expect(unreachable_code, reason = "it says what the effect would be")]
            Ok::<(), &str>(())
        })
        .await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    runs_when_the_lease_has_ended(store).await;
}

async fn what_is_dropped_runs_again_when_its_lease_has_ended<L: Leasing>(store: &L) {
    abandon(store.leases(), payment("A"), SHORT).await;
    runs_when_the_lease_has_ended(store).await;
}

async fn runs_when_the_lease_has_ended<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    let before = count(store.leases(), payment("A"), &counter).await;
    assert!(is_in_flight(&before), "{before:?}");
    store.pass(LONGER).await;
    let then = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(then.unwrap(), Once::Ran(1));
}

async fn what_is_at_work_is_in_flight<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    let (begun, has_begun) = oneshot::channel();
    let (end, is_to_end) = oneshot::channel();
    let leases = store.leases().clone();
    let first = tokio::spawn(async move {
        once(&leases, payment("A"), || async {
            begun.send(()).unwrap();
            is_to_end.await.map_err(|_| "never")
        })
        .await
    });
    has_begun.await.unwrap();
    for _ in 0..3 {
        let second = count(store.leases(), payment("A"), &counter).await;
        let Err(OnceError::InFlight { held_for }) = second else {
            panic!("{second:?}");
        };
        assert!(held_for > Duration::from_secs(30), "{held_for:?}");
        assert!(held_for <= Duration::from_secs(60), "{held_for:?}");
    }
    let other = count(store.leases(), payment("B"), &counter).await;
    assert_eq!(other.unwrap(), Once::Ran(1));
    end.send(7).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), Once::Ran(7));
    let then = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(then.unwrap(), Once::AlreadyDone);
}

async fn sixty_four_tasks_run_each_event_once_and_never_two_at_once<L: Leasing>(store: &L) {
    let at_work: Arc<[AtomicU32; 20]> = Arc::default();
    let done: Arc<[AtomicU32; 20]> = Arc::default();
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let leases = store.leases().clone();
        let (at_work, done) = (Arc::clone(&at_work), Arc::clone(&done));
        tasks.spawn(async move {
            for (number, (at_work, done)) in at_work.iter().zip(done.iter()).enumerate() {
                loop {
                    let ran = once(&leases, payment(&format!("ORDER{number}")), || async {
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        tokio::task::yield_now().await;
                        at_work.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, &str>(())
                    });
                    match ran.await {
                        Ok(_) => break,
                        Err(OnceError::InFlight { .. } | OnceError::Store(StoreError::Busy(_))) => {
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

async fn who_is_slower_than_his_lease_is_fenced<L: Leasing>(store: &L) {
    let slow = once_leased(store.leases(), payment("A"), SHORT, |_| async {
        store.pass(LONGER).await;
        Ok::<_, &str>(())
    });
    let slow = slow.await;
    assert!(matches!(slow, Err(OnceError::Fenced)), "{slow:?}");
    let left = the_unfinished(store.leases()).await;
    assert_eq!(left.held_for(), Duration::ZERO);
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(then.unwrap(), Once::Ran(1));
}

async fn who_was_overtaken_is_fenced<L: Leasing>(store: &L) {
    let slow = once_leased(store.leases(), payment("A"), SHORT, |_| async {
        store.pass(LONGER).await;
        succeed(store.leases(), payment("A")).await;
        Ok::<_, &str>(())
    });
    let slow = slow.await;
    assert!(matches!(slow, Err(OnceError::Fenced)), "{slow:?}");
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(then.unwrap(), Once::AlreadyDone);
}

async fn who_was_overtaken_does_not_release_his_successor<L: Leasing>(store: &L) {
    let slow = once_leased(store.leases(), payment("A"), SHORT, |_| async {
        store.pass(LONGER).await;
        abandon(store.leases(), payment("A"), HOUR).await;
        Err::<(), _>("too late")
    });
    let slow = slow.await;
    assert!(
        matches!(slow, Err(OnceError::Effect("too late"))),
        "{slow:?}"
    );
    let counter = AtomicU32::new(0);
    let then = count(store.leases(), payment("A"), &counter).await;
    assert!(is_in_flight(&then), "{then:?}");
}

async fn a_lease_that_is_extended_holds<L: Leasing>(store: &L) {
    let long = once_leased(store.leases(), payment("A"), SHORT, |lease| async move {
        lease.extend(HOUR).await?;
        store.pass(LONGER).await;
        Ok::<_, LeaseError>(())
    });
    assert_eq!(long.await.unwrap(), Once::Ran(()));
}

async fn a_lease_that_has_ended_is_not_extended<L: Leasing>(store: &L) {
    let long = once_leased(store.leases(), payment("A"), SHORT, |lease| async move {
        store.pass(LONGER).await;
        lease.extend(HOUR).await
    });
    let long = long.await;
    assert!(
        matches!(long, Err(OnceError::Effect(LeaseError::Fenced))),
        "{long:?}"
    );
    succeed(store.leases(), payment("A")).await;
}

async fn tokens_rise<L: Leasing>(store: &L) {
    let mut last = 0;
    for _ in 0..3 {
        let mut token = 0;
        let failed = once_leased(store.leases(), payment("A"), HOUR, |lease| {
            token = lease.token();
            async { Err::<(), _>("no") }
        });
        assert!(failed.await.is_err());
        assert!(token > last, "{token} after {last}");
        last = token;
    }
    let left = the_unfinished(store.leases()).await;
    assert_eq!(left.attempts(), last);
    let resumed = resume_leased(store.leases(), &left, HOUR, |lease| async move {
        Ok::<_, &str>(lease.token())
    });
    let Ok(Once::Ran(token)) = resumed.await else {
        panic!("it is resumed");
    };
    assert!(token > last, "{token} after {last}");
}

async fn another_scope_is_another_event<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    for (scope, number) in [(None, 1), (Some("eu"), 2), (Some("us"), 3)] {
        let of = Payment {
            scope,
            ..Payment::default()
        };
        let ran = count(store.leases(), of.claim("A"), &counter).await;
        assert_eq!(ran.unwrap(), Once::Ran(number), "{scope:?}");
    }
}

async fn another_token_of_the_same_invoice_is_the_same_event<L: Leasing>(store: &L) {
    succeed(store.leases(), payment("A")).await;
    let again = Payment {
        expiry: 1_769_509_999,
        by_trybit: true,
        ..Payment::default()
    };
    let counter = AtomicU32::new(0);
    let again = count(store.leases(), again.claim("A"), &counter).await;
    assert_eq!(again.unwrap(), Once::AlreadyDone);
}

fn changed() -> Claim {
    Payment {
        amount: "0.06",
        ..Payment::default()
    }
    .claim("A")
}

async fn what_changed_is_not_run<L: Leasing>(store: &L) {
    succeed(store.leases(), payment("A")).await;
    is_changed(store).await;
}

/// What was recorded stands, and is finished as it was.
async fn what_changed_while_unfinished_is_not_run<L: Leasing>(store: &L) {
    fail(store.leases(), payment("A")).await;
    is_changed(store).await;
    let left = the_unfinished(store.leases()).await;
    assert_eq!(left.event(), payment("A").event());
    succeed(store.leases(), payment("A")).await;
}

async fn is_changed<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    let expected = Once::Changed {
        before: *payment("A").digest(),
        now: *changed().digest(),
    };
    let ran = count(store.leases(), changed(), &counter).await;
    assert_eq!(ran.unwrap(), expected);
    assert_eq!(counter.into_inner(), 0);
}

async fn pending_and_final_both_run<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    for (pending, number) in [(true, 1), (false, 2)] {
        let notice = callback("u-1", "tx-1", pending);
        let ran = count(store.leases(), notice, &counter).await;
        assert_eq!(ran.unwrap(), Once::Ran(number), "pending: {pending}");
    }
    for pending in [true, false] {
        let notice = callback("u-1", "tx-1", pending);
        let again = count(store.leases(), notice, &counter).await;
        assert_eq!(again.unwrap(), Once::AlreadyDone, "pending: {pending}");
    }
}

async fn a_pending_notice_after_the_final_one_is_superseded<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    fail(store.leases(), callback("u-1", "tx-1", false)).await;
    for _ in 0..2 {
        let pending = count(store.leases(), callback("u-1", "tx-1", true), &counter);
        assert_eq!(pending.await.unwrap(), Once::Superseded);
        assert_eq!(
            the_unfinished(store.leases()).await.finality(),
            Finality::Final
        );
    }
    succeed(store.leases(), callback("u-1", "tx-1", false)).await;
    let pending = count(store.leases(), callback("u-1", "tx-1", true), &counter);
    assert_eq!(pending.await.unwrap(), Once::Superseded);
}

async fn an_unfinished_pending_notice_is_superseded_by_the_final_one<L: Leasing>(store: &L) {
    fail(store.leases(), callback("u-1", "tx-1", true)).await;
    let left = the_unfinished(store.leases()).await;
    assert_eq!(left.finality(), Finality::Pending);
    fail(store.leases(), callback("u-1", "tx-1", false)).await;
    assert_eq!(
        the_unfinished(store.leases()).await.finality(),
        Finality::Final
    );
    let resumed = resume(store.leases(), &left, || async { Ok::<_, &str>(()) });
    assert_eq!(resumed.await.unwrap(), Once::Superseded);
}

async fn the_same_transfer_under_another_id_is_not_run<L: Leasing>(store: &L) {
    succeed(store.leases(), callback("u-1", "tx-1", false)).await;
    let counter = AtomicU32::new(0);
    let expected = Once::PossibleDuplicate {
        of: "u-1".to_owned(),
    };
    for _ in 0..3 {
        let second = count(store.leases(), callback("u-2", "tx-1", false), &counter);
        assert_eq!(second.await.unwrap(), expected);
    }
    let left = the_unfinished(store.leases()).await;
    assert_eq!(
        (left.id(), left.possible_duplicate_of()),
        ("u-2", Some("u-1"))
    );
    let resumed: Ran = resume(store.leases(), &left, || async { Ok(1) }).await;
    assert_eq!(resumed.unwrap(), expected);
    assert_eq!(counter.into_inner(), 0);
    succeed(store.leases(), callback("u-3", "tx-3", false)).await;
}

async fn pending_notices_of_one_transfer_both_run<L: Leasing>(store: &L) {
    for uuid in ["u-1", "u-2"] {
        succeed(store.leases(), callback(uuid, "tx-1", true)).await;
    }
}

/// "u-2", whose transfer "u-1" had before.
async fn possible_duplicate<L: Leasing>(store: &L, counter: &AtomicU32) -> Unfinished {
    succeed(store.leases(), callback("u-1", "tx-1", false)).await;
    let held = count(store.leases(), callback("u-2", "tx-1", false), counter).await;
    assert!(matches!(held, Ok(Once::PossibleDuplicate { .. })));
    the_unfinished(store.leases()).await
}

async fn a_possible_duplicate_runs_once_approved<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    let left = possible_duplicate(store, &counter).await;
    assert!(store.leases().approve(&left).await.unwrap());
    assert!(!store.leases().approve(&left).await.unwrap());
    for expected in [Once::Ran(1), Once::AlreadyDone] {
        let then = count(store.leases(), callback("u-2", "tx-1", false), &counter);
        assert_eq!(then.await.unwrap(), expected);
    }
}

async fn a_possible_duplicate_is_dismissed<L: Leasing>(store: &L) {
    let counter = AtomicU32::new(0);
    let left = possible_duplicate(store, &counter).await;
    assert!(store.leases().dismiss(&left).await.unwrap());
    assert!(!store.leases().dismiss(&left).await.unwrap());
    assert!(!store.leases().approve(&left).await.unwrap());
    let then = count(store.leases(), callback("u-2", "tx-1", false), &counter).await;
    assert_eq!(then.unwrap(), Once::AlreadyDone);
    assert!(unfinished(store.leases()).await.is_empty());
}

async fn what_is_at_work_is_not_dismissed<L: Leasing>(store: &L) {
    let worked = once(store.leases(), payment("A"), || async {
        let left = the_unfinished(store.leases()).await;
        Ok::<_, &str>(store.leases().dismiss(&left).await.unwrap())
    });
    assert_eq!(worked.await.unwrap(), Once::Ran(false));
}

async fn what_failed_is_unfinished_with_all_that_was_said<L: Leasing>(store: &L) {
    let scoped = Payment {
        scope: Some("eu"),
        ..Payment::default()
    };
    let claim = scoped.claim("A");
    for attempts in 1..=2 {
        fail(store.leases(), claim.clone()).await;
        let left = the_unfinished(store.leases()).await;
        assert_eq!(left.namespace(), claim.namespace());
        assert_eq!((left.scope(), left.id()), (claim.scope(), claim.id()));
        assert_eq!(left.finality(), claim.finality());
        assert_eq!(left.event(), claim.event());
        assert_eq!(left.attempts(), attempts);
        assert_eq!(left.possible_duplicate_of(), None);
        assert_eq!(left.held_for(), Duration::ZERO);
        // The clocks of servers are this machine's.
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(left.recorded_at().try_into().unwrap()) < 60);
    }
}

async fn what_is_at_work_is_unfinished_and_held<L: Leasing>(store: &L) {
    abandon(store.leases(), payment("A"), HOUR).await;
    let left = the_unfinished(store.leases()).await;
    assert!(left.held_for() > HOUR / 2, "{left:?}");
    assert!(left.held_for() <= HOUR, "{left:?}");
    let resumed: Ran = resume(store.leases(), &left, || async { Ok(1) }).await;
    assert!(is_in_flight(&resumed), "{resumed:?}");
}

async fn what_is_done_is_not_unfinished<L: Leasing>(store: &L) {
    fail(store.leases(), payment("A")).await;
    succeed(store.leases(), payment("B")).await;
    assert_eq!(the_unfinished(store.leases()).await.id(), "A");
    succeed(store.leases(), payment("A")).await;
    assert!(unfinished(store.leases()).await.is_empty());
}

async fn what_is_unfinished_is_resumed_once<L: Leasing>(store: &L) {
    fail(store.leases(), payment("A")).await;
    let left = the_unfinished(store.leases()).await;
    let failed: Ran = resume(store.leases(), &left, || async { Err("again") }).await;
    assert!(matches!(failed, Err(OnceError::Effect("again"))));
    let resumed: Ran = resume(store.leases(), &left, || async { Ok(1) }).await;
    assert_eq!(resumed.unwrap(), Once::Ran(1));
    let again: Ran = resume(store.leases(), &left, || async { Ok(2) }).await;
    assert_eq!(again.unwrap(), Once::AlreadyDone);
    let counter = AtomicU32::new(0);
    let delivered = count(store.leases(), payment("A"), &counter).await;
    assert_eq!(delivered.unwrap(), Once::AlreadyDone);
}

async fn what_was_tried_the_longest_ago_comes_first<L: Leasing>(store: &L) {
    let a_moment = Duration::from_millis(20);
    for id in ["A", "B", "C", "A"] {
        fail(store.leases(), payment(id)).await;
        store.pass(a_moment).await;
    }
    let left = store.leases().unfinished(2).await.unwrap();
    let ids: Vec<_> = left.iter().map(Unfinished::id).collect();
    assert_eq!(ids, ["B", "C"]);
    let all = unfinished(store.leases()).await;
    let ids: Vec<_> = all.iter().map(Unfinished::id).collect();
    assert_eq!(ids, ["B", "C", "A"]);
}

/// However many wait for a person.
async fn possible_duplicates_come_last<L: Leasing>(store: &L) {
    succeed(store.leases(), callback("u-0", "tx-1", false)).await;
    let counter = AtomicU32::new(0);
    for uuid in ["u-1", "u-2", "u-3"] {
        let held = count(store.leases(), callback(uuid, "tx-1", false), &counter).await;
        assert!(matches!(held, Ok(Once::PossibleDuplicate { .. })));
    }
    store.pass(Duration::from_millis(20)).await;
    fail(store.leases(), payment("A")).await;
    for (limit, expected) in [
        (0, &[][..]),
        (1, &["A"]),
        (2, &["A", "u-1"]),
        (9, &["A", "u-1", "u-2", "u-3"]),
    ] {
        let left = store.leases().unfinished(limit).await.unwrap();
        let ids: Vec<_> = left.iter().map(Unfinished::id).collect();
        assert_eq!(ids, expected, "{limit}");
    }
}

async fn what_is_superseded_is_pruned<L: Leasing>(store: &L) {
    fail(store.leases(), callback("u-1", "tx-1", true)).await;
    assert_eq!(store.prune(9_000_000_000).await, 0);
    fail(store.leases(), callback("u-1", "tx-1", false)).await;
    assert_eq!(store.prune(9_000_000_000).await, 1);
    succeed(store.leases(), callback("u-1", "tx-1", false)).await;
    assert_eq!(store.prune(9_000_000_000).await, 1);
}

async fn what_is_unfinished_is_not_pruned<L: Leasing>(store: &L) {
    fail(store.leases(), payment("A")).await;
    succeed(store.leases(), payment("B")).await;
    assert_eq!(store.prune(1_000_000_000).await, 0);
    assert_eq!(store.prune(9_000_000_000).await, 1);
    assert_eq!(store.prune(9_000_000_000).await, 0);
    let left = the_unfinished(store.leases()).await;
    assert_eq!(left.event(), payment("A").event());
    let counter = AtomicU32::new(0);
    let again = count(store.leases(), payment("B"), &counter).await;
    assert_eq!(again.unwrap(), Once::AlreadyDone);
}

async fn the_answers_are_those_of_the_table<L: Leasing>(store: &L) {
    type Answered = Result<Once<()>, OnceError<&'static str>>;
    let code = |answered: Answered| Rejection::from(answered.unwrap_err()).code();
    let failed: Answered = once(store.leases(), payment("A"), || async { Err("no") }).await;
    assert_eq!(code(failed), "effect_failed");
    let slow: Answered = once_leased(store.leases(), payment("A"), SHORT, |_| async {
        store.pass(LONGER).await;
        Ok(())
    })
    .await;
    assert_eq!(code(slow), "fenced");
    abandon(store.leases(), payment("A"), HOUR).await;
    let busy: Answered = once(store.leases(), payment("A"), || async { Ok(()) }).await;
    assert_eq!(code(busy), "in_flight");
}

async fn what_is_recorded_is_not_in_debug<L: Leasing>(store: &L) {
    let mut shown = format!("{store:?} {:?}", store.leases());
    let failed = once_leased(store.leases(), payment("A"), HOUR, |lease| {
        shown += &format!(" {lease:?}");
        async { Err::<(), _>("no") }
    });
    assert!(failed.await.is_err());
    shown += &format!(" {:?}", the_unfinished(store.leases()).await);
    assert!(shown.contains("Unfinished"), "{shown}");
    assert!(!shown.contains("0.05"), "{shown}");
}

async fn what_is_recorded_in_a_transaction_is_unfinished_once_committed<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    let claimed = store.claim(&mut transaction, payment("A")).await;
    assert!(claimed.unwrap().is_new());
    store.record(&mut transaction, payment("A")).await;
    store.commit(transaction).await;
    let left = the_unfinished(store.leases()).await;
    assert_eq!((left.id(), left.attempts()), ("A", 0));
    assert_eq!(left.event(), payment("A").event());
    let counter = AtomicU32::new(0);
    for expected in [Once::Ran(1), Once::AlreadyDone] {
        let ran = count(store.leases(), payment("A"), &counter).await;
        assert_eq!(ran.unwrap(), expected);
    }
    assert!(unfinished(store.leases()).await.is_empty());
}

async fn what_is_recorded_in_a_transaction_that_is_rolled_back_is_not<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    store.record(&mut transaction, payment("A")).await;
    drop(transaction);
    assert!(unfinished(store.leases()).await.is_empty());
}

async fn what_is_recorded_twice_is_one<B: Backend>(store: &B) {
    let record = async |claim| {
        let mut transaction = store.begin().await;
        store.record(&mut transaction, claim).await;
        store.commit(transaction).await;
    };
    record(payment("A")).await;
    fail(store.leases(), payment("A")).await;
    record(payment("A")).await;
    let left = the_unfinished(store.leases()).await;
    assert_eq!(left.attempts(), 1);
    succeed(store.leases(), payment("A")).await;
    record(payment("A")).await;
    assert!(unfinished(store.leases()).await.is_empty());
}

/// Somebody's transaction has the event, for longer than the lease is to be.
async fn a_lease_that_was_waited_for_is_whole<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    store.record(&mut transaction, payment("A")).await;
    let leases = store.leases().clone();
    let waiting = tokio::spawn(async move {
        once_leased(&leases, payment("A"), SHORT, |lease| async move {
            lease.extend(SHORT).await
        })
        .await
    });
    tokio::time::sleep(LONGER).await;
    store.commit(transaction).await;
    assert_eq!(waiting.await.unwrap().unwrap(), Once::Ran(()));
}

/// What is claimed and what is recorded are different things: the claim within finds itself new.
async fn a_credit_within_once_is_made_once<B: Backend>(store: &B) {
    for fails in [true, false] {
        let credited = once(store.leases(), payment("A"), || async {
            let mut transaction = store.begin().await;
            let claimed = store.claim(&mut transaction, payment("A")).await;
            if claimed.unwrap().is_new() {
                store.credit(&mut transaction, "A").await;
            }
            store.commit(transaction).await;
            if fails { Err("no") } else { Ok(()) }
        });
        assert_eq!(credited.await.is_err(), fails);
        assert_eq!(store.credits().await, ["A"]);
    }
}

async fn a_transfer_that_was_claimed_is_not_run_under_another_id<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    let first = callback("u-1", "tx-1", false);
    let claimed = store.claim(&mut transaction, first.clone()).await;
    assert!(claimed.unwrap().is_new());
    store.commit(transaction).await;
    let counter = AtomicU32::new(0);
    let second = count(store.leases(), callback("u-2", "tx-1", false), &counter);
    let expected = Once::PossibleDuplicate {
        of: "u-1".to_owned(),
    };
    assert_eq!(second.await.unwrap(), expected);
    let first = count(store.leases(), first, &counter).await;
    assert_eq!(first.unwrap(), Once::Ran(1));
}

async fn a_transfer_that_was_recorded_is_not_run_under_another_id<B: Backend>(store: &B) {
    for uuid in ["u-1", "u-2"] {
        let mut transaction = store.begin().await;
        let recorded = callback(uuid, "tx-1", false);
        store.record(&mut transaction, recorded).await;
        store.commit(transaction).await;
    }
    let left = unfinished(store.leases()).await;
    let suspected: Vec<_> = left.iter().map(Unfinished::possible_duplicate_of).collect();
    assert_eq!(suspected, [None, Some("u-1")]);
    for left in left {
        let resumed: Ran = resume(store.leases(), &left, || async { Ok(1) }).await;
        let expected = match left.possible_duplicate_of() {
            None => Once::Ran(1),
            Some(of) => Once::PossibleDuplicate { of: of.to_owned() },
        };
        assert_eq!(resumed.unwrap(), expected);
    }
}

async fn a_clock_set_back_ends_no_lease<L: SetBack>(store: &L) {
    abandon(store.leases(), payment("A"), SHORT).await;
    store.set_back(HOUR);
    let counter = AtomicU32::new(0);
    for _ in 0..3 {
        let second = count(store.leases(), payment("A"), &counter).await;
        assert!(is_in_flight(&second), "{second:?}");
    }
}

async fn a_clock_set_back_does_not_prolong_a_lease_by_an_hour<L: SetBack>(store: &L) {
    abandon(store.leases(), payment("A"), SHORT).await;
    store.set_back(HOUR);
    let left = the_unfinished(store.leases()).await;
    assert!(left.held_for() <= SHORT, "{left:?}");
    // Who looks first has the lease run anew.
    let first: Ran = resume(store.leases(), &left, || async { Ok(0) }).await;
    assert!(is_in_flight(&first), "{first:?}");
    store.pass(LONGER).await;
    succeed(store.leases(), payment("A")).await;
}

async fn a_clock_set_back_fences_nobody_in_time<L: SetBack>(store: &L) {
    let ran = once_leased(store.leases(), payment("A"), SHORT, |lease| async move {
        store.set_back(HOUR);
        let counter = AtomicU32::new(0);
        let second = count(store.leases(), payment("A"), &counter).await;
        assert!(is_in_flight(&second), "{second:?}");
        lease.extend(SHORT).await?;
        Ok::<_, LeaseError>(())
    });
    assert_eq!(ran.await.unwrap(), Once::Ran(()));
}

async fn a_clock_set_back_keeps_nobody_from_what_is_free<L: SetBack>(store: &L) {
    for id in ["A", "B"] {
        fail(store.leases(), payment(id)).await;
    }
    store.set_back(HOUR);
    succeed(store.leases(), payment("A")).await;
    let left = the_unfinished(store.leases()).await;
    assert!(store.leases().dismiss(&left).await.unwrap());
}

async fn a_server_that_evicts_is_refused() {
    let server = Server::start();
    for policy in ["allkeys-lru", "volatile-ttl"] {
        server.set("maxmemory-policy", policy);
        let opened = RedisStore::open(&server.url).await;
        let Err(StoreError::Evicts { policy: found }) = opened else {
            panic!("{opened:?}");
        };
        assert_eq!(found, policy);
    }
    server.set("maxmemory-policy", "noeviction");
    assert!(RedisStore::open(&server.url).await.is_ok());
}

/// Whoever cannot be remembered is not run.
async fn a_server_that_is_full_runs_nothing() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    server.set("maxmemory", "1");
    let counter = AtomicU32::new(0);
    let refused = count(&store, payment("A"), &counter).await;
    assert!(
        matches!(refused, Err(OnceError::Store(StoreError::Failed(_)))),
        "{refused:?}"
    );
    server.set("maxmemory", "0");
    let then = count(&store, payment("A"), &counter).await;
    assert_eq!(then.unwrap(), Once::Ran(1));
}

async fn durability_is_read_from_the_server() {
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

async fn what_was_deleted_by_hand_hides_nothing() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    for id in ["A", "B"] {
        fail(&store, payment(id)).await;
    }
    let left = unfinished(&store).await;
    let mut connection = server.connect().unwrap();
    let deleted: u32 = redis::cmd("DEL")
        .arg("postback:effect:cryptocloud:final:0::A")
        .query(&mut connection)
        .unwrap();
    assert_eq!(deleted, 1);
    let [one] = store.unfinished(1).await.unwrap().try_into().unwrap();
    assert_eq!(one.id(), "B");
    let gone: Ran = resume(&store, &left[0], || async { Ok(1) }).await;
    assert!(matches!(gone, Err(OnceError::Store(_))), "{gone:?}");
}

/// It was done, deleted, and is new.
async fn what_was_deleted_by_hand_and_failed_is_not_pruned() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    succeed(&store, payment("A")).await;
    let mut connection = server.connect().unwrap();
    let deleted: u32 = redis::cmd("DEL")
        .arg("postback:effect:cryptocloud:final:0::A")
        .query(&mut connection)
        .unwrap();
    assert_eq!(deleted, 1);
    fail(&store, payment("A")).await;
    assert_eq!(store.prune(9_000_000_000).await.unwrap(), 0);
    let left = the_unfinished(&store).await;
    assert_eq!(left.event(), payment("A").event());
}

/// A scope that ends in what another's key goes on with.
async fn a_scope_cannot_pose_as_another() {
    let store = Redis::fresh().await;
    let counter = AtomicU32::new(0);
    let mut ran = BTreeMap::new();
    for scope in ["a", "a:A", "a:1:a", "1:a"] {
        let of = Payment {
            scope: Some(scope),
            ..Payment::default()
        };
        for id in ["A", "a-A"] {
            let done = count(store.leases(), of.claim(id), &counter).await.unwrap();
            ran.insert((scope, id), done);
        }
    }
    assert_eq!(counter.into_inner(), 8, "{ran:?}");
}

/// A server of the test's own, for its settings are its own.
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
