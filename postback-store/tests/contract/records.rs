//! Guarantees of `record_in` on every store, and tests of one store alone.

use std::{collections::BTreeMap, time::Duration};

use libtest_mimic::Trial;
use postback_core::reconcile::{Assurance, Outcome, Reconciliation};
use postback_store::{Marked, Recorded, Review, ReviewFilter};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    backend::Backend,
    events::{Callback, Payment, UNDERPAID, callback, payment},
};

/// Returns the tests of one store.
pub(crate) fn all<B: Backend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "", [
        first_delivery_is_new
        replayed_delivery_is_duplicate
        replay_with_another_token_is_duplicate
        replay_by_other_brand_is_duplicate
        another_invoice_is_new
        another_project_is_another_payment
        unnamed_project_is_separate_project
        same_amount_in_another_notation_is_duplicate
        another_amount_after_credit_is_conflict
        delivery_without_payment_leaves_room
        delivery_without_payment_changes_no_credit
        unclear_then_clear_is_new
        unclear_delivery_changes_no_credit
        pending_then_confirmed_is_new
        pending_with_replaced_transaction_is_no_conflict
        pending_after_confirmed_is_superseded
        pending_after_review_is_not_credited
        pending_beside_uncommitted_confirmed_is_not_credited
        pending_callbacks_count_no_transfer
        underpaid_then_full_amount_is_new
        underpaid_again_is_reviewed_again
        underpaid_with_another_digest_is_reviewed_again
        partial_with_another_amount_paid_is_reviewed_again
        underpaid_is_new_at_lower_price
        underpaid_transfer_is_new_at_full_amount
        wrong_currency_then_right_is_new
        insufficient_assurance_then_sufficient_is_new
        review_is_not_credited
        review_marked_as_credited_is_duplicate
        possible_duplicate_marked_as_credited_is_duplicate
        review_marked_as_credited_counts_its_transfer
        full_amount_after_mark_is_conflict
        only_review_is_marked
        rolled_back_mark_leaves_review
        concurrent_mark_and_delivery_credit_once
        callbacks_bound_by_address_alone_count_no_transfer
        callbacks_bound_by_address_alone_are_new_if_price_accepts_them
        same_transfer_under_another_id_is_possible_duplicate
        same_transfer_in_another_project_is_new
        possible_duplicate_is_not_credited
        possible_duplicate_stays_possible_duplicate_at_any_amount
        possible_duplicate_keeps_latest_payload
        rolled_back_record_is_new_again
        rolled_back_credit_leaves_review
        rolled_back_transfer_is_free
        record_and_credit_are_kept_together
        record_and_credit_vanish_together
        panic_before_commit_leaves_nothing
        dropped_future_before_commit_leaves_nothing
        two_records_in_one_transaction_are_one
        review_and_payment_in_one_transaction_are_new
        payload_is_not_in_debug
        amounts_are_not_in_display
        providers_do_not_share_ids
        payload_is_kept_until_it_is_pruned
        payload_of_record_is_not_in_debug
        pruning_keeps_keys_and_digests
        pruning_keeps_payloads_without_credit
        hundred_payments_from_many_tasks_are_credited_once_each
        concurrent_delivery_waits_and_is_new_after_rollback
        concurrent_deliveries_after_review_are_credited_once
    ])
}

/// Records in a transaction of its own, and commits.
pub(crate) async fn deliver<B: Backend>(store: &B, reconciliation: &Reconciliation) -> Recorded {
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, reconciliation).await;
    store.commit(transaction).await;
    recorded.unwrap()
}

/// Does as a handler does: credits a new payment in the transaction of the record.
pub(crate) async fn credit_once<B: Backend>(
    store: &B,
    reconciliation: &Reconciliation,
) -> Recorded {
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, reconciliation).await;
    let recorded = recorded.unwrap();
    if recorded.is_new() {
        let id = reconciliation.event().id();
        store.credit(&mut transaction, id).await;
    }
    store.commit(transaction).await;
    recorded
}

/// Returns true if the record of a payment is credited, if there is one.
async fn credited<B: Backend>(store: &B, reconciliation: &Reconciliation) -> Option<bool> {
    let stored = store.stored(reconciliation.event()).await;
    stored.map(|stored| stored.credited)
}

fn underpaid(amount: &str) -> Recorded {
    Recorded::Review(Outcome::Underpaid(amount.parse().unwrap()))
}

pub(crate) fn possible_duplicate_of(id: &str) -> Recorded {
    Recorded::PossibleDuplicate { of: id.to_owned() }
}

async fn first_delivery_is_new<B: Backend>(store: &B) {
    let recorded = deliver(store, &payment("A")).await;
    assert_eq!(recorded, Recorded::New);
    assert!(recorded.is_new());
    assert_eq!(credited(store, &payment("A")).await, Some(true));
}

