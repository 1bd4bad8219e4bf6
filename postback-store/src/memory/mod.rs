//! Store in the memory of the process, for tests of an application.

mod effects;

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use postback_core::{
    event::{Digest, EventKey, EventRecord},
    reconcile::{Disposition, Outcome, Reconciliation, Recordable},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::effects::Effect;
use crate::{Recorded, Stored, clock::Clock};

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
    effects: BTreeMap<EventKey, Effect>,
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
    Effect(EventKey, Option<Effect>),
    Record(EventKey, Option<Stored>),
    Transfer(Transfer),
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the time from `clock` instead of the system's clock. It decides when leases end.
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
    /// A record for review is replaced by each later delivery of the same payment, and a delivery
    /// that pays the price is still [`New`](Recorded::New). A record that is credited is not
    /// replaced.
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
        if let Some(before) = before
            && before.credited
        {
            return Recorded::kept(&before.digest, event.digest());
        }
        let duplicate_of = transaction.count_transfer(event);
        let record = Stored {
            credited: is_credit && duplicate_of.is_none(),
            digest: event.digest().clone(),
            payload: Some(event.payload_json().to_owned()),
            recorded_at: self.clock.seconds(),
        };
        transaction.write(key.clone(), record);
        Recorded::written(outcome, duplicate_of)
    }

    /// Changes the record of a payment from for review to credited, within a transaction.
    ///
    /// Call it if a person has decided to credit the payment, and credit the order in the same
    /// transaction. A later delivery of the payment is then a [`Duplicate`](Recorded::Duplicate), or
    /// a [`Conflict`](Recorded::Conflict) if a field that must not change is different.
    ///
    /// Returns false and changes nothing if there is no such record, or if it is credited already:
    /// **credit the order only if this returns true.**
    #[must_use = "it decides whether to credit the order"]
    pub fn mark_credited_in(&self, transaction: &mut MemoryTransaction, key: &EventKey) -> bool {
        let Some(record) = transaction.contents.records.get(key) else {
            return false;
        };
        if record.credited {
            return false;
        }
        let record = Stored {
            credited: true,
            ..record.clone()
        };
        transaction.write(key.clone(), record);
        true
    }

    /// Returns the record of a payment, if there is one.
    pub async fn stored(&self, event: &EventRecord) -> Option<Stored> {
        let contents = self.contents.lock().await;
        contents.records.get(event.key()).cloned()
    }

    /// Enqueues the effect of a payment within a transaction. After the commit the effect is
    /// [pending](crate::EffectStore::pending_effects) until [`run_effect`](crate::run_effect) or
    /// [`resume_effect`](crate::resume_effect) has run it, so that each credit that is committed
    /// has its effect.
    ///
    /// Does nothing for a payment that does not pay its price. If its transfer on the chain is
    /// counted under another id, the effect waits until a person
    /// [approves](crate::EffectStore::approve) it.
    ///
    /// A payment has one effect. An effect that was enqueued
    /// [for review](Self::enqueue_effect_of_review_in) is replaced, done or not, so that this one
    /// runs. Any other effect that is enqueued already is unchanged, even if this delivery
    /// contradicts it.
    ///
    /// Call `run_effect` after the commit, because it waits for the end of the transaction.
    pub fn enqueue_effect_in(
        &self,
        transaction: &mut MemoryTransaction,
        reconciliation: &impl Recordable,
    ) {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Credit, transaction, reconciliation);
    }

    /// Enqueues the effect of a payment for [review](crate::Recorded::Review) within a transaction,
    /// for an application that counts part payments. Does nothing for any other payment.
    ///
    /// An effect that is enqueued already is unchanged. [`run_effect`](crate::run_effect) does not
    /// run the effect of a payment for review: [`resume_effect`](crate::resume_effect) does.
    pub fn enqueue_effect_of_review_in(
        &self,
        transaction: &mut MemoryTransaction,
        reconciliation: &impl Recordable,
    ) {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Review, transaction, reconciliation);
    }

    /// Enqueues the effect of a payment with this disposition.
    fn enqueue_if(
        &self,
        disposition: Disposition,
        transaction: &mut MemoryTransaction,
        reconciliation: &Reconciliation,
    ) {
        if reconciliation.disposition() == disposition {
            let (event, is_paid) = (reconciliation.event(), reconciliation.is_paid());
            transaction.enqueue(event, is_paid, self.clock.milliseconds());
        }
    }

    /// Drops the payloads of payments that were recorded before a Unix time in seconds, and returns
    /// how many were dropped.
    ///
    /// Payloads for review are kept, because a person has to look at them, and so are those of
    /// effects that are not done.
    pub async fn prune(&self, before: i64) -> u64 {
        let contents = &mut *self.contents.lock().await;
        let records = contents.records.values_mut();
        let records = records
            .filter(|record| record.credited && record.recorded_at < before)
            .filter_map(|record| record.payload.take());
        let records = records.count();
        let pruned = records.saturating_add(contents.prune_effects(before));
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

    /// Counts the transfer of a payment. Returns the other id that it is counted under, if there is
    /// one.
    fn count_transfer(&mut self, event: &EventRecord) -> Option<String> {
        let key = event.key();
        let transfer = event.transfer().map(Digest::as_bytes)?;
        let project = key.project().map(str::to_owned);
        let transfer = (key.namespace().to_owned(), project, *transfer);
        if let Some(of) = self.contents.transfers.get(&transfer) {
            return Some(of.clone()).filter(|of| of != key.id());
        }
        self.contents
            .transfers
            .insert(transfer.clone(), key.id().to_owned());
        self.undo.push(Undo::Transfer(transfer));
        None
    }
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
                Undo::Transfer(transfer) => drop(self.contents.transfers.remove(&transfer)),
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
