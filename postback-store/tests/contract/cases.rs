//! The contract, and what is one store's own.

use std::{collections::BTreeMap, future::Future, time::Duration};

use libtest_mimic::Trial;
use postback_core::{Rejection, claim::Claim};
use postback_store::{
    Claimed, Once, OnceError, StoreError, once, postgres::PostgresStore, sqlite::SqliteStore,
};
use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tokio::{runtime, task::JoinSet, time::timeout};

use crate::{
    backend::{Backend, Postgres, Sqlite},
    events::{Payment, callback, payment},
    leasing::Leasing,
    postgres_server::database,
};

/// The tests of one store.
pub(crate) fn all<B: Cases>(name: &str) -> Vec<Trial> {
    let mut trials = Vec::new();
    macro_rules! contract {
        ($($test:ident)*) => {
            $(trials.push(trial(name, stringify!($test), || run($test(B::fresh()))));)*
        };
    }
    contract! {
        a_first_delivery_is_new
        a_second_delivery_is_already_done
        another_token_of_the_same_invoice_is_already_done
        the_other_brand_of_the_gateway_is_already_done
        another_invoice_is_new
        another_scope_is_another_event
        no_scope_is_a_scope_of_its_own
        a_changed_amount_is_changed_and_the_first_stands
        the_same_amount_otherwise_written_is_already_done
        a_claim_that_is_rolled_back_is_new_again
        a_claim_and_its_effect_are_kept_together
        a_claim_and_its_effect_vanish_together
        a_panic_before_the_commit_leaves_nothing
        a_future_that_is_dropped_before_the_commit_leaves_nothing
        two_claims_within_one_transaction_are_one
        pending_then_confirmed_are_two_events
        a_pending_notice_after_the_confirmed_one_is_superseded
        a_pending_notice_twice_is_already_done
        a_pending_notice_is_not_recorded_when_superseded
        the_same_transfer_under_another_id_may_be_a_duplicate
        the_same_transfer_of_one_payment_is_no_duplicate
        pending_notices_of_one_transfer_are_no_duplicates
        a_pending_notice_beside_its_final_one_waits_and_is_superseded
        what_is_kept_is_not_in_debug
        a_possible_duplicate_is_claimed
        gateways_do_not_share_ids
        what_was_said_is_kept_until_it_is_pruned
        pruning_keeps_keys_and_digests
        a_hundred_events_from_many_tasks_are_credited_once_each
        a_second_delivery_waits_for_the_first_and_is_new_if_that_gives_up
    }
    trials.extend(B::own(name));
    trials
}

/// A store that has tests of its own beside the contract.
pub(crate) trait Cases: Backend {
    fn own(_name: &str) -> Vec<Trial> {
        Vec::new()
    }
}

impl Cases for crate::backend::Memory {}

impl Cases for Sqlite {
    fn own(name: &str) -> Vec<Trial> {
        vec![
            trial(name, "a_newer_file_is_an_error", || {
                run(a_newer_file_is_an_error());
            }),
            trial(name, "a_file_is_opened_again", || {
                run(a_file_is_opened_again());
            }),
            trial(name, "a_file_of_the_first_schema_is_migrated", || {
                run(a_file_of_the_first_schema_is_migrated());
            }),
            trial(name, "what_cannot_be_committed_is_not_run", || {
                run(what_cannot_be_committed_is_not_run());
            }),
            trial(name, "who_has_read_before_is_busy", || {
                run(who_has_read_before_is_busy());
            }),
            trial(name, "the_log_is_synced_ahead", || {
                run(the_log_is_synced_ahead());
            }),
        ]
    }
}