async fn replayed_delivery_is_duplicate<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    for _ in 0..3 {
        let recorded = deliver(store, &payment("A")).await;
        assert_eq!(recorded, Recorded::Duplicate);
        assert!(!recorded.is_new());
    }
}

async fn replay_with_another_token_is_duplicate<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let later = Payment {
        expiry: 1_769_509_999,
        ..Payment::default()
    };
    let later = deliver(store, &later.reconciled("A")).await;
    assert_eq!(later, Recorded::Duplicate);
}

async fn replay_by_other_brand_is_duplicate<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let trybit = Payment {
        by_trybit: true,
        ..Payment::default()
    };
    let trybit = deliver(store, &trybit.reconciled("A")).await;
    assert_eq!(trybit, Recorded::Duplicate);
}

async fn another_invoice_is_new<B: Backend>(store: &B) {
    for id in ["A", "B", "a", "A-"] {
        assert_eq!(deliver(store, &payment(id)).await, Recorded::New, "{id}");
    }
}

async fn another_project_is_another_payment<B: Backend>(store: &B) {
    for project in ["eu", "us"] {
        let of = Payment {
            project: Some(project),
            ..Payment::default()
        };
        for expected in [Recorded::New, Recorded::Duplicate] {
            let recorded = deliver(store, &of.reconciled("A")).await;
            assert_eq!(recorded, expected, "{project}");
        }
    }
}

async fn unnamed_project_is_separate_project<B: Backend>(store: &B) {
    let named = Payment {
        project: Some("eu"),
        ..Payment::default()
    };
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    assert_eq!(deliver(store, &named.reconciled("A")).await, Recorded::New);
    assert_eq!(deliver(store, &payment("A")).await, Recorded::Duplicate);
}

async fn same_amount_in_another_notation_is_duplicate<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    for amount in ["0.0500", "5e-2", "\"0.05\""] {
        let same = Payment {
            amount,
            ..Payment::default()
        };
        let recorded = deliver(store, &same.reconciled("A")).await;
        assert_eq!(recorded, Recorded::Duplicate, "{amount}");
    }
}

/// The other amount may pay the price or not. The credited record is unchanged.
async fn another_amount_after_credit_is_conflict<B: Backend>(store: &B) {
    let first = payment("A");
    assert_eq!(deliver(store, &first).await, Recorded::New);
    for amount in ["0.06", "0.04", "0.06"] {
        let other = Payment {
            amount,
            ..Payment::default()
        };
        let other = other.reconciled("A");
        let conflict = Recorded::Conflict {
            fields: vec!["amount_crypto".to_owned()],
        };
        assert_eq!(deliver(store, &other).await, conflict, "{amount}");
    }
    let stored = store.stored(first.event()).await.unwrap();
    assert!(stored.credited);
    assert_eq!(&stored.digest, first.event().digest());
    let payload = stored.payload.as_deref();
    assert_eq!(payload, Some(first.event().payload_json()));
    assert_eq!(deliver(store, &first).await, Recorded::Duplicate);
}

async fn delivery_without_payment_leaves_room<B: Backend>(store: &B) {
    for (number, incomplete) in Payment::NOT_PAYING.into_iter().enumerate() {
        let id = format!("A{number}");
        let first = incomplete.reconciled(&id);
        let expected = Recorded::NotCredited(first.outcome().clone());
        assert_eq!(credit_once(store, &first).await, expected, "{incomplete:?}");
        assert_eq!(store.stored(first.event()).await, None, "{incomplete:?}");
        for expected in [Recorded::New, Recorded::Duplicate] {
            let complete = credit_once(store, &payment(&id)).await;
            assert_eq!(complete, expected, "{incomplete:?}");
        }
    }
    assert_eq!(store.credits().await.len(), Payment::NOT_PAYING.len());
}

async fn delivery_without_payment_changes_no_credit<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let before = store.stored(payment("A").event()).await;
    for incomplete in Payment::NOT_PAYING {
        let incomplete = incomplete.reconciled("A");
        let expected = Recorded::NotCredited(incomplete.outcome().clone());
        assert_eq!(deliver(store, &incomplete).await, expected);
    }
    assert_eq!(store.stored(payment("A").event()).await, before);
    assert_eq!(deliver(store, &payment("A")).await, Recorded::Duplicate);
}

async fn unclear_then_clear_is_new<B: Backend>(store: &B) {
    for (number, unclear) in Payment::UNCLEAR.into_iter().enumerate() {
        let id = format!("A{number}");
        let first = unclear.reconciled(&id);
        let expected = Recorded::Review(first.outcome().clone());
        for _ in 0..2 {
            assert_eq!(credit_once(store, &first).await, expected, "{unclear:?}");
            assert_eq!(credited(store, &first).await, Some(false), "{unclear:?}");
        }
        for expected in [Recorded::New, Recorded::Duplicate] {
            let clear = credit_once(store, &payment(&id)).await;
            assert_eq!(clear, expected, "{unclear:?}");
        }
    }
    assert_eq!(store.credits().await.len(), Payment::UNCLEAR.len());
}

