//! Deliveries that a person has to look at.

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::{Marked, Recorded, Review, ReviewFilter, ReviewReason};

use crate::{
    backend::Backend,
    events::{Callback, Payment, UNDERPAID, callback, payment},
    records::{deliver, possible_duplicate_of},
};

/// Returns the tests of a store with records.
pub(crate) fn all<B: Backend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "reviews::", [
        delivery_without_review_is_not_listed
        underpaid_payment_is_listed_until_it_pays
        underpaid_payment_is_listed_until_it_is_credited_by_hand
        each_part_payment_is_listed_until_payment_is_credited
        listed_delivery_is_credited_by_hand_after_another
        transfer_of_possible_duplicate_moves_when_it_is_credited
        smaller_part_payment_hides_no_larger_one
        credited_transfer_is_not_credited_by_hand
        stale_delivery_hides_no_review
        conflict_is_listed_after_credit
        possible_duplicate_is_listed
        rolled_back_record_leaves_no_review
        resolved_delivery_is_not_listed_again
        another_conflict_of_same_payment_is_listed
        resolved_part_payment_is_listed_again_if_more_is_paid
        payload_of_resolved_record_is_pruned
        reviews_of_project_are_listed_alone
        each_review_is_listed_page_by_page
        payload_of_open_review_is_not_pruned
        payload_of_closed_review_is_pruned
        transfer_of_review_counts_when_it_is_credited_by_hand
        payload_is_not_in_debug
    ])
}

async fn all_reviews<B: Backend>(store: &B) -> Vec<Review> {
    store.reviews(&ReviewFilter::of_all_projects()).await
}

async fn only_review<B: Backend>(store: &B) -> Review {
    let [one] = all_reviews(store).await.try_into().unwrap();
    one
}

fn is_of(review: &Review, delivery: &Reconciliation) {
    let event = delivery.event();
    assert_eq!(review.key, *event.key());
    assert_eq!(review.digest, *event.digest());
    assert_eq!(review.payload, event.payload_json());
}

async fn credit_by_hand<B: Backend>(store: &B, review: &Review) -> Marked {
    let mut transaction = store.begin().await;
    let marked = store.mark_credited(&mut transaction, review).await;
    if marked == Marked::Credited {
        store.commit(transaction).await;
    }
    marked
}

async fn delivery_without_review_is_not_listed<B: Backend>(store: &B) {
    for delivery in Payment::NOT_PAYING.into_iter().chain([Payment::PAYING]) {
        for _ in 0..2 {
            let _: Recorded = deliver(store, &delivery.reconciled("A")).await;
        }
    }
    for pending in [true, false] {
        let _: Recorded = deliver(store, &callback("u-1", "tx-1", pending)).await;
    }
    assert!(all_reviews(store).await.is_empty());
}

async fn underpaid_payment_is_listed_until_it_pays<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    let _: Recorded = deliver(store, &short).await;
    let review = only_review(store).await;
    is_of(&review, &short);
    let expected = ReviewReason::NotPaid {
        outcome: "underpaid".to_owned(),
    };
    assert_eq!(review.reason, expected);
    assert_eq!(review.reason.to_string(), "underpaid");
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    assert!(all_reviews(store).await.is_empty());
}

async fn underpaid_payment_is_listed_until_it_is_credited_by_hand<B: Backend>(store: &B) {
    let _: Recorded = deliver(store, &UNDERPAID.reconciled("A")).await;
    let review = only_review(store).await;
    assert_eq!(credit_by_hand(store, &review).await, Marked::Credited);
    assert!(all_reviews(store).await.is_empty());
}

const LESS: Payment<'_> = Payment {
    amount: "0.03",
    ..UNDERPAID
};

async fn each_part_payment_is_listed_until_payment_is_credited<B: Backend>(store: &B) {
    for delivery in [LESS, UNDERPAID, LESS] {
        let _: Recorded = deliver(store, &delivery.reconciled("A")).await;
    }
    assert_eq!(all_reviews(store).await.len(), 2);
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    assert!(all_reviews(store).await.is_empty());
}

/// A late delivery of less has taken its place in the record.
async fn listed_delivery_is_credited_by_hand_after_another<B: Backend>(store: &B) {
    let more = UNDERPAID.reconciled("A");
    let _: Recorded = deliver(store, &more).await;
    let review = only_review(store).await;
    let _: Recorded = deliver(store, &LESS.reconciled("A")).await;
    // A person must have seen it.
    assert_eq!(credit_by_hand(store, &review).await, Marked::OtherReview);
    let reviews = all_reviews(store).await;
    let other = reviews.iter().find(|other| other.digest != review.digest);
    assert!(store.resolve(other.unwrap()).await);
    assert_eq!(credit_by_hand(store, &review).await, Marked::Credited);
    assert_eq!(deliver(store, &more).await, Recorded::Duplicate);
    assert!(all_reviews(store).await.is_empty());
}