impl Cases for Postgres {
    fn own(name: &str) -> Vec<Trial> {
        vec![
            trial(name, "a_newer_database_is_an_error", || {
                run(a_newer_database_is_an_error());
            }),
            trial(
                name,
                "eight_that_start_at_once_make_the_tables_once",
                || run(eight_that_start_at_once_make_the_tables_once()),
            ),
            trial(name, "under_repeatable_read_the_second_is_busy", || {
                run(under_repeatable_read_the_second_is_busy());
            }),
            trial(name, "two_ids_of_one_transfer_at_once_are_seen", || {
                run(two_ids_of_one_transfer_at_once_are_seen());
            }),
            trial(name, "under_stricter_levels_the_second_id_is_busy", || {
                run(under_stricter_levels_the_second_id_is_busy());
            }),
            trial(name, "a_spoilt_transaction_does_not_commit", || {
                run(a_spoilt_transaction_does_not_commit());
            }),
            trial(name, "a_row_that_is_hidden_is_no_claim", || {
                run(a_row_that_is_hidden_is_no_claim());
            }),
        ]
    }
}

pub(crate) fn trial(name: &str, test: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(format!("{name}::{test}"), || {
        run();
        Ok(())
    })
}

pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let ended = runtime
        .unwrap()
        .block_on(async { timeout(Duration::from_secs(60), test).await });
    ended.unwrap();
}

/// Claims in a transaction of its own, and commits.
async fn deliver<B: Backend>(store: &B, claim: Claim) -> Claimed {
    let mut transaction = store.begin().await;
    let claimed = store.claim(&mut transaction, claim).await.unwrap();
    store.commit(transaction).await;
    claimed
}

/// As a handler does: what is new is credited in the same transaction.
async fn credit_once<B: Backend>(store: &B, claim: Claim) -> Claimed {
    let mut transaction = store.begin().await;
    let claimed = store.claim(&mut transaction, claim.clone()).await.unwrap();
    if claimed.is_new() {
        store.credit(&mut transaction, claim.id()).await;
    }
    store.commit(transaction).await;
    claimed
}

async fn a_first_delivery_is_new<B: Backend>(store: impl Future<Output = B>) {
    let claimed = deliver(&store.await, payment("A")).await;
    assert_eq!(claimed, Claimed::New);
    assert!(claimed.is_new());
}

async fn a_second_delivery_is_already_done<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    for _ in 0..3 {
        let claimed = deliver(&store, payment("A")).await;
        assert_eq!(claimed, Claimed::AlreadyDone);
        assert!(!claimed.is_new());
    }
}

async fn another_token_of_the_same_invoice_is_already_done<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    let later = Payment {
        expiry: 1_769_509_999,
        ..Payment::default()
    };
    assert_eq!(
        deliver(&store, later.claim("A")).await,
        Claimed::AlreadyDone
    );
}

async fn the_other_brand_of_the_gateway_is_already_done<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    let trybit = Payment {
        by_trybit: true,
        ..Payment::default()
    };
    assert_eq!(
        deliver(&store, trybit.claim("A")).await,
        Claimed::AlreadyDone
    );
}

async fn another_invoice_is_new<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    for id in ["A", "B", "a", "A-"] {
        assert_eq!(deliver(&store, payment(id)).await, Claimed::New, "{id}");
    }
}

async fn another_scope_is_another_event<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    for scope in ["eu", "us"] {
        let of = Payment {
            scope: Some(scope),
            ..Payment::default()
        };
        assert_eq!(
            deliver(&store, of.claim("A")).await,
            Claimed::New,
            "{scope}"
        );
        assert_eq!(deliver(&store, of.claim("A")).await, Claimed::AlreadyDone);
    }
}

async fn no_scope_is_a_scope_of_its_own<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let scoped = Payment {
        scope: Some("eu"),
        ..Payment::default()
    };
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    assert_eq!(deliver(&store, scoped.claim("A")).await, Claimed::New);
    assert_eq!(deliver(&store, payment("A")).await, Claimed::AlreadyDone);
}