async fn unclear_delivery_changes_no_credit<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let before = store.stored(payment("A").event()).await;
    for unclear in Payment::UNCLEAR {
        let unclear = unclear.reconciled("A");
        let before = payment("A");
        let fields = before
            .event()
            .digest()
            .changed_fields(unclear.event().digest());
        let expected = match fields.is_empty() {
            true => Recorded::Duplicate,
            false => Recorded::Conflict { fields },
        };
        assert_eq!(deliver(store, &unclear).await, expected);
    }
    assert_eq!(store.stored(payment("A").event()).await, before);
    assert_eq!(deliver(store, &payment("A")).await, Recorded::Duplicate);
}

async fn pending_then_confirmed_is_new<B: Backend>(store: &B) {
    let pending = callback("u-1", "tx-1", true);
    for _ in 0..2 {
        let recorded = deliver(store, &pending).await;
        assert_eq!(recorded, Recorded::NotCredited(Outcome::Pending));
        assert_eq!(store.stored(pending.event()).await, None);
    }
    for expected in [Recorded::New, Recorded::Duplicate] {
        let confirmed = deliver(store, &callback("u-1", "tx-1", false)).await;
        assert_eq!(confirmed, expected);
    }
}

/// While a payment is pending, a wallet may replace its transaction.
async fn pending_with_replaced_transaction_is_no_conflict<B: Backend>(store: &B) {
    for txid in ["tx-1", "tx-2"] {
        let pending = deliver(store, &callback("u-1", txid, true)).await;
        assert_eq!(pending, Recorded::NotCredited(Outcome::Pending), "{txid}");
    }
    assert_eq!(
        deliver(store, &callback("u-1", "tx-2", false)).await,
        Recorded::New
    );
    let late = deliver(store, &callback("u-1", "tx-1", true)).await;
    assert_eq!(late, Recorded::Superseded);
    // A confirmed delivery is a conflict.
    let confirmed = deliver(store, &callback("u-1", "tx-1", false)).await;
    let fields = vec!["txid_in".to_owned()];
    assert_eq!(confirmed, Recorded::Conflict { fields });
}

async fn pending_after_confirmed_is_superseded<B: Backend>(store: &B) {
    let confirmed = callback("u-1", "tx-1", false);
    assert_eq!(deliver(store, &confirmed).await, Recorded::New);
    let before = store.stored(confirmed.event()).await;
    for _ in 0..2 {
        let pending = deliver(store, &callback("u-1", "tx-1", true)).await;
        assert_eq!(pending, Recorded::Superseded);
    }
    assert_eq!(store.stored(confirmed.event()).await, before);
}

async fn pending_after_review_is_not_credited<B: Backend>(store: &B) {
    let short = Callback {
        value: "0.04",
        ..Callback::default()
    };
    assert_eq!(deliver(store, &short.reconciled()).await, underpaid("0.04"));
    let pending = deliver(store, &callback("u-1", "tx-1", true)).await;
    assert_eq!(pending, Recorded::NotCredited(Outcome::Pending));
}

