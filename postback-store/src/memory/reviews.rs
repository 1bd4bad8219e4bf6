use postback_core::event::{EventKey, EventRecord};

use super::{Contents, MemoryStore, MemoryTransaction, Undo};
use crate::{Review, ReviewFilter, key, review::ReviewReason};

/// Key of the payment, code of the reason, and digest of the delivery.
pub(super) type ReviewKey = (EventKey, &'static str, Box<str>);

impl MemoryStore {
    /// Returns the deliveries that a person has to look at and that the filter selects, the oldest
    /// first: those that contradict a credited payment, and those that are recorded for review.
    pub async fn reviews(&self, filter: &ReviewFilter) -> Vec<Review> {
        let contents = self.contents.lock().await;
        let reviews = contents.reviews.values();
        let open = reviews.filter(|(review, is_resolved)| {
            let project = filter.project.as_deref();
            !is_resolved
                && project.is_none_or(|project| project == key::project(&review.key))
                && contents.is_open(review)
        });
        let mut open: Vec<&Review> = open.map(|(review, _)| review).collect();
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
    /// again.
    ///
    /// Returns false and changes nothing if it was resolved before.
    pub async fn resolve(&self, review: &Review) -> bool {
        let mut contents = self.contents.lock().await;
        let found = contents.reviews.get_mut(&review_key(review));
        found.is_some_and(|(_, is_resolved)| !std::mem::replace(is_resolved, true))
    }
}

impl MemoryTransaction {
    /// Keeps a delivery that a person has to look at. If it was resolved before, it stays resolved.
    pub(super) fn write_review(
        &mut self,
        event: &EventRecord,
        reason: ReviewReason,
        recorded_at: i64,
    ) {
        let review = Review {
            key: event.key().clone(),
            reason,
            digest: event.digest().clone(),
            payload: event.payload_json().to_owned(),
            recorded_at,
        };
        let key = review_key(&review);
        let before = self.contents.reviews.get(&key);
        let is_resolved = before.is_some_and(|(_, is_resolved)| *is_resolved);
        let before = self
            .contents
            .reviews
            .insert(key.clone(), (review, is_resolved));
        self.undo.push(Undo::Review(key, before));
    }
}

impl Contents {
    /// Drops the payloads of deliveries that are listed no longer and were recorded before a Unix
    /// time in seconds.
    pub(super) fn prune_reviews(&mut self, before: i64) -> usize {
        let reviews = self.reviews.iter();
        let closed = reviews.filter(|(_, (review, is_resolved))| {
            review.recorded_at < before
                && !review.payload.is_empty()
                && (*is_resolved || !self.is_open(review))
        });
        let closed: Vec<ReviewKey> = closed.map(|(key, _)| key.clone()).collect();
        for key in &closed {
            if let Some((review, _)) = self.reviews.get_mut(key) {
                review.payload.clear();
            }
        }
        closed.len()
    }

    /// Returns true unless the record of the delivery is credited or was replaced.
    fn is_open(&self, review: &Review) -> bool {
        let record = self.records.get(&review.key).map(|record| &record.stored);
        matches!(review.reason, ReviewReason::Conflict { .. })
            || record.is_some_and(|record| !record.credited && record.digest == review.digest)
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