async fn a_changed_amount_is_changed_and_the_first_stands<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let first = payment("A");
    let other = Payment {
        amount: "0.06",
        ..Payment::default()
    };
    let other = other.claim("A");
    assert_eq!(deliver(&store, first.clone()).await, Claimed::New);
    let changed = Claimed::Changed {
        before: *first.digest(),
        now: *other.digest(),
    };
    for _ in 0..2 {
        assert_eq!(deliver(&store, other.clone()).await, changed);
    }
    let stored = store.stored(first.clone()).await.unwrap();
    assert_eq!(stored.digest, *first.digest());
    assert_eq!(stored.event.as_deref(), Some(first.event()));
    assert_eq!(deliver(&store, first).await, Claimed::AlreadyDone);
}

async fn the_same_amount_otherwise_written_is_already_done<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    for amount in ["0.0500", "5e-2", "\"0.05\""] {
        let same = Payment {
            amount,
            ..Payment::default()
        };
        let claimed = deliver(&store, same.claim("A")).await;
        assert_eq!(claimed, Claimed::AlreadyDone, "{amount}");
    }
}

async fn a_claim_that_is_rolled_back_is_new_again<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    for _ in 0..2 {
        let mut transaction = store.begin().await;
        let claimed = store.claim(&mut transaction, payment("A")).await;
        assert_eq!(claimed.unwrap(), Claimed::New);
        drop(transaction);
    }
    assert_eq!(store.stored(payment("A")).await, None);
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
}

async fn a_claim_and_its_effect_are_kept_together<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    assert_eq!(credit_once(&store, payment("A")).await, Claimed::New);
    assert_eq!(
        credit_once(&store, payment("A")).await,
        Claimed::AlreadyDone
    );
    assert_eq!(store.credits().await, ["A"]);
    assert!(store.stored(payment("A")).await.is_some());
}

async fn a_claim_and_its_effect_vanish_together<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let mut transaction = store.begin().await;
    let claimed = store.claim(&mut transaction, payment("A")).await;
    assert_eq!(claimed.unwrap(), Claimed::New);
    store.credit(&mut transaction, "A").await;
    drop(transaction);
    assert_eq!(store.credits().await, Vec::<String>::new());
    assert_eq!(credit_once(&store, payment("A")).await, Claimed::New);
    assert_eq!(store.credits().await, ["A"]);
}

async fn a_panic_before_the_commit_leaves_nothing<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let panicking = store.clone();
    let handler = tokio::spawn(async move {
        let mut transaction = panicking.begin().await;
        let claimed = panicking.claim(&mut transaction, payment("A")).await;
        panicking.credit(&mut transaction, "A").await;
        panic!("as this test has it, after {claimed:?}");
    });
    assert!(handler.await.unwrap_err().is_panic());
    assert_eq!(store.credits().await, Vec::<String>::new());
    assert_eq!(credit_once(&store, payment("A")).await, Claimed::New);
}

/// As when the client hangs up, and the framework drops the handler.
async fn a_future_that_is_dropped_before_the_commit_leaves_nothing<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let handler = async {
        let mut transaction = store.begin().await;
        let claimed = store.claim(&mut transaction, payment("A")).await;
        assert_eq!(claimed.unwrap(), Claimed::New);
        store.credit(&mut transaction, "A").await;
        std::future::pending::<()>().await;
        store.commit(transaction).await;
    };
    let ended = timeout(Duration::from_millis(300), handler).await;
    assert!(ended.is_err());
    assert_eq!(store.credits().await, Vec::<String>::new());
    assert_eq!(credit_once(&store, payment("A")).await, Claimed::New);
}

async fn two_claims_within_one_transaction_are_one<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let mut transaction = store.begin().await;
    let first = store.claim(&mut transaction, payment("A")).await.unwrap();
    let second = store.claim(&mut transaction, payment("A")).await.unwrap();
    let other = store.claim(&mut transaction, payment("B")).await.unwrap();
    store.commit(transaction).await;
    let expected = (Claimed::New, Claimed::AlreadyDone, Claimed::New);
    assert_eq!((first, second, other), expected);
}

