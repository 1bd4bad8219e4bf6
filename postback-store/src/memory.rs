//! This process's memory, for tests of an application.

use std::{collections::BTreeMap, fmt, sync::Arc};

use postback_core::claim::{Claim, Digest, Finality};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{Claimed, Stored, clock};

/// Claims in memory: what it holds is gone with the process.
#[derive(Clone, Default)]
pub struct MemoryStore {
    rows: Arc<Mutex<Rows>>,
}

type Rows = BTreeMap<Key, Row>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    namespace: &'static str,
    scope: Option<String>,
    id: String,
    finality: Finality,
}

struct Row {
    stored: Stored,
    transfer: Option<Digest>,
}

/// Claims that are kept once it is committed, and are gone if it is dropped before. Others wait for its end.
#[must_use = "what is not committed is not claimed"]
pub struct MemoryTransaction {
    rows: OwnedMutexGuard<Rows>,
    inserted: Vec<Key>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a transaction, once no other is open.
    pub async fn begin(&self) -> MemoryTransaction {
        MemoryTransaction {
            rows: Arc::clone(&self.rows).lock_owned().await,
            inserted: Vec::new(),
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
        if let Some(row) = transaction.rows.get(&key) {
            return Claimed::again(row.stored.digest, now);
        }
        let finally = Key {
            finality: Finality::Final,
            ..key.clone()
        };
        if transaction.rows.contains_key(&finally) {
            return Claimed::Superseded;
        }
        let other = transaction.rows.iter().find(|(other, row)| {
            let project = |it: &Key| (it.namespace, it.scope.clone());
            row.transfer.is_some()
                && row.transfer.as_ref() == claim.transfer()
                && (other.finality, key.finality) == (Finality::Final, Finality::Final)
                && project(other) == project(&key)
                && other.id != key.id
        });
        let other = other.map(|(other, _)| other.id.clone());
        let row = Row {
            stored: Stored {
                digest: now,
                event: Some(claim.event().to_owned()),
                claimed_at: clock::now(),
            },
            transfer: claim.transfer().copied(),
        };
        transaction.rows.insert(key.clone(), row);
        transaction.inserted.push(key);
        match other {
            Some(of) => Claimed::PossibleDuplicate { of },
            None => Claimed::New,
        }
    }

    /// What is kept of a claim, if it was made.
    pub async fn stored(&self, claim: impl Into<Claim>) -> Option<Stored> {
        let rows = self.rows.lock().await;
        let row = rows.get(&Key::of(&claim.into()))?;
        Some(row.stored.clone())
    }

    /// Drops what events said that were claimed before a Unix time, in seconds, and returns of how many.
    pub async fn prune(&self, before: i64) -> u64 {
        let mut rows = self.rows.lock().await;
        let old = rows
            .values_mut()
            .filter(|row| row.stored.claimed_at < before);
        let pruned = old.filter_map(|row| row.stored.event.take()).count();
        pruned.try_into().unwrap_or(u64::MAX)
    }
}

impl MemoryTransaction {
    /// Keeps its claims.
    pub fn commit(mut self) {
        self.inserted.clear();
    }
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        for key in &self.inserted {
            self.rows.remove(key);
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
            .field("claims", &self.inserted.len())
            .finish_non_exhaustive()
    }
}

impl Key {
    fn of(claim: &Claim) -> Self {
        Self {
            namespace: claim.namespace(),
            scope: claim.scope().map(str::to_owned),
            id: claim.id().to_owned(),
            finality: claim.finality(),
        }
    }
}