/// Each of two payments names one transfer, and the one that is counted under it is not paid.
async fn transfer_of_possible_duplicate_moves_when_it_is_credited<B: Backend>(store: &B) {
    let short = Callback {
        value: "0.04",
        ..Callback::default()
    };
    let _: Recorded = deliver(store, &short.reconciled()).await;
    let second = callback("u-2", "tx-1", false);
    assert_eq!(deliver(store, &second).await, possible_duplicate_of("u-1"));
    let reviews = all_reviews(store).await;
    let of_second = reviews.iter().find(|review| review.key.id() == "u-2");
    let marked = credit_by_hand(store, of_second.unwrap()).await;
    assert_eq!(marked, Marked::Credited);
    // A person must look at the first one again, also if it pays now.
    let first = callback("u-1", "tx-1", false);
    assert_eq!(deliver(store, &first).await, possible_duplicate_of("u-2"));
}

/// The digest does not cover what was paid.
async fn smaller_part_payment_hides_no_larger_one<B: Backend>(store: &B) {
    let [less, more] = Payment::PARTIAL.map(|partial| partial.reconciled("A"));
    for partial in [&less, &more, &less] {
        let _: Recorded = deliver(store, partial).await;
    }
    let payloads: Vec<_> = all_reviews(store).await;
    let mut payloads: Vec<_> = payloads.iter().map(|review| &*review.payload).collect();
    payloads.sort_unstable();
    assert_eq!(
        payloads,
        [less.event().payload_json(), more.event().payload_json()]
    );
    for review in all_reviews(store).await {
        assert!(store.resolve(&review).await);
    }
    let _: Recorded = deliver(store, &less).await;
    assert!(all_reviews(store).await.is_empty());
}

/// A callback that another client arranged has the transfer of a genuine one that was credited.
async fn credited_transfer_is_not_credited_by_hand<B: Backend>(store: &B) {
    let planted = Callback {
        uuid: "u-1",
        bound_by_url: false,
        ..Callback::default()
    };
    let _: Recorded = deliver(store, &planted.reconciled()).await;
    let review = only_review(store).await;
    let genuine = deliver(store, &callback("u-2", "tx-1", false)).await;
    assert_eq!(genuine, Recorded::New);
    let expected = Marked::PossibleDuplicate {
        of: "u-2".to_owned(),
    };
    assert_eq!(credit_by_hand(store, &review).await, expected);
    assert!(store.resolve(&review).await);
    assert!(all_reviews(store).await.is_empty());
}

/// A late delivery of a part payment that was resolved takes the place of a later one in the
/// record.
async fn stale_delivery_hides_no_review<B: Backend>(store: &B) {
    let _: Recorded = deliver(store, &LESS.reconciled("A")).await;
    assert!(store.resolve(&only_review(store).await).await);
    let more = UNDERPAID.reconciled("A");
    let _: Recorded = deliver(store, &more).await;
    let _: Recorded = deliver(store, &LESS.reconciled("A")).await;
    is_of(&only_review(store).await, &more);
}

async fn conflict_is_listed_after_credit<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let short = UNDERPAID.reconciled("A");
    for _ in 0..2 {
        let _: Recorded = deliver(store, &short).await;
        let review = only_review(store).await;
        is_of(&review, &short);
        let expected = ReviewReason::Conflict {
            fields: vec!["amount_crypto".to_owned()],
        };
        assert_eq!(review.reason, expected);
        let marked = credit_by_hand(store, &review).await;
        assert_eq!(marked, Marked::NotForReview, "it is credited");
    }
}

async fn possible_duplicate_is_listed<B: Backend>(store: &B) {
    let first = deliver(store, &callback("u-1", "tx-1", false)).await;
    assert_eq!(first, Recorded::New);
    let second = callback("u-2", "tx-1", false);
    assert_eq!(deliver(store, &second).await, possible_duplicate_of("u-1"));
    let review = only_review(store).await;
    is_of(&review, &second);
    let expected = ReviewReason::PossibleDuplicate {
        of: "u-1".to_owned(),
    };
    assert_eq!(review.reason, expected);
}

async fn rolled_back_record_leaves_no_review<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    for delivery in [UNDERPAID.reconciled("A"), UNDERPAID.reconciled("B")] {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &delivery).await;
        assert!(recorded.is_ok(), "{recorded:?}");
        drop(transaction);
    }
    assert!(all_reviews(store).await.is_empty());
}

async fn resolved_delivery_is_not_listed_again<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    for short in [UNDERPAID.reconciled("A"), UNDERPAID.reconciled("B")] {
        let _: Recorded = deliver(store, &short).await;
        let review = only_review(store).await;
        assert!(store.resolve(&review).await);
        assert!(!store.resolve(&review).await, "it was resolved before");
        let _: Recorded = deliver(store, &short).await;
        assert!(all_reviews(store).await.is_empty());
    }
}