async fn pending_then_confirmed_are_two_events<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    for pending in [true, false] {
        let claimed = deliver(&store, callback("u-1", "tx-1", pending)).await;
        assert_eq!(claimed, Claimed::New, "pending: {pending}");
    }
    let again = deliver(&store, callback("u-1", "tx-1", false)).await;
    assert_eq!(again, Claimed::AlreadyDone);
}

async fn a_pending_notice_after_the_confirmed_one_is_superseded<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let confirmed = callback("u-1", "tx-1", false);
    assert_eq!(deliver(&store, confirmed).await, Claimed::New);
    for _ in 0..2 {
        let pending = deliver(&store, callback("u-1", "tx-1", true)).await;
        assert_eq!(pending, Claimed::Superseded);
    }
}

async fn a_pending_notice_twice_is_already_done<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    for expected in [Claimed::New, Claimed::AlreadyDone] {
        let claimed = deliver(&store, callback("u-1", "tx-1", true)).await;
        assert_eq!(claimed, expected);
    }
}

async fn a_pending_notice_is_not_recorded_when_superseded<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let (confirmed, pending) = (
        callback("u-1", "tx-1", false),
        callback("u-1", "tx-1", true),
    );
    assert_eq!(deliver(&store, confirmed.clone()).await, Claimed::New);
    assert_eq!(deliver(&store, pending.clone()).await, Claimed::Superseded);
    assert!(store.stored(confirmed).await.is_some());
    assert_eq!(store.stored(pending).await, None);
}

async fn the_same_transfer_under_another_id_may_be_a_duplicate<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let first = deliver(&store, callback("u-1", "tx-1", false)).await;
    let second = deliver(&store, callback("u-2", "tx-1", false)).await;
    let other = deliver(&store, callback("u-3", "tx-3", false)).await;
    let duplicate = Claimed::PossibleDuplicate {
        of: "u-1".to_owned(),
    };
    assert_eq!(
        (first, &second, other),
        (Claimed::New, &duplicate, Claimed::New)
    );
    assert!(!second.is_new());
}

async fn the_same_transfer_of_one_payment_is_no_duplicate<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    for pending in [true, false] {
        let claimed = deliver(&store, callback("u-1", "tx-1", pending)).await;
        assert_eq!(claimed, Claimed::New);
    }
}

/// Nothing was credited for them yet.
async fn pending_notices_of_one_transfer_are_no_duplicates<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    for (uuid, pending) in [("u-2", true), ("u-1", true), ("u-1", false)] {
        let claimed = deliver(&store, callback(uuid, "tx-1", pending)).await;
        assert_eq!(claimed, Claimed::New, "{uuid} pending: {pending}");
    }
    let second = deliver(&store, callback("u-2", "tx-1", false)).await;
    assert!(
        matches!(second, Claimed::PossibleDuplicate { .. }),
        "{second:?}"
    );
}

async fn a_pending_notice_beside_its_final_one_waits_and_is_superseded<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let mut first = store.begin().await;
    let claimed = store
        .claim(&mut first, callback("u-1", "tx-1", false))
        .await;
    assert_eq!(claimed.unwrap(), Claimed::New);
    let second = tokio::spawn({
        let store = store.clone();
        // Of another transaction: it was replaced on the chain meanwhile.
        async move { deliver(&store, callback("u-1", "tx-0", true)).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    store.commit(first).await;
    assert_eq!(second.await.unwrap(), Claimed::Superseded);
}

async fn what_is_kept_is_not_in_debug<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let mut transaction = store.begin().await;
    let claimed = store.claim(&mut transaction, payment("A")).await;
    let open = format!("{transaction:?}");
    store.commit(transaction).await;
    let stored = store.stored(payment("A")).await.unwrap();
    let shown = format!("{store:?} {open} {claimed:?} {stored:?}");
    assert!(!shown.contains("0.05"), "{shown}");
}

async fn a_possible_duplicate_is_claimed<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    assert_eq!(
        deliver(&store, callback("u-1", "tx-1", false)).await,
        Claimed::New
    );
    let second = callback("u-2", "tx-1", false);
    let claimed = deliver(&store, second.clone()).await;
    assert!(
        matches!(claimed, Claimed::PossibleDuplicate { .. }),
        "{claimed:?}"
    );
    assert!(store.stored(second.clone()).await.is_some());
    assert_eq!(deliver(&store, second).await, Claimed::AlreadyDone);
}