/// The pending delivery may wait for the end of the other transaction, and is new in neither case.
async fn pending_beside_uncommitted_confirmed_is_not_credited<B: Backend>(store: &B) {
    let mut first = store.begin().await;
    let paid = callback("u-1", "tx-1", false);
    let confirmed = store.record(&mut first, &paid);
    assert_eq!(confirmed.await.unwrap(), Recorded::New);
    let second = tokio::spawn({
        let store = store.clone();
        async move { deliver(&store, &callback("u-1", "tx-1", true)).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    store.commit(first).await;
    let pending = second.await.unwrap();
    let expected = [
        Recorded::Superseded,
        Recorded::NotCredited(Outcome::Pending),
    ];
    assert!(expected.contains(&pending), "{pending:?}");
}

async fn pending_callbacks_count_no_transfer<B: Backend>(store: &B) {
    for uuid in ["u-2", "u-1"] {
        let pending = deliver(store, &callback(uuid, "tx-1", true)).await;
        assert_eq!(pending, Recorded::NotCredited(Outcome::Pending), "{uuid}");
    }
    let first = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    let second = deliver(store, &callback("u-2", "tx-1", false)).await;
    assert_eq!(second, possible_duplicate_of("u-1"));
}

async fn underpaid_then_full_amount_is_new<B: Backend>(store: &B) {
    let short = credit_once(store, &UNDERPAID.reconciled("A")).await;
    assert_eq!(short, underpaid("0.04"));
    for expected in [Recorded::New, Recorded::Duplicate] {
        assert_eq!(credit_once(store, &payment("A")).await, expected);
    }
    assert_eq!(store.credits().await, ["A"]);
    let stored = store.stored(payment("A").event()).await.unwrap();
    assert_eq!(&stored.digest, payment("A").event().digest());
    let payload = stored.payload.as_deref();
    assert_eq!(payload, Some(payment("A").event().payload_json()));
    let again = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert!(matches!(again, Recorded::Conflict { .. }), "{again:?}");
}

async fn underpaid_again_is_reviewed_again<B: Backend>(store: &B) {
    for _ in 0..3 {
        let short = deliver(store, &UNDERPAID.reconciled("A")).await;
        assert_eq!(short, underpaid("0.04"));
        assert_eq!(credited(store, &payment("A")).await, Some(false));
    }
}

async fn underpaid_with_another_digest_is_reviewed_again<B: Backend>(store: &B) {
    for amount in ["0.04", "0.03", "0.04"] {
        let short = Payment {
            amount,
            ..UNDERPAID
        }
        .reconciled("A");
        assert_eq!(deliver(store, &short).await, underpaid(amount));
        let stored = store.stored(short.event()).await.unwrap();
        assert_eq!(&stored.digest, short.event().digest());
        assert!(!stored.credited);
    }
}

/// The digest does not cover `invoice_info`.
async fn partial_with_another_amount_paid_is_reviewed_again<B: Backend>(store: &B) {
    let [first, second] = Payment::PARTIAL.map(|partial| partial.reconciled("A"));
    assert_eq!(first.event().digest(), second.event().digest());
    for (partial, amount) in [(&first, "0.03"), (&second, "0.04"), (&first, "0.03")] {
        assert_eq!(deliver(store, partial).await, underpaid(amount));
        let stored = store.stored(partial.event()).await.unwrap();
        let payload = stored.payload.as_deref();
        assert_eq!(payload, Some(partial.event().payload_json()));
        assert!(!stored.credited);
    }
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    assert_eq!(deliver(store, &second).await, Recorded::Duplicate);
}

/// The order was corrected after a person had looked at it.
async fn underpaid_is_new_at_lower_price<B: Backend>(store: &B) {
    let short = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert_eq!(short, underpaid("0.04"));
    let corrected = Payment {
        price: "0.04",
        ..UNDERPAID
    };
    for expected in [Recorded::New, Recorded::Duplicate] {
        let same = deliver(store, &corrected.reconciled("A")).await;
        assert_eq!(same, expected);
    }
    // The price is not part of the digest.
    let short = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert_eq!(short, Recorded::Duplicate);
    assert_eq!(credited(store, &payment("A")).await, Some(true));
}

async fn underpaid_transfer_is_new_at_full_amount<B: Backend>(store: &B) {
    let short = Callback {
        value: "0.04",
        ..Callback::default()
    };
    assert_eq!(deliver(store, &short.reconciled()).await, underpaid("0.04"));
    let full = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(full, Recorded::New);
}

async fn wrong_currency_then_right_is_new<B: Backend>(store: &B) {
    let wrong = Payment {
        currency: Some("LTC"),
        ..Payment::default()
    };
    let wrong = deliver(store, &wrong.reconciled("A")).await;
    let outcome = Outcome::WrongCurrency("LTC".to_owned());
    assert_eq!(wrong, Recorded::Review(outcome));
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
}

async fn insufficient_assurance_then_sufficient_is_new<B: Backend>(store: &B) {
    let strict = Payment {
        assurance: Assurance::Signed,
        ..Payment::default()
    };
    let strict = deliver(store, &strict.reconciled("A")).await;
    let outcome = Outcome::InsufficientAssurance("0.05".parse().unwrap());
    assert_eq!(strict, Recorded::Review(outcome));
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
}

async fn review_is_not_credited<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    assert_eq!(credit_once(store, &short).await, underpaid("0.04"));
    assert_eq!(store.credits().await, Vec::<String>::new());
    let stored = store.stored(short.event()).await.unwrap();
    assert!(!stored.credited);
    let payload = stored.payload.as_deref();
    assert_eq!(payload, Some(short.event().payload_json()));
}

/// An attacker can have them signed with any id, also with that of the genuine callback.
/// Does as a person does: credits the payment by hand if its record is for review.
async fn credit_by_hand<B: Backend>(store: &B, reconciliation: &Reconciliation) -> bool {
    let Some(review) = review_of(store, reconciliation).await else {
        return false;
    };
    let mut transaction = store.begin().await;
    if store.mark_credited(&mut transaction, &review).await != Marked::Credited {
        return false;
    }
    store.credit(&mut transaction, review.key.id()).await;
    store.commit(transaction).await;
    true
}

async fn review_of<B: Backend>(store: &B, reconciliation: &Reconciliation) -> Option<Review> {
    let event = reconciliation.event();
    let reviews = store.reviews(&ReviewFilter::of_all_projects()).await;
    let mut reviews = reviews.into_iter();
    reviews.find(|review| review.key == *event.key() && review.digest == *event.digest())
}

async fn review_marked_as_credited_is_duplicate<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    assert_eq!(deliver(store, &short).await, underpaid("0.04"));
    assert!(credit_by_hand(store, &short).await);
    assert_eq!(credited(store, &short).await, Some(true));
    for _ in 0..2 {
        assert_eq!(credit_once(store, &short).await, Recorded::Duplicate);
        assert!(!credit_by_hand(store, &short).await);
    }
    assert_eq!(store.credits().await, ["A"]);
}

async fn possible_duplicate_marked_as_credited_is_duplicate<B: Backend>(store: &B) {
    let first = credit_once(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    let second = callback("u-2", "tx-1", false);
    let recorded = credit_once(store, &second).await;
    assert_eq!(recorded, possible_duplicate_of("u-1"));
    assert!(credit_by_hand(store, &second).await);
    assert_eq!(credit_once(store, &second).await, Recorded::Duplicate);
    assert_eq!(store.credits().await, ["u-1", "u-2"]);
}

/// The transfer of a callback that is bound by its address alone counts when a person credits it.
async fn review_marked_as_credited_counts_its_transfer<B: Backend>(store: &B) {
    let review = Callback {
        uuid: "u-8",
        bound_by_url: false,
        ..Callback::default()
    };
    let review = review.reconciled();
    let recorded = deliver(store, &review).await;
    assert!(matches!(recorded, Recorded::Review(_)), "{recorded:?}");
    assert!(credit_by_hand(store, &review).await);
    let other = credit_once(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(other, possible_duplicate_of("u-8"));
    assert_eq!(store.credits().await, ["u-8"]);
}

async fn full_amount_after_mark_is_conflict<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    assert_eq!(deliver(store, &short).await, underpaid("0.04"));
    assert!(credit_by_hand(store, &short).await);
    let conflict = Recorded::Conflict {
        fields: vec!["amount_crypto".to_owned()],
    };
    assert_eq!(credit_once(store, &payment("A")).await, conflict);
    assert_eq!(store.credits().await, ["A"]);
}

async fn only_review_is_marked<B: Backend>(store: &B) {
    assert!(!credit_by_hand(store, &payment("A")).await, "no record");
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
    assert!(!credit_by_hand(store, &payment("A")).await, "credited");
    let named = Payment {
        project: Some("eu"),
        ..UNDERPAID
    };
    let short = deliver(store, &named.reconciled("B")).await;
    assert_eq!(short, underpaid("0.04"));
    let unnamed = UNDERPAID.reconciled("B");
    assert!(!credit_by_hand(store, &unnamed).await, "another project");
    assert!(credit_by_hand(store, &named.reconciled("B")).await);
    assert_eq!(store.credits().await, ["A", "B"]);
}

async fn rolled_back_mark_leaves_review<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    assert_eq!(deliver(store, &short).await, underpaid("0.04"));
    let review = review_of(store, &short).await.unwrap();
    let mut transaction = store.begin().await;
    let marked = store.mark_credited(&mut transaction, &review).await;
    assert_eq!(marked, Marked::Credited);
    drop(transaction);
    assert_eq!(credited(store, &short).await, Some(false));
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
}

/// The later delivery pays the price.
async fn concurrent_mark_and_delivery_credit_once<B: Backend>(store: &B) {
    for number in 0..10 {
        let id = format!("A{number}");
        let short = UNDERPAID.reconciled(&id);
        assert_eq!(deliver(store, &short).await, underpaid("0.04"));
        let (paid, by_hand) = (payment(&id), store.clone());
        let by_hand = tokio::spawn(async move { credit_by_hand(&by_hand, &short).await });
        let recorded = credit_once(store, &paid).await;
        assert_ne!(by_hand.await.unwrap(), recorded.is_new(), "{recorded:?}");
    }
    assert_eq!(store.credits().await.len(), 10);
}

async fn callbacks_bound_by_address_alone_count_no_transfer<B: Backend>(store: &B) {
    let outcome = Outcome::InsufficientAssurance("0.05".parse().unwrap());
    // The first of them has another id than the genuine callback.
    for uuid in ["u-8", "u-1", "u-9"] {
        let planted = Callback {
            uuid,
            bound_by_url: false,
            ..Callback::default()
        };
        let planted = planted.reconciled();
        let recorded = credit_once(store, &planted).await;
        assert_eq!(recorded, Recorded::Review(outcome.clone()), "{uuid}");
        assert_eq!(credited(store, &planted).await, Some(false), "{uuid}");
    }
    let genuine = credit_once(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(genuine, Recorded::New);
    assert_eq!(store.credits().await, ["u-1"]);
}

async fn callbacks_bound_by_address_alone_are_new_if_price_accepts_them<B: Backend>(store: &B) {
    for (uuid, txid) in [("u-7", "tx-7"), ("u-8", "tx-8"), ("u-9", "tx-9")] {
        let accepted = Callback {
            uuid,
            txid,
            bound_by_url: false,
            assurance: Assurance::ArrangedByAnyone,
            ..Callback::default()
        };
        let recorded = deliver(store, &accepted.reconciled()).await;
        assert_eq!(recorded, Recorded::New, "{uuid}");
    }
}

async fn same_transfer_under_another_id_is_possible_duplicate<B: Backend>(store: &B) {
    let first = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    let second = deliver(store, &callback("u-2", "tx-1", false)).await;
    assert_eq!(second, possible_duplicate_of("u-1"));
    assert!(!second.is_new());
    let other = deliver(store, &callback("u-3", "tx-3", false)).await;
    assert_eq!(other, Recorded::New);
    let first = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::Duplicate);
}

async fn same_transfer_in_another_project_is_new<B: Backend>(store: &B) {
    for (project, uuid) in [(None, "u-1"), (Some("eu"), "u-2"), (Some("us"), "u-3")] {
        let of = Callback {
            project,
            uuid,
            ..Callback::default()
        };
        let recorded = deliver(store, &of.reconciled()).await;
        assert_eq!(recorded, Recorded::New, "{project:?}");
    }
    let again = Callback {
        project: Some("eu"),
        uuid: "u-4",
        ..Callback::default()
    };
    let again = deliver(store, &again.reconciled()).await;
    assert_eq!(again, possible_duplicate_of("u-2"));
}

async fn possible_duplicate_is_not_credited<B: Backend>(store: &B) {
    let first = credit_once(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    let second = callback("u-2", "tx-1", false);
    for _ in 0..3 {
        let resent = credit_once(store, &second).await;
        assert_eq!(resent, possible_duplicate_of("u-1"));
        assert_eq!(credited(store, &second).await, Some(false));
    }
    assert_eq!(store.credits().await, ["u-1"]);
}

async fn possible_duplicate_stays_possible_duplicate_at_any_amount<B: Backend>(store: &B) {
    let first = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    for (value, price) in [
        ("0.04", "0.05"),
        ("0.04", "0.04"),
        ("0.05", "0.05"),
        ("0.06", "0.05"),
    ] {
        let second = Callback {
            uuid: "u-2",
            value,
            price,
            ..Callback::default()
        };
        let second = second.reconciled();
        let recorded = deliver(store, &second).await;
        assert_eq!(recorded, possible_duplicate_of("u-1"), "{value} of {price}");
        assert_eq!(credited(store, &second).await, Some(false));
    }
}

/// The payload is replaced if the delivery pays or not, and if the digest differs or not.
async fn possible_duplicate_keeps_latest_payload<B: Backend>(store: &B) {
    let first = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    for value in ["0.05", "0.04", "0.040", "0.05", "0.050"] {
        let second = Callback {
            uuid: "u-2",
            value,
            ..Callback::default()
        };
        let second = second.reconciled();
        for _ in 0..2 {
            let recorded = deliver(store, &second).await;
            assert_eq!(recorded, possible_duplicate_of("u-1"), "{value}");
            let stored = store.stored(second.event()).await.unwrap();
            let payload = stored.payload.as_deref();
            assert_eq!(payload, Some(second.event().payload_json()), "{value}");
            assert!(!stored.credited, "{value}");
        }
    }
}

async fn rolled_back_record_is_new_again<B: Backend>(store: &B) {
    for _ in 0..2 {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &payment("A")).await;
        assert_eq!(recorded.unwrap(), Recorded::New);
        drop(transaction);
    }
    assert_eq!(store.stored(payment("A").event()).await, None);
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
}

async fn rolled_back_credit_leaves_review<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    assert_eq!(deliver(store, &short).await, underpaid("0.04"));
    let before = store.stored(short.event()).await;
    for _ in 0..2 {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &payment("A")).await;
        assert_eq!(recorded.unwrap(), Recorded::New);
        drop(transaction);
        assert_eq!(store.stored(short.event()).await, before);
    }
    assert_eq!(deliver(store, &short).await, underpaid("0.04"));
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
}