async fn another_conflict_of_same_payment_is_listed<B: Backend>(store: &B) {
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let _: Recorded = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert!(store.resolve(&only_review(store).await).await);
    let less = LESS.reconciled("A");
    let _: Recorded = deliver(store, &less).await;
    is_of(&only_review(store).await, &less);
}

async fn resolved_part_payment_is_listed_again_if_more_is_paid<B: Backend>(store: &B) {
    for partial in Payment::PARTIAL {
        let partial = partial.reconciled("A");
        for _ in 0..2 {
            let _: Recorded = deliver(store, &partial).await;
            is_of(&only_review(store).await, &partial);
        }
        assert!(store.resolve(&only_review(store).await).await);
        let _: Recorded = deliver(store, &partial).await;
        assert!(all_reviews(store).await.is_empty());
    }
}

async fn payload_of_resolved_record_is_pruned<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    let _: Recorded = deliver(store, &short).await;
    let review = only_review(store).await;
    assert!(store.resolve(&review).await);
    let stored = store.stored(short.event()).await.unwrap();
    // What was recorded at the limit itself is kept.
    let limit = stored.recorded_at.min(review.recorded_at);
    assert_eq!(store.prune(limit).await, 0);
    // The record and its review.
    assert_eq!(store.prune(9_000_000_000).await, 2);
    assert_eq!(store.stored(short.event()).await.unwrap().payload, None);
}

async fn reviews_of_project_are_listed_alone<B: Backend>(store: &B) {
    for project in [None, Some("eu"), Some("us")] {
        let short = Payment {
            project,
            ..UNDERPAID
        };
        let _: Recorded = deliver(store, &short.reconciled("A")).await;
    }
    for project in [None, Some("eu"), Some("us"), Some("other")] {
        let listed = store.reviews(&ReviewFilter::of_project(project)).await;
        let listed: Vec<_> = listed.iter().map(|review| review.key.project()).collect();
        let expected = match project {
            Some("other") => vec![],
            project => vec![project],
        };
        assert_eq!(listed, expected);
    }
}

async fn each_review_is_listed_page_by_page<B: Backend>(store: &B) {
    for id in ["A", "B", "C", "D", "E"] {
        let _: Recorded = deliver(store, &UNDERPAID.reconciled(id)).await;
    }
    let mut filter = ReviewFilter::of_all_projects().limit(2);
    let mut ids = Vec::new();
    loop {
        let page = store.reviews(&filter).await;
        assert!(page.len() <= 2, "{page:?}");
        let Some(last) = page.last() else { break };
        filter = filter.after(last);
        ids.extend(page.iter().map(|review| review.key.id().to_owned()));
    }
    assert_eq!(ids, ["A", "B", "C", "D", "E"]);
}

async fn payload_of_open_review_is_not_pruned<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    let _: Recorded = deliver(store, &short).await;
    assert_eq!(store.prune(9_000_000_000).await, 0);
    let review = only_review(store).await;
    is_of(&review, &short);
}

async fn payload_of_closed_review_is_pruned<B: Backend>(store: &B) {
    let _: Recorded = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert_eq!(deliver(store, &payment("A")).await, Recorded::New);
    let _: Recorded = deliver(store, &UNDERPAID.reconciled("A")).await;
    assert!(store.resolve(&only_review(store).await).await);
    // The record, the part payment that was replaced, and the conflict that was resolved.
    assert_eq!(store.prune(9_000_000_000).await, 3);
    assert_eq!(store.prune(9_000_000_000).await, 0);
}

/// A person has found the transfer on the chain, and credits it. The provider's own callback about
/// it must not credit it again.
async fn transfer_of_review_counts_when_it_is_credited_by_hand<B: Backend>(store: &B) {
    let planted = Callback {
        uuid: "u-1",
        bound_by_url: false,
        ..Callback::default()
    };
    let recorded = deliver(store, &planted.reconciled()).await;
    assert!(matches!(recorded, Recorded::Review(_)), "{recorded:?}");
    let review = only_review(store).await;
    assert_eq!(credit_by_hand(store, &review).await, Marked::Credited);
    let second = Callback {
        uuid: "u-2",
        ..Callback::default()
    };
    let second = deliver(store, &second.reconciled()).await;
    assert_eq!(second, possible_duplicate_of("u-1"));
}

async fn payload_is_not_in_debug<B: Backend>(store: &B) {
    let _: Recorded = deliver(store, &UNDERPAID.reconciled("A")).await;
    let shown = format!("{:?}", only_review(store).await);
    assert!(shown.contains("underpaid"), "{shown}");
    assert!(!shown.contains("0.04"), "{shown}");
}
