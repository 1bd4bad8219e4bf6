use postback_core::event::{EventKey, FieldDigests};

use super::{Contents, MemoryStore, MemoryTransaction, Undo};
use crate::{Review, ReviewFilter, key, review::ReviewReason};

/// Delivery that a person has to look at, or had to.
#[derive(Clone)]
pub(super) struct KeptReview {
    review: Review,
    is_resolved: bool,
}

/// Key of the payment, code of the reason, digest of the delivery, and amount that was paid.
pub(super) type ReviewKey = (EventKey, &'static str, Box<str>, String);

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
    /// again. It is listed again if its outcome or the amount that was paid is another one.
    ///
    /// Returns false and changes nothing if it was resolved before, or has another outcome now.
    pub async fn resolve(&self, review: &Review) -> bool {
        let mut contents = self.contents.lock().await;
        let found = contents.reviews.get_mut(&review_key(review));
        found.is_some_and(|kept| {
            let is_same = kept.review.reason == review.reason;
            is_same && !std::mem::replace(&mut kept.is_resolved, true)
        })
    }
}

impl MemoryTransaction {
    /// Keeps a delivery that a person has to look at. If it was resolved before, it stays resolved,
    /// unless its outcome is another one.
    pub(super) fn write_review(&mut self, review: Review) {
        let key = review_key(&review);
        let before = self.contents.reviews.get(&key);
        let is_resolved = before
            .is_some_and(|before| before.is_resolved && before.review.reason == review.reason);
        let kept = KeptReview {
            review,
            is_resolved,
        };
        let before = self.contents.reviews.insert(key.clone(), kept);
        self.undo.push(Undo::Review(key, before));
    }
}

impl Contents {
    /// Returns the keys and the digests of the deliveries that a person has resolved, each with any
    /// amount.
    pub(super) fn resolved(&self) -> Vec<(EventKey, FieldDigests)> {
        let of = |kept: &KeptReview| (kept.review.key.clone(), kept.review.digest.clone());
        let reviews = self.reviews.values();
        let (resolved, open): (Vec<_>, Vec<_>) = reviews.partition(|kept| kept.is_resolved);
        let open: Vec<_> = open.into_iter().map(of).collect();
        let resolved = resolved.into_iter().map(of);
        resolved.filter(|of| !open.contains(of)).collect()
    }

    /// Returns true if another delivery of a payment is listed for review.
    pub(super) fn has_other_review(&self, review: &Review) -> bool {
        self.reviews.iter().any(|(key, kept)| {
            kept.review.key == review.key
                && !kept.is_resolved
                && !matches!(kept.review.reason, ReviewReason::Conflict { .. })
                && *key != review_key(review)
        })
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
                kept.is_resolved = true;
            }
        }
        closed.len()
    }

    /// Returns true unless the payment of a delivery for review is credited.
    fn is_open(&self, review: &Review) -> bool {
        let record = self.records.get(&review.key);
        matches!(review.reason, ReviewReason::Conflict { .. })
            || record.is_some_and(|record| !record.credited)
    }
}

fn review_key(review: &Review) -> ReviewKey {
    (
        review.key.clone(),
        review.reason.code(),
        review.digest.as_str().into(),
        review.amount.clone(),
    )
}

fn position(review: &Review) -> (i64, ReviewKey) {
    (review.recorded_at, review_key(review))
}