async fn rolled_back_transfer_is_free<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    let paid = callback("u-1", "tx-1", false);
    let first = store.record(&mut transaction, &paid);
    assert_eq!(first.await.unwrap(), Recorded::New);
    drop(transaction);
    let second = deliver(store, &callback("u-2", "tx-1", false)).await;
    assert_eq!(second, Recorded::New);
}

async fn record_and_credit_are_kept_together<B: Backend>(store: &B) {
    for expected in [Recorded::New, Recorded::Duplicate] {
        assert_eq!(credit_once(store, &payment("A")).await, expected);
        assert_eq!(store.credits().await, ["A"]);
    }
    assert_eq!(credited(store, &payment("A")).await, Some(true));
}

async fn record_and_credit_vanish_together<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, &payment("A")).await;
    assert_eq!(recorded.unwrap(), Recorded::New);
    store.credit(&mut transaction, "A").await;
    drop(transaction);
    assert_eq!(store.credits().await, Vec::<String>::new());
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
    assert_eq!(store.credits().await, ["A"]);
}

async fn panic_before_commit_leaves_nothing<B: Backend>(store: &B) {
    let panicking = store.clone();
    let handler = tokio::spawn(async move {
        let mut transaction = panicking.begin().await;
        let recorded = panicking.record(&mut transaction, &payment("A")).await;
        panicking.credit(&mut transaction, "A").await;
        panic!("on purpose, after {recorded:?}");
    });
    assert!(handler.await.unwrap_err().is_panic());
    assert_eq!(store.credits().await, Vec::<String>::new());
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
}