async fn gateways_do_not_share_ids<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    assert_eq!(
        deliver(&store, callback("A", "tx-1", false)).await,
        Claimed::New
    );
}

async fn what_was_said_is_kept_until_it_is_pruned<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let claim = payment("A");
    assert_eq!(deliver(&store, claim.clone()).await, Claimed::New);
    let stored = store.stored(claim.clone()).await.unwrap();
    assert_eq!(stored.event.as_deref(), Some(claim.event()));
    assert!(stored.claimed_at > 1_700_000_000, "{stored:?}");
    // Not before its time.
    assert_eq!(store.prune(stored.claimed_at).await, 0);
    assert_eq!(store.stored(claim.clone()).await.unwrap(), stored);
    assert_eq!(store.prune(stored.claimed_at + 1).await, 1);
    assert_eq!(store.stored(claim).await.unwrap().event, None);
}

async fn pruning_keeps_keys_and_digests<B: Backend>(store: impl Future<Output = B>) {
    let store = store.await;
    let (claim, other) = (payment("A"), callback("u-1", "tx-1", false));
    for claim in [&claim, &other] {
        assert_eq!(deliver(&store, claim.clone()).await, Claimed::New);
    }
    assert_eq!(store.prune(i64::MAX).await, 2);
    assert_eq!(store.prune(i64::MAX).await, 0);
    for claim in [claim, other] {
        assert_eq!(deliver(&store, claim).await, Claimed::AlreadyDone);
    }
    let changed = Payment {
        amount: "0.06",
        ..Payment::default()
    };
    let changed = deliver(&store, changed.claim("A")).await;
    assert!(matches!(changed, Claimed::Changed { .. }), "{changed:?}");
    let duplicate = deliver(&store, callback("u-2", "tx-1", false)).await;
    assert!(
        matches!(duplicate, Claimed::PossibleDuplicate { .. }),
        "{duplicate:?}"
    );
}

async fn a_hundred_events_from_many_tasks_are_credited_once_each<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let claims: Vec<_> = (0..100)
        .map(|number| payment(&format!("ORDER{number:03}")))
        .collect();
    let mut tasks = JoinSet::new();
    for task in 0..10 {
        let (store, mut claims) = (store.clone(), claims.clone());
        claims.rotate_left(task * 10);
        tasks.spawn(async move {
            let mut outcomes = BTreeMap::new();
            for claim in claims {
                let claimed = credit_once(&store, claim).await;
                *outcomes.entry(claimed.is_new()).or_insert(0_u32) += 1;
            }
            outcomes
        });
    }
    let mut new = 0;
    for outcomes in tasks.join_all().await {
        new += outcomes.get(&true).copied().unwrap_or_default();
    }
    assert_eq!(new, 100);
    let expected: Vec<_> = claims.iter().map(|claim| claim.id().to_owned()).collect();
    assert_eq!(store.credits().await, expected);
}

