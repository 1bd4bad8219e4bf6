use postback_core::{
    Amount,
    event::{EventKey, EventRecord, FieldDigests},
};

use super::{Contents, MemoryStore, MemoryTransaction, Undo};
use crate::{
    Recorded, Review, ReviewFilter, key,
    review::{self, ReviewReason},
};

/// Delivery that a person has to look at, or had to.
#[derive(Clone)]
pub(super) struct KeptReview {
    review: Review,
    /// Amount that was paid, if the outcome has one.
    amount: Option<Amount>,
    is_resolved: bool,
}

/// Key of the payment, code of the reason, and digest of the delivery.
pub(super) type ReviewKey = (EventKey, &'static str, Box<str>);

impl MemoryStore {
    /// Returns the deliveries that a person has to look at and that the filter selects, the oldest
    /// first: those that contradict a credited payment, and those that are recorded for review.
    pub async fn reviews(&self, filter: &ReviewFilter) -> Vec<Review> {
        let contents = self.contents.lock().await;
        let reviews = contents.reviews.values();
        let open = reviews.filter(
            |KeptReview {
                 review,
                 is_resolved,
                 ..
             }| {
                let project = filter.project.as_deref();
                !is_resolved
                    && project.is_none_or(|project| project == key::project(&review.key))
                    && contents.is_open(review)
            },
        );
        let mut open: Vec<&Review> = open.map(|kept| &kept.review).collect();
        open.sort_by_key(|review| position(review));
        let after = filter.after.as_ref().map(position);
        let open = open.into_iter().filter(|review| {
            let after = after.as_ref();
            after.is_none_or(|after| position(review) > *after)
        });
        let limit = filter.limit.try_into().unwrap_or(usize::MAX);
        open.take(limit).cloned().collect()
    }

    /// Resolves a delivery that a person has looked at: it is no longer listed, also if it arrives
    /// again. It is listed again if its outcome changes or more is paid.
    ///
    /// Returns false and changes nothing if it was resolved before.
    pub async fn resolve(&self, review: &Review) -> bool {
        let mut contents = self.contents.lock().await;
        let found = contents.reviews.get_mut(&review_key(review));
        found.is_some_and(|kept| !std::mem::replace(&mut kept.is_resolved, true))
    }
}

impl MemoryTransaction {
    /// Keeps a delivery, if a person has to look at it. If it was resolved before, it stays
    /// resolved, unless its reason or its amount is another one.
    pub(super) fn write_review(
        &mut self,
        event: &EventRecord,
        recorded: &Recorded,
        recorded_at: i64,
    ) {
        let Some(reason) = ReviewReason::of(recorded) else {
            return;
        };
        let review = Review {
            key: event.key().clone(),
            reason,
            digest: event.digest().clone(),
            payload: event.payload_json().to_owned(),
            recorded_at,
        };
        let (key, amount) = (review_key(&review), review::amount(recorded).cloned());
        let before = self.contents.reviews.get(&key);
        let is_resolved = before.is_some_and(|before| {
            let is_same = before.review.reason == review.reason && before.amount == amount;
            before.is_resolved && is_same
        });
        let kept = KeptReview {
            review,
            amount,
            is_resolved,
        };
        let before = self.contents.reviews.insert(key.clone(), kept);
        self.undo.push(Undo::Review(key, before));
    }
}

impl Contents {
    /// Returns the keys and the digests of the deliveries that a person has resolved.
    pub(super) fn resolved(&self) -> Vec<(EventKey, FieldDigests)> {
        let resolved = self.reviews.values().filter(|kept| kept.is_resolved);
        resolved
            .map(|kept| (kept.review.key.clone(), kept.review.digest.clone()))
            .collect()
    }

    /// Drops the payloads of deliveries that are listed no longer and were recorded before a Unix
    /// time in seconds.
    pub(super) fn prune_reviews(&mut self, before: i64) -> usize {
        let reviews = self.reviews.iter();
        let closed = reviews.filter(|(_, kept)| {
            kept.review.recorded_at < before
                && !kept.review.payload.is_empty()
                && (kept.is_resolved || !self.is_open(&kept.review))
        });
        let closed: Vec<ReviewKey> = closed.map(|(key, _)| key.clone()).collect();
        for key in &closed {
            if let Some(kept) = self.reviews.get_mut(key) {
                kept.review.payload.clear();
            }
        }
        closed.len()
    }

    /// Returns true unless the payment of a delivery for review is credited.
    fn is_open(&self, review: &Review) -> bool {
        let record = self.records.get(&review.key).map(|record| &record.stored);
        matches!(review.reason, ReviewReason::Conflict { .. })
            || record.is_some_and(|record| !record.credited)
    }
}

fn review_key(review: &Review) -> ReviewKey {
    (
        review.key.clone(),
        review.reason.code(),
        review.digest.as_str().into(),
    )
}

fn position(review: &Review) -> (i64, ReviewKey) {
    (review.recorded_at, review_key(review))
}