/// The client closes the connection, and the framework drops the handler.
async fn dropped_future_before_commit_leaves_nothing<B: Backend>(store: &B) {
    let handler = async {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &payment("A")).await;
        assert_eq!(recorded.unwrap(), Recorded::New);
        store.credit(&mut transaction, "A").await;
        std::future::pending::<()>().await;
        store.commit(transaction).await;
    };
    let ended = timeout(Duration::from_millis(300), handler).await;
    assert!(ended.is_err());
    assert_eq!(store.credits().await, Vec::<String>::new());
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
}

async fn two_records_in_one_transaction_are_one<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    for (id, expected) in [
        ("A", Recorded::New),
        ("A", Recorded::Duplicate),
        ("B", Recorded::New),
    ] {
        let recorded = store.record(&mut transaction, &payment(id)).await;
        assert_eq!(recorded.unwrap(), expected);
    }
    store.commit(transaction).await;
}

async fn review_and_payment_in_one_transaction_are_new<B: Backend>(store: &B) {
    for committed in [false, true] {
        let mut transaction = store.begin().await;
        for (delivery, expected) in [
            (UNDERPAID, underpaid("0.04")),
            (Payment::default(), Recorded::New),
        ] {
            let delivery = delivery.reconciled("A");
            let recorded = store.record(&mut transaction, &delivery).await;
            assert_eq!(recorded.unwrap(), expected);
        }
        match committed {
            true => store.commit(transaction).await,
            false => drop(transaction),
        }
        let expected = committed.then_some(true);
        assert_eq!(credited(store, &payment("A")).await, expected);
    }
}

