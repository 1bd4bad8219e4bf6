//! This process's memory, for tests of an application.

mod effects;

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use postback_core::claim::{Claim, Digest, Finality};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::effects::Effect;
use crate::{Claimed, Key, Stored, clock::Clock};

/// Claims and effects in memory: what it holds is gone with the process.
#[derive(Clone, Default)]
pub struct MemoryStore {
    contents: Arc<Mutex<Contents>>,
    clock: Clock,
}

#[derive(Default)]
struct Contents {
    claims: BTreeMap<Key, Row>,
    effects: BTreeMap<Key, Effect>,
}

struct Row {
    stored: Stored,
    transfer: Option<Digest>,
}

/// Claims and records that are kept once it is committed, and are gone if it is dropped before. Others wait for its
/// end.
#[must_use = "what is not committed is not claimed"]
pub struct MemoryTransaction {
    contents: OwnedMutexGuard<Contents>,
    claimed: Vec<Key>,
    recorded: Vec<Key>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the time from `clock` instead of the system: it decides when leases end.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            clock: Clock::new(clock),
            ..self
        }
    }

    /// Begins a transaction, once no other is open.
    pub async fn begin(&self) -> MemoryTransaction {
        MemoryTransaction {
            contents: Arc::clone(&self.contents).lock_owned().await,
            claimed: Vec::new(),
            recorded: Vec::new(),
        }
    }

    /// Claims a verified payment or a bound callback within a transaction.
    pub fn claim_in(
        &self,
        transaction: &mut MemoryTransaction,
        claim: impl Into<Claim>,
    ) -> Claimed {
        let claim = claim.into();
        let key = Key::of(&claim);
        let now = *claim.digest();
        let claims = &transaction.contents.claims;
        if let Some(row) = claims.get(&key) {
            return Claimed::again(row.stored.digest, now);
        }
        if claims.contains_key(&key.with(Finality::Final)) {
            return Claimed::Superseded;
        }
        let other = transaction.contents.other_of(&key, claim.transfer());
        let row = Row {
            stored: Stored {
                digest: now,
                event: Some(claim.event().to_owned()),
                claimed_at: self.clock.seconds(),
            },
            transfer: claim.transfer().copied(),
        };
        transaction.contents.claims.insert(key.clone(), row);
        transaction.claimed.push(key);
        match other {
            Some(of) => Claimed::PossibleDuplicate { of },
            None => Claimed::New,
        }
    }

    /// What is kept of a claim, if it was made.
    pub async fn stored(&self, claim: impl Into<Claim>) -> Option<Stored> {
        let contents = self.contents.lock().await;
        let row = contents.claims.get(&Key::of(&claim.into()))?;
        Some(row.stored.clone())
    }

    /// Records an event within a transaction, for [`once`](crate::once): once that is committed, its effect is
    /// [unfinished](crate::LeaseStore::unfinished) until it is run. Call `once` after the commit, and not before: it
    /// waits for the transaction's end.
    pub fn record_in(&self, transaction: &mut MemoryTransaction, claim: impl Into<Claim>) {
        let claim = claim.into();
        let now = self.clock.milliseconds();
        if transaction.contents.record(&claim, now) {
            transaction.recorded.push(Key::of(&claim));
        }
    }

    /// Drops what events said that were claimed, or recorded and are done or superseded, before a Unix time, in
    /// seconds, and returns of how many.
    pub async fn prune(&self, before: i64) -> u64 {
        let contents = &mut *self.contents.lock().await;
        let claims = contents.claims.values_mut();
        let claims = claims
            .filter(|row| row.stored.claimed_at < before)
            .filter_map(|row| row.stored.event.take());
        let claims = claims.count();
        let pruned = claims.saturating_add(contents.prune_effects(before));
        pruned.try_into().unwrap_or(u64::MAX)
    }
}

impl Contents {
    /// The other final event that a transfer was counted under.
    fn other_of(&self, key: &Key, transfer: Option<&Digest>) -> Option<String> {
        let transfer = transfer.filter(|_| key.is_final())?;
        let claims = self.claims.iter().map(|(key, row)| (key, row.transfer));
        let effects = self.effects.iter();
        let effects = effects.map(|(key, effect)| (key, effect.transfer()));
        let other = claims.chain(effects).find(|(other, of)| {
            of.as_ref() == Some(transfer)
                && other.is_final()
                && (&other.namespace, &other.scope) == (&key.namespace, &key.scope)
                && other.id != key.id
        });
        other.map(|(other, _)| other.id.clone())
    }
}

impl MemoryTransaction {
    /// Keeps its claims and records.
    pub fn commit(mut self) {
        self.claimed.clear();
        self.recorded.clear();
    }
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        for key in &self.claimed {
            self.contents.claims.remove(key);
        }
        for key in &self.recorded {
            self.contents.effects.remove(key);
        }
    }
}

/// Shows nothing of what is in it.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// Shows how much it claimed.
impl fmt::Debug for MemoryTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransaction")
            .field("claims", &self.claimed.len())
            .finish_non_exhaustive()
    }
}