async fn a_second_delivery_waits_for_the_first_and_is_new_if_that_gives_up<B: Backend>(
    store: impl Future<Output = B>,
) {
    let store = store.await;
    let mut first = store.begin().await;
    let claimed = store.claim(&mut first, payment("A")).await.unwrap();
    assert_eq!(claimed, Claimed::New);
    let second = tokio::spawn({
        let store = store.clone();
        async move { credit_once(&store, payment("A")).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.unwrap(), Claimed::New);
}

async fn a_newer_file_is_an_error() {
    let store = Sqlite::fresh().await;
    sqlx::query("UPDATE postback_schema SET version = 99")
        .execute(store.store().pool())
        .await
        .unwrap();
    let error = SqliteStore::open(store.file()).await.unwrap_err();
    let newer = matches!(
        error,
        StoreError::NewerSchema {
            found: 99,
            known: 2,
            ..
        }
    );
    assert!(newer, "{error:?}");
    assert_eq!(
        error.to_string(),
        "the store has schema 99, and this version knows 2"
    );
    assert_eq!(Rejection::from(error), Rejection::StoreUnavailable);
}

async fn a_file_is_opened_again() {
    let store = Sqlite::fresh().await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    let again = SqliteStore::open(store.file()).await.unwrap();
    let mut transaction = again.begin().await.unwrap();
    let claimed = again.claim_in(&mut transaction, payment("A")).await;
    assert_eq!(claimed.unwrap(), Claimed::AlreadyDone);
}

/// Why one claims first, or begins as [`SqliteStore::begin`] does.
/// Its claims are kept, and effects are new.
async fn a_file_of_the_first_schema_is_migrated() {
    let store = Sqlite::fresh().await;
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    let as_it_was = "DROP TABLE postback_effects; UPDATE postback_schema SET version = 1";
    let pool = store.store().pool();
    sqlx::raw_sql(as_it_was).execute(pool).await.unwrap();
    let migrated = SqliteStore::open(store.file()).await.unwrap();
    assert!(migrated.stored(payment("A")).await.unwrap().is_some());
    let ran = once(&migrated, payment("A"), || async {
        Ok::<_, StoreError>(())
    });
    assert_eq!(ran.await.unwrap(), Once::Ran(()));
}

/// A reader of a file without a write-ahead log keeps others from committing, though not from writing before.
async fn what_cannot_be_committed_is_not_run() {
    let store = Sqlite::fresh().await;
    store.store().pool().close().await;
    let options = SqliteConnectOptions::new()
        .filename(store.file())
        .journal_mode(SqliteJournalMode::Delete)
        .busy_timeout(Duration::from_millis(100));
    let pool = SqlitePool::connect_with(options.clone()).await.unwrap();
    let store = SqliteStore::with_pool(pool).await.unwrap();
    let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    let read = sqlx::query("SELECT * FROM postback_effects").fetch_all(&mut *reading);
    assert!(read.await.unwrap().is_empty());
    let refused = once(&store, payment("A"), || async { Ok::<_, &str>("ran") }).await;
    assert!(
        matches!(refused, Err(OnceError::Store(StoreError::Busy(_)))),
        "{refused:?}"
    );
    reading.commit().await.unwrap();
    let then = once(&store, payment("A"), || async { Ok::<_, &str>("ran") }).await;
    assert_eq!(then.unwrap(), Once::Ran("ran"));
}

async fn who_has_read_before_is_busy() {
    let store = Sqlite::fresh().await;
    let mut reader = store.store().pool().begin().await.unwrap();
    let none: Vec<String> = sqlx::query_scalar("SELECT id FROM credits")
        .fetch_all(&mut *reader)
        .await
        .unwrap();
    assert_eq!(none, Vec::<String>::new());
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    let error = store.claim(&mut reader, payment("B")).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    assert_eq!(Rejection::from(error).answer().status(), 503);
}

async fn the_log_is_synced_ahead() {
    let store = Sqlite::fresh().await;
    let pool = store.store().pool();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(pool)
        .await
        .unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!((&*journal, synchronous), ("wal", 2));
}

async fn a_newer_database_is_an_error() {
    let store = Postgres::fresh().await;
    let pool = store.store().pool();
    sqlx::query("UPDATE postback_schema SET version = 99")
        .execute(pool)
        .await
        .unwrap();
    let error = PostgresStore::with_pool(pool.clone()).await.unwrap_err();
    let newer = matches!(
        error,
        StoreError::NewerSchema {
            found: 99,
            known: 2,
            ..
        }
    );
    assert!(newer, "{error:?}");
}

async fn eight_that_start_at_once_make_the_tables_once() {
    let url = database().await;
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        starting.spawn(async move { PostgresStore::connect(&url).await.map(drop) });
    }
    for started in starting.join_all().await {
        started.unwrap();
    }
}

async fn under_repeatable_read_the_second_is_busy() {
    let store = Postgres::fresh().await;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    let mut second = store.store().pool().begin_with(begin).await.unwrap();
    // Its snapshot is taken here.
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM credits")
        .fetch_one(&mut *second)
        .await
        .unwrap();
    assert_eq!(deliver(&store, payment("A")).await, Claimed::New);
    let error = store.claim(&mut second, payment("A")).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
}

async fn two_ids_of_one_transfer_at_once_are_seen() {
    let store = Postgres::fresh().await;
    let mut first = store.begin().await;
    let claimed = store
        .claim(&mut first, callback("u-1", "tx-1", false))
        .await;
    assert_eq!(claimed.unwrap(), Claimed::New);
    let second = tokio::spawn({
        let store = store.clone();
        async move { deliver(&store, callback("u-2", "tx-1", false)).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    store.commit(first).await;
    let second = second.await.unwrap();
    assert!(
        matches!(second, Claimed::PossibleDuplicate { .. }),
        "{second:?}"
    );
}

async fn under_stricter_levels_the_second_id_is_busy() {
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let store = Postgres::fresh().await;
        let begin = sqlx::AssertSqlSafe(format!("BEGIN ISOLATION LEVEL {level}"));
        let mut second = store.store().pool().begin_with(begin).await.unwrap();
        // Its snapshot is taken here.
        let _: i64 = sqlx::query_scalar("SELECT count(*) FROM credits")
            .fetch_one(&mut *second)
            .await
            .unwrap();
        let first = deliver(&store, callback("u-1", "tx-1", false)).await;
        assert_eq!(first, Claimed::New);
        let error = store
            .claim(&mut second, callback("u-2", "tx-1", false))
            .await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Busy(_)), "{level}: {error:?}");
    }
}

/// As where a shop's own write fails, and the shop does not mind.
async fn a_spoilt_transaction_does_not_commit() {
    let store = Postgres::fresh().await;
    let mut transaction = store.begin().await;
    let claimed = store.claim(&mut transaction, payment("A")).await;
    assert_eq!(claimed.unwrap(), Claimed::New);
    let failed = sqlx::query("INSERT INTO no_such_table VALUES (1)");
    assert!(failed.execute(&mut *transaction).await.is_err());
    let committed = store.store().commit(transaction).await;
    assert!(
        matches!(committed, Err(StoreError::Failed(_))),
        "{committed:?}"
    );
    assert_eq!(store.stored(payment("A")).await, None);
}

/// A claim that can be neither made nor found is not acknowledged.
async fn a_row_that_is_hidden_is_no_claim() {
    let store = Postgres::fresh().await;
    for statement in [
        "CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER hide BEFORE INSERT ON postback_claims FOR EACH ROW EXECUTE FUNCTION hide()",
    ] {
        sqlx::raw_sql(statement)
            .execute(store.store().pool())
            .await
            .unwrap();
    }
    for claim in [
        payment("A"),
        callback("u-1", "tx-1", true),
        callback("u-1", "tx-1", false),
    ] {
        let mut transaction = store.begin().await;
        let claimed = store.claim(&mut transaction, claim).await;
        assert!(matches!(claimed, Err(StoreError::Failed(_))), "{claimed:?}");
    }
}