async fn payload_is_not_in_debug<B: Backend>(store: &B) {
    let mut transaction = store.begin().await;
    let recorded = store.record(&mut transaction, &payment("A")).await;
    let open = format!("{transaction:?}");
    store.commit(transaction).await;
    let stored = store.stored(payment("A").event()).await.unwrap();
    let shown = format!("{store:?} {open} {recorded:?} {stored:?}");
    assert!(!shown.contains("0.05"), "{shown}");
}

async fn amounts_are_not_in_display<B: Backend>(store: &B) {
    let zero = Payment {
        amount: "0",
        ..Payment::default()
    };
    let more = Payment {
        amount: "0.06",
        ..Payment::default()
    };
    for (delivery, expected) in [
        (zero.reconciled("A"), "underpaid"),
        (UNDERPAID.reconciled("A"), "underpaid, kept for review"),
        (payment("A"), "new"),
        (payment("A"), "duplicate"),
        (
            more.reconciled("A"),
            "conflict with what was recorded before in amount_crypto",
        ),
        (callback("u-1", "tx-1", true), "pending"),
        (callback("u-1", "tx-1", false), "new"),
        (callback("u-1", "tx-1", true), "superseded"),
        (callback("u-2", "tx-1", false), "possible duplicate of u-1"),
    ] {
        let recorded = deliver(store, &delivery).await;
        assert_eq!(recorded.to_string(), expected);
    }
}

async fn providers_do_not_share_ids<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let callback = deliver(store, &callback("A", "tx-1", false)).await;
    assert_eq!(callback, Recorded::New);
}

async fn payload_is_kept_until_it_is_pruned<B: Backend>(store: &B) {
    let paid = payment("A");
    assert_eq!(deliver(store, &paid).await, Recorded::New);
    let stored = store.stored(paid.event()).await.unwrap();
    let payload = stored.payload.as_deref();
    assert_eq!(payload, Some(paid.event().payload_json()));
    assert!(stored.recorded_at > 1_700_000_000, "{stored:?}");
    // What was recorded at the limit itself is kept.
    assert_eq!(store.prune(stored.recorded_at).await, 0);
    assert_eq!(store.stored(paid.event()).await.unwrap(), stored);
    assert_eq!(store.prune(stored.recorded_at + 1).await, 1);
    let pruned = store.stored(paid.event()).await.unwrap();
    assert_eq!(pruned.payload, None);
    assert_eq!(pruned.digest, stored.digest);
}

