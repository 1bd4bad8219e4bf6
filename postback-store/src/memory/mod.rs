//! Store in the memory of the process, for tests of an application.

mod effects;
mod reviews;

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use postback_core::{
    event::{Digest, EventKey, EventRecord, FieldDigests},
    reconcile::{Disposition, Outcome, Reconciliation, Recordable},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::{
    effects::Effect,
    reviews::{KeptReview, ReviewKey},
};
use crate::{
    Marked, Recorded, Review, Stored, clock::Clock, effect::EffectKey, review::ReviewReason,
};

/// Records and effects in memory, lost when the process ends.
///
/// It has no tables of the application: test a handler that uses some with a `SqliteStore` in a
/// temporary file.
#[derive(Clone, Default)]
pub struct MemoryStore {
    contents: Arc<Mutex<Contents>>,
    clock: Clock,
}

#[derive(Default)]
struct Contents {
    records: BTreeMap<EventKey, Stored>,
    /// Deliveries that a person has to look at, or had to.
    reviews: BTreeMap<ReviewKey, KeptReview>,
    effects: BTreeMap<EffectKey, Effect>,
    /// Ids that transfers on the chain are counted under.
    transfers: BTreeMap<Transfer, String>,
}

/// Namespace, project and digest.
type Transfer = (String, Option<String>, [u8; 32]);

/// Transaction of a [`MemoryStore`]. Its writes are undone if it is dropped without a commit. Other
/// transactions wait for its end.
#[must_use = "nothing is recorded unless it is committed"]
pub struct MemoryTransaction {
    contents: OwnedMutexGuard<Contents>,
    /// Writes to undo, in their order.
    undo: Vec<Undo>,
}

/// Write to undo, with the value before it.
enum Undo {
    Effect(EffectKey, Option<Effect>),
    Record(EventKey, Option<Stored>),
    Review(ReviewKey, Option<KeptReview>),
    Transfer(Transfer, Option<String>),
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the time from `clock` instead of the system's clock. It decides when leases end and
    /// which payloads are pruned.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            clock: Clock::new(clock),
            ..self
        }
    }

    /// Begins a transaction, after all others have ended.
    pub async fn begin(&self) -> MemoryTransaction {
        MemoryTransaction {
            contents: Arc::clone(&self.contents).lock_owned().await,
            undo: Vec::new(),
        }
    }

    /// Records a payment within a transaction, if it is to be credited or reviewed. If the
    /// transaction is not committed, nothing was recorded.
    ///
    /// A record for review is replaced by each later delivery of the payment that is to be credited
    /// or reviewed, and a delivery that pays the price is still [`New`](Recorded::New). A record
    /// that is credited is not replaced.
    pub fn record_in(
        &self,
        transaction: &mut MemoryTransaction,
        reconciliation: &impl Recordable,
    ) -> Recorded {
        let reconciliation = reconciliation.reconciliation();
        let (event, outcome) = (reconciliation.event(), reconciliation.outcome());
        let key = event.key();
        let before = transaction.contents.records.get(key);
        let is_credit = match reconciliation.disposition() {
            Disposition::Credit => true,
            Disposition::Review => false,
            Disposition::Ignore => {
                let is_superseded =
                    *outcome == Outcome::Pending && before.is_some_and(|before| before.credited);
                return Recorded::ignored(outcome, is_superseded);
            }
        };
        let recorded = match before {
            Some(before) if before.credited => Recorded::kept(&before.digest, event.digest()),
            _ => {
                let counted = event.counted_transfer();
                let duplicate_of =
                    counted.and_then(|transfer| transaction.count_transfer(key, transfer));
                let stored = Stored {
                    credited: is_credit && duplicate_of.is_none(),
                    digest: event.digest().clone(),
                    payload: Some(event.payload_json().to_owned()),
                    recorded_at: self.clock.seconds(),
                };
                transaction.write(key.clone(), stored);
                Recorded::written(outcome, duplicate_of)
            }
        };
        if let Some(review) = Review::of(event, outcome, &recorded, self.clock.seconds()) {
            transaction.write_review(review);
        }
        recorded
    }

    /// Changes the record of a payment from for review to credited, within a transaction.
    ///
    /// Call it if a person has looked at a [review](Self::reviews) and decided to credit the
    /// payment. **Credit the order, and commit, only if it returns [`Marked::Credited`].** A later
    /// delivery of the payment is then a [`Duplicate`](Recorded::Duplicate), or a
    /// [`Conflict`](Recorded::Conflict) if a field that must not change is different. Another
    /// payment with the same transfer on the chain is a
    /// [`PossibleDuplicate`](Recorded::PossibleDuplicate). The record becomes that of the delivery
    /// that the person has looked at, also if another one was recorded since.
    pub fn mark_credited_in(&self, transaction: &mut MemoryTransaction, review: &Review) -> Marked {
        let key = &review.key;
        let record = transaction.contents.records.get(key);
        let is_for_review = record.is_some_and(|record| !record.credited);
        if !is_for_review || matches!(review.reason, ReviewReason::Conflict { .. }) {
            return Marked::NotForReview;
        }
        if transaction.contents.has_other_review(review) {
            return Marked::OtherReview;
        }
        if let Some(transfer) = &review.transfer
            && let Some(of) = transaction.count_transfer(key, transfer)
        {
            if !review.names_other(&of) {
                return Marked::PossibleDuplicate { of };
            }
            let other = EventKey::new(key.namespace().to_owned(), key.project(), of);
            let other = transaction.contents.records.get(&other);
            if other.is_none_or(|other| !other.credited) {
                transaction.move_transfer(key, transfer);
            }
        }
        let stored = Stored {
            credited: true,
            digest: review.digest.clone(),
            payload: Some(review.payload.clone()),
            recorded_at: self.clock.seconds(),
        };
        transaction.write(key.clone(), stored);
        Marked::Credited
    }

    /// Records an old payment as credited, within a transaction, so that a postback of it is a
    /// [`Duplicate`](Recorded::Duplicate).
    ///
    /// Returns false and changes nothing if there is a record of the payment already.
    pub fn import_credited_in(&self, transaction: &mut MemoryTransaction, key: &EventKey) -> bool {
        if transaction.contents.records.contains_key(key) {
            return false;
        }
        let stored = Stored {
            credited: true,
            digest: FieldDigests::unknown(),
            payload: None,
            recorded_at: self.clock.seconds(),
        };
        transaction.write(key.clone(), stored);
        true
    }

    /// Returns the record of a payment, if there is one.
    pub async fn stored(&self, event: &EventRecord) -> Option<Stored> {
        let contents = self.contents.lock().await;
        let record = contents.records.get(event.key());
        record.cloned()
    }

    /// Enqueues an effect of a payment within a transaction. After the commit the effect is
    /// [pending](crate::EffectStore::pending_effects) until [`run_effect`](crate::run_effect) or
    /// [`resume_effect`](crate::resume_effect) has run it, so that each credit that is committed
    /// has its effect.
    ///
    /// Does nothing for a payment that does not pay its price. If its transfer on the chain is
    /// already recorded for another payment, the effect waits until a person
    /// [approves](crate::EffectStore::approve) it.
    ///
    /// A payment can have several effects, each under its own name. An effect of that name that was
    /// enqueued [for review](Self::enqueue_effect_of_review_in) is replaced, done or not, so that
    /// this one runs. Any other effect of that name is unchanged, even if this delivery contradicts
    /// it.
    ///
    /// Call `run_effect` after the commit, because it waits for the end of the transaction.
    pub fn enqueue_effect_in(
        &self,
        transaction: &mut MemoryTransaction,
        reconciliation: &impl Recordable,
        name: &str,
    ) {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Credit, transaction, reconciliation, name);
    }

    /// Enqueues an effect of a payment for [review](crate::Recorded::Review) within a transaction,
    /// for an application that counts part payments. Does nothing for any other payment.
    ///
    /// An effect that is enqueued already is unchanged. [`run_effect`](crate::run_effect) does not
    /// run the effect of a payment for review: [`resume_effect`](crate::resume_effect) does.
    pub fn enqueue_effect_of_review_in(
        &self,
        transaction: &mut MemoryTransaction,
        reconciliation: &impl Recordable,
        name: &str,
    ) {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Review, transaction, reconciliation, name);
    }

    /// Enqueues the effect of a payment with this disposition.
    fn enqueue_if(
        &self,
        disposition: Disposition,
        transaction: &mut MemoryTransaction,
        reconciliation: &Reconciliation,
        name: &str,
    ) {
        if reconciliation.disposition() == disposition {
            let (event, is_paid) = (reconciliation.event(), reconciliation.is_paid());
            transaction.enqueue(event, name, is_paid, self.clock.milliseconds());
        }
    }

    /// Drops the payloads of payments that were recorded before a Unix time in seconds, and returns
    /// how many were dropped.
    ///
    /// Payloads for review are kept, because a person has to look at them, and so are those of
    /// effects that are not done.
    pub async fn prune(&self, before: i64) -> u64 {
        let contents = &mut *self.contents.lock().await;
        let resolved = contents.resolved();
        let records = contents.records.iter_mut();
        let records = records
            .filter(|(key, record)| {
                let mut resolved = resolved.iter();
                let is_closed = record.credited
                    || resolved.any(|(of, digest)| of == *key && *digest == record.digest);
                is_closed && record.recorded_at < before
            })
            .filter_map(|(_, record)| record.payload.take());
        let records = records.count();
        let pruned = records
            .saturating_add(contents.prune_reviews(before))
            .saturating_add(contents.prune_effects(before));
        pruned.try_into().unwrap_or(u64::MAX)
    }
}

