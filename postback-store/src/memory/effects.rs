use std::time::Duration;

use postback_core::event::{EventKey, EventRecord, FieldDigests};

use super::{Contents, MemoryStore, MemoryTransaction, Undo};
use crate::{
    PendingEffect, StoreError,
    effect::{Acquired, EffectBackend, EffectState, held_for, milliseconds},
};

/// Effect of a payment. Times are in Unix milliseconds.
#[derive(Clone)]
pub(super) struct Effect {
    /// False if it was enqueued for a payment under review.
    credited: bool,
    digest: FieldDigests,
    /// Absent after it was pruned.
    payload: Option<String>,
    recorded_at: i64,
    /// Rises with each lease.
    token: u64,
    leased_at: i64,
    /// Zero if no worker holds the effect.
    leased_until: i64,
    is_done: bool,
    duplicate_of: Option<String>,
}

impl Effect {
    fn is_held_by(&self, token: u64, now: i64) -> bool {
        self.token == token && !self.is_done && now < self.leased_until
    }

    /// Starts the lease again if the clock was set back, because it would last longer by as much.
    fn follow_clock(&mut self, now: i64) {
        if now < self.leased_at && self.leased_at < self.leased_until {
            let length = self.leased_until.saturating_sub(self.leased_at);
            self.leased_at = now;
            self.leased_until = now.saturating_add(length);
        }
    }
}

impl MemoryTransaction {
    /// Adds the effect of a payment, unless there is one that stays. A worker that holds a replaced
    /// effect has lost its lease.
    pub(super) fn enqueue(&mut self, event: &EventRecord, is_paid: bool, now: i64) {
        let key = event.key();
        let before = self.contents.effects.get(key);
        if before.is_some_and(|before| before.credited || !is_paid) {
            return;
        }
        let token = before.map_or(0, |before| before.token.saturating_add(1));
        let effect = Effect {
            credited: is_paid,
            digest: event.digest().clone(),
            payload: Some(event.payload_json().to_owned()),
            recorded_at: now,
            token,
            leased_at: now,
            leased_until: 0,
            is_done: false,
            duplicate_of: self.count_transfer(event),
        };
        let before = self.contents.effects.insert(key.clone(), effect);
        self.undo.push(Undo::Effect(key.clone(), before));
    }
}

impl Contents {
    /// Drops the payloads of effects that are done and were recorded before a Unix time in seconds.
    pub(super) fn prune_effects(&mut self, before: i64) -> usize {
        let before = before.saturating_mul(1_000);
        let effects = self.effects.values_mut();
        effects
            .filter(|effect| effect.recorded_at < before && effect.is_done)
            .filter_map(|effect| effect.payload.take())
            .count()
    }

    fn lease(
        &mut self,
        key: &EventKey,
        credited: bool,
        delivered: Option<&FieldDigests>,
        length: Duration,
        now: i64,
    ) -> Result<Acquired, StoreError> {
        let effect = self.effects.get_mut(key);
        let effect = effect.ok_or_else(|| StoreError::missing_effect(key))?;
        if effect.credited != credited {
            return Ok(Acquired::REPLACED);
        }
        effect.follow_clock(now);
        let is_free = effect.leased_until <= now && !effect.is_done;
        let is_same = delivered.is_none_or(|delivered| *delivered == effect.digest);
        if is_free && is_same && effect.duplicate_of.is_none() {
            effect.token = effect.token.saturating_add(1);
            effect.leased_at = now;
            effect.leased_until = now.saturating_add(milliseconds(length));
            return Ok(Acquired::Lease {
                token: effect.token,
            });
        }
        let state = EffectState {
            digest: effect.digest.clone(),
            is_done: effect.is_done,
            duplicate_of: effect.duplicate_of.clone(),
            held_for: held_for(effect.leased_at, effect.leased_until, now),
        };
        Ok(state.not_leased(delivered))
    }
}

impl EffectBackend for MemoryStore {
    async fn acquire(&self, event: &EventRecord, length: Duration) -> Result<Acquired, StoreError> {
        let mut transaction = self.begin().await;
        let now = self.clock.milliseconds();
        transaction.enqueue(event, true, now);
        let delivered = Some(event.digest());
        let contents = &mut transaction.contents;
        let acquired = contents.lease(event.key(), true, delivered, length, now);
        transaction.commit();
        acquired
    }

    async fn acquire_recorded(
        &self,
        key: &EventKey,
        credited: bool,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        contents.lease(key, credited, None, length, now)
    }

    async fn extend(
        &self,
        key: &EventKey,
        token: u64,
        length: Duration,
    ) -> Result<bool, StoreError> {
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

    async fn complete(&self, key: &EventKey, token: u64) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            effect.is_done |= effect.is_held_by(token, now);
            effect.is_done && effect.token == token
        })
        .await
    }

    async fn release(&self, key: &EventKey, token: u64) -> Result<(), StoreError> {
        self.change(key, |effect, _| {
            if effect.token == token {
                effect.leased_until = 0;
            }
            true
        })
        .await
        .map(drop)
    }

    async fn list(&self, limit: u32) -> Result<Vec<PendingEffect>, StoreError> {
        let contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let left = contents.effects.iter();
        let mut left: Vec<_> = left.filter(|(_, effect)| !effect.is_done).collect();
        left.sort_by_key(|(_, effect)| (effect.duplicate_of.is_some(), effect.leased_at));
        let left = left.into_iter().map(|(key, effect)| PendingEffect {
            key: key.clone(),
            credited: effect.credited,
            payload: effect.payload.clone(),
            recorded_at: effect.recorded_at,
            attempts: effect.token,
            duplicate_of: effect.duplicate_of.clone(),
            held_for: held_for(effect.leased_at, effect.leased_until, now),
        });
        Ok(left.take(limit.try_into().unwrap_or(usize::MAX)).collect())
    }

    async fn approve(&self, key: &EventKey, credited: bool) -> Result<bool, StoreError> {
        self.change(key, |effect, _| {
            let is_listed = effect.credited == credited && !effect.is_done;
            is_listed && effect.duplicate_of.take().is_some()
        })
        .await
    }

    async fn dismiss(&self, key: &EventKey, credited: bool) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            let is_listed = effect.credited == credited && !effect.is_done;
            let is_free = is_listed && effect.leased_until <= now;
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
        key: &EventKey,
        change: impl FnOnce(&mut Effect, i64) -> bool,
    ) -> Result<bool, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let effect = contents.effects.get_mut(key);
        Ok(effect.is_some_and(|effect| change(effect, now)))
    }
}