async fn payload_of_record_is_not_in_debug<B: Backend>(store: &B) {
    let paid = payment("A");
    assert_eq!(deliver(store, &paid).await, Recorded::New);
    let shown = format!("{:?}", store.stored(paid.event()).await.unwrap());
    assert!(shown.contains("credited: true"), "control case: {shown}");
    assert!(!shown.contains("invoice_id"), "{shown}");
}

async fn pruning_keeps_keys_and_digests<B: Backend>(store: &B) {
    let (paid, other) = (payment("A"), callback("u-1", "tx-1", false));
    for delivery in [&paid, &other] {
        assert_eq!(deliver(store, delivery).await, Recorded::New);
    }
    assert_eq!(store.prune(i64::MAX).await, 2);
    assert_eq!(store.prune(i64::MAX).await, 0);
    for delivery in [&paid, &other] {
        assert_eq!(deliver(store, delivery).await, Recorded::Duplicate);
    }
    let conflict = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert!(
        matches!(conflict, Recorded::Conflict { .. }),
        "{conflict:?}"
    );
    let duplicate = deliver(store, &callback("u-2", "tx-1", false)).await;
    assert_eq!(duplicate, possible_duplicate_of("u-1"));
}

/// A person still has to look at them.
async fn pruning_keeps_payloads_without_credit<B: Backend>(store: &B) {
    let paid = callback("u-1", "tx-1", false);
    assert_eq!(deliver(store, &paid).await, Recorded::New);
    let (short, held) = (UNDERPAID.reconciled("A"), callback("u-2", "tx-1", false));
    assert_eq!(deliver(store, &short).await, underpaid("0.04"));
    let recorded = deliver(store, &held).await;
    assert_eq!(recorded, possible_duplicate_of("u-1"));
    assert_eq!(store.prune(i64::MAX).await, 1);
    for (reconciliation, is_kept) in [(&paid, false), (&short, true), (&held, true)] {
        let event = reconciliation.event();
        let stored = store.stored(event).await.unwrap();
        let expected = is_kept.then(|| event.payload_json());
        assert_eq!(stored.payload.as_deref(), expected);
    }
    // After the payment is credited, its payload and that of its review are pruned.
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    assert_eq!(store.prune(i64::MAX).await, 2);
}

async fn hundred_payments_from_many_tasks_are_credited_once_each<B: Backend>(store: &B) {
    let ids: Vec<_> = (0..100).map(|number| format!("ORDER{number:03}")).collect();
    let payments: Vec<_> = ids.iter().map(|id| payment(id)).collect();
    let mut tasks = JoinSet::new();
    for task in 0..10 {
        let (store, mut payments) = (store.clone(), payments.clone());
        payments.rotate_left(task * 10);
        tasks.spawn(async move {
            let mut results = BTreeMap::new();
            for payment in payments {
                let recorded = credit_once(&store, &payment).await;
                *results.entry(recorded.is_new()).or_insert(0_u32) += 1;
            }
            results
        });
    }
    let mut new = 0;
    for results in tasks.join_all().await {
        new += results.get(&true).copied().unwrap_or_default();
    }
    assert_eq!(new, 100);
    assert_eq!(store.credits().await, ids);
}

async fn concurrent_delivery_waits_and_is_new_after_rollback<B: Backend>(store: &B) {
    let mut first = store.begin().await;
    let recorded = store.record(&mut first, &payment("A")).await;
    assert_eq!(recorded.unwrap(), Recorded::New);
    let second = tokio::spawn({
        let store = store.clone();
        async move { credit_once(&store, &payment("A")).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.unwrap(), Recorded::New);
}

async fn concurrent_deliveries_after_review_are_credited_once<B: Backend>(store: &B) {
    for number in 0..10 {
        let id = format!("A{number}");
        let short = deliver(store, &UNDERPAID.reconciled(&id)).await;
        assert_eq!(short, underpaid("0.04"));
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (store, paid) = (store.clone(), payment(&id));
            tasks.spawn(async move { credit_once(&store, &paid).await });
        }
        let mut results = tasks.join_all().await;
        results.sort_by_key(|recorded| !recorded.is_new());
        let [new, others @ ..] = &results[..] else {
            unreachable!("four tasks");
        };
        assert_eq!(*new, Recorded::New);
        assert!(
            others.iter().all(|it| *it == Recorded::Duplicate),
            "{others:?}"
        );
    }
    assert_eq!(store.credits().await.len(), 10);
}