impl MemoryTransaction {
    /// Keeps the writes of the transaction.
    pub fn commit(mut self) {
        self.undo.clear();
    }

    fn write(&mut self, key: EventKey, record: Stored) {
        let before = self.contents.records.insert(key.clone(), record);
        self.undo.push(Undo::Record(key, before));
    }

    /// Counts the transfer of a payment under its id, instead of another one.
    fn move_transfer(&mut self, key: &EventKey, transfer: &Digest) {
        let transfer = transfer_of(key, transfer);
        let id = key.id().to_owned();
        let before = self.contents.transfers.insert(transfer.clone(), id);
        self.undo.push(Undo::Transfer(transfer, before));
    }

    /// Counts the transfer of a payment. Returns the other id that it is counted under, if there is
    /// one.
    fn count_transfer(&mut self, key: &EventKey, transfer: &Digest) -> Option<String> {
        let transfer = transfer_of(key, transfer);
        if let Some(of) = self.contents.transfers.get(&transfer) {
            return Some(of.clone()).filter(|of| of != key.id());
        }
        self.contents
            .transfers
            .insert(transfer.clone(), key.id().to_owned());
        self.undo.push(Undo::Transfer(transfer, None));
        None
    }
}

fn transfer_of(key: &EventKey, transfer: &Digest) -> Transfer {
    let project = key.project().map(str::to_owned);
    (key.namespace().to_owned(), project, *transfer.as_bytes())
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        while let Some(write) = self.undo.pop() {
            match write {
                Undo::Effect(key, Some(before)) => {
                    self.contents.effects.insert(key, before);
                }
                Undo::Effect(key, None) => drop(self.contents.effects.remove(&key)),
                Undo::Record(key, Some(before)) => {
                    self.contents.records.insert(key, before);
                }
                Undo::Record(key, None) => drop(self.contents.records.remove(&key)),
                Undo::Review(key, Some(before)) => {
                    self.contents.reviews.insert(key, before);
                }
                Undo::Review(key, None) => drop(self.contents.reviews.remove(&key)),
                Undo::Transfer(transfer, Some(before)) => {
                    self.contents.transfers.insert(transfer, before);
                }
                Undo::Transfer(transfer, None) => drop(self.contents.transfers.remove(&transfer)),
            }
        }
    }
}

/// Shows no contents.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// Shows the number of writes.
impl fmt::Debug for MemoryTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransaction")
            .field("writes", &self.undo.len())
            .finish_non_exhaustive()
    }
}
