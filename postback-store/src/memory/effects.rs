use std::time::Duration;

use postback_core::claim::{Claim, Digest, Finality};

use super::{Contents, MemoryStore};
use crate::{
    Key, StoreError, Unfinished,
    once::{Acquired, Standing, Steps, held_for, milliseconds},
};

/// An event that was recorded for `once`. Times are in Unix milliseconds.
pub(super) struct Effect {
    digest: Digest,
    transfer: Option<Digest>,
    /// Absent once it was pruned.
    event: Option<String>,
    recorded_at: i64,
    /// Rises with each lease.
    token: u64,
    leased_at: i64,
    /// Zero where nobody holds it.
    leased_until: i64,
    is_done: bool,
    duplicate_of: Option<String>,
}

impl Effect {
    /// The transfer that is counted for it: none while it may be a duplicate.
    pub(super) fn transfer(&self) -> Option<Digest> {
        self.transfer.filter(|_| self.duplicate_of.is_none())
    }

    fn is_held_by(&self, token: u64, now: i64) -> bool {
        self.token == token && !self.is_done && now < self.leased_until
    }

    /// Lets the lease run anew where the clock was set back, for it would last so much longer.
    fn follow_clock(&mut self, now: i64) {
        if now < self.leased_at && self.leased_at < self.leased_until {
            let length = self.leased_until.saturating_sub(self.leased_at);
            self.leased_at = now;
            self.leased_until = now.saturating_add(length);
        }
    }
}

impl Contents {
    /// Tells whether it was not recorded before.
    pub(super) fn record(&mut self, claim: &Claim, now: i64) -> bool {
        let key = Key::of(claim);
        if self.effects.contains_key(&key) || self.is_superseded(&key) {
            return false;
        }
        let effect = Effect {
            digest: *claim.digest(),
            transfer: claim.transfer().copied(),
            event: Some(claim.event().to_owned()),
            recorded_at: now,
            token: 0,
            leased_at: now,
            leased_until: 0,
            is_done: false,
            duplicate_of: self.other_of(&key, claim.transfer()),
        };
        self.effects.insert(key, effect);
        true
    }

    /// Drops what events said that were recorded before a Unix time, in seconds, and are done or superseded.
    pub(super) fn prune_effects(&mut self, before: i64) -> usize {
        let before = before.saturating_mul(1_000);
        let old = self.effects.iter().filter(|(key, effect)| {
            effect.recorded_at < before
                && effect.event.is_some()
                && (effect.is_done || self.is_superseded(key))
        });
        let old: Vec<Key> = old.map(|(key, _)| key.clone()).collect();
        for key in &old {
            if let Some(effect) = self.effects.get_mut(key) {
                effect.event = None;
            }
        }
        old.len()
    }

    fn lease(
        &mut self,
        key: &Key,
        delivered: Option<Digest>,
        length: Duration,
        now: i64,
    ) -> Result<Acquired, StoreError> {
        let is_superseded = self.is_superseded(key);
        let Some(effect) = self.effects.get_mut(key) else {
            return match delivered {
                Some(_) => Ok(Acquired::Superseded),
                None => Err(StoreError::Failed("it is recorded elsewhere".into())),
            };
        };
        effect.follow_clock(now);
        let is_free = effect.leased_until <= now && !effect.is_done && !is_superseded;
        let is_same = delivered.is_none_or(|delivered| delivered == effect.digest);
        if is_free && is_same && effect.duplicate_of.is_none() {
            effect.token = effect.token.saturating_add(1);
            effect.leased_at = now;
            effect.leased_until = now.saturating_add(milliseconds(length));
            return Ok(Acquired::Lease {
                token: effect.token,
            });
        }
        let standing = Standing {
            digest: effect.digest,
            is_done: effect.is_done,
            is_superseded,
            duplicate_of: effect.duplicate_of.clone(),
            held_for: held_for(effect.leased_at, effect.leased_until, now),
        };
        Ok(standing.refusal(delivered))
    }

    /// Whether it is a pending notice whose final one has come.
    fn is_superseded(&self, key: &Key) -> bool {
        !key.is_final() && self.effects.contains_key(&key.with(Finality::Final))
    }
}

impl Steps for MemoryStore {
    async fn acquire(&self, claim: &Claim, length: Duration) -> Result<Acquired, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        contents.record(claim, now);
        contents.lease(&Key::of(claim), Some(*claim.digest()), length, now)
    }

    async fn acquire_recorded(&self, key: &Key, length: Duration) -> Result<Acquired, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        contents.lease(key, None, length, now)
    }

    async fn extend(&self, key: &Key, token: u64, length: Duration) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            let is_held = effect.is_held_by(token, now);
            if is_held {
                effect.leased_at = now;
                effect.leased_until = now.saturating_add(milliseconds(length));
            }
            is_held
        })
        .await
    }

    async fn complete(&self, key: &Key, token: u64) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            effect.is_done |= effect.is_held_by(token, now);
            effect.is_done && effect.token == token
        })
        .await
    }

    async fn release(&self, key: &Key, token: u64) -> Result<(), StoreError> {
        self.change(key, |effect, _| {
            if effect.token == token {
                effect.leased_until = 0;
            }
            true
        })
        .await
        .map(drop)
    }

    async fn list(&self, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
        let contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let left = contents.effects.iter();
        let left = left.filter(|(key, effect)| !effect.is_done && !contents.is_superseded(key));
        let mut left: Vec<_> = left.collect();
        left.sort_by_key(|(_, effect)| (effect.duplicate_of.is_some(), effect.leased_at));
        let left = left.into_iter().map(|(key, effect)| Unfinished {
            key: key.clone(),
            event: effect.event.clone(),
            recorded_at: effect.recorded_at,
            attempts: effect.token,
            duplicate_of: effect.duplicate_of.clone(),
            held_for: held_for(effect.leased_at, effect.leased_until, now),
        });
        Ok(left.take(limit.try_into().unwrap_or(usize::MAX)).collect())
    }

    async fn clear(&self, key: &Key) -> Result<bool, StoreError> {
        self.change(key, |effect, _| {
            !effect.is_done && effect.duplicate_of.take().is_some()
        })
        .await
    }

    async fn close(&self, key: &Key) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            let is_free = effect.leased_until <= now && !effect.is_done;
            if is_free {
                effect.is_done = true;
                effect.token = effect.token.saturating_add(1);
            }
            is_free
        })
        .await
    }
}

impl MemoryStore {
    async fn change(
        &self,
        key: &Key,
        change: impl FnOnce(&mut Effect, i64) -> bool,
    ) -> Result<bool, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let effect = contents.effects.get_mut(key);
        Ok(effect.is_some_and(|effect| change(effect, now)))
    }
}
