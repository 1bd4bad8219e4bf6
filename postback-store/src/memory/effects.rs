use std::{collections::btree_map::Entry, time::Duration};

use postback_core::event::{EventRecord, FieldDigests};

use super::{Contents, MemoryStore, MemoryTransaction, Undo};
use crate::{
    EffectFilter, PendingEffect, StoreError,
    effect::{
        Acquired, Completion, EffectBackend, EffectKey, EffectState, Position, held_for,
        milliseconds,
    },
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
    done_at: Option<i64>,
    duplicate_of: Option<String>,
}

impl Effect {
    const fn is_done(&self) -> bool {
        self.done_at.is_some()
    }

    fn is_held(&self, now: i64) -> bool {
        now < self.leased_until
    }

    fn is_selected(&self, key: &EffectKey, filter: &EffectFilter, now: i64) -> bool {
        let is = |selected: &Option<Box<str>>, value: &str| {
            selected.as_deref().is_none_or(|selected| selected == value)
        };
        is(&filter.namespace, key.event.namespace())
            && is(&filter.project, key.event.project().unwrap_or_default())
            && is(&filter.name, &key.name)
            && !self.is_done()
            && (filter.with_held || !self.is_held(now) || self.leased_at > now)
            && (filter.with_possible_duplicates || self.duplicate_of.is_none())
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
    pub(super) fn enqueue(&mut self, event: &EventRecord, name: &str, is_paid: bool, now: i64) {
        let key = EffectKey::new(event.key(), name);
        let before = self.contents.effects.get(&key);
        if before.is_some_and(|before| before.credited || !is_paid) {
            return;
        }
        let token = before.map_or(0, |before| before.token.saturating_add(1));
        let transfer = event.counted_transfer();
        let duplicate_of = transfer.and_then(|transfer| self.count_transfer(event.key(), transfer));
        let effect = Effect {
            credited: is_paid,
            digest: event.digest().clone(),
            payload: Some(event.payload_json().to_owned()),
            recorded_at: now,
            token,
            leased_at: now,
            leased_until: 0,
            done_at: None,
            duplicate_of,
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
            .filter(|effect| effect.recorded_at < before && effect.is_done())
            .filter_map(|effect| effect.payload.take())
            .count()
    }

    fn lease(
        &mut self,
        key: &EffectKey,
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
        let is_free = !effect.is_held(now) && !effect.is_done();
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
            is_done: effect.is_done(),
            duplicate_of: effect.duplicate_of.clone(),
            held_for: held_for(effect.leased_at, effect.leased_until, now),
        };
        Ok(state.not_leased(delivered))
    }
}

impl EffectBackend for MemoryStore {
    async fn acquire(
        &self,
        event: &EventRecord,
        name: &str,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let mut transaction = self.begin().await;
        let now = self.clock.milliseconds();
        transaction.enqueue(event, name, true, now);
        let (key, delivered) = (EffectKey::new(event.key(), name), Some(event.digest()));
        let contents = &mut transaction.contents;
        let acquired = contents.lease(&key, true, delivered, length, now);
        transaction.commit();
        acquired
    }

    async fn acquire_recorded(
        &self,
        key: &EffectKey,
        credited: bool,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        contents.lease(key, credited, None, length, now)
    }

    async fn extend(
        &self,
        key: &EffectKey,
        token: u64,
        length: Duration,
    ) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            effect.follow_clock(now);
            let is_latest = effect.token == token && !effect.is_done() && effect.leased_until > 0;
            if is_latest {
                effect.leased_at = now;
                let until = now.saturating_add(milliseconds(length));
                effect.leased_until = effect.leased_until.max(until);
            }
            is_latest
        })
        .await
    }

    async fn complete(&self, key: &EffectKey, token: u64) -> Result<Completion, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let effect = contents.effects.get_mut(key);
        let Some(effect) = effect.filter(|effect| effect.token == token) else {
            return Ok(Completion::Superseded);
        };
        let done_at = *effect.done_at.get_or_insert(now);
        Ok(match done_at < effect.leased_until {
            true => Completion::InTime,
            false => Completion::Late,
        })
    }

    async fn release(&self, key: &EffectKey, token: u64) -> Result<(), StoreError> {
        self.change(key, |effect, _| {
            if effect.token == token && !effect.is_done() {
                effect.leased_until = 0;
            }
            true
        })
        .await
        .map(drop)
    }

    async fn list(&self, filter: &EffectFilter) -> Result<Vec<PendingEffect>, StoreError> {
        let contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let first_listed_at = filter.first_listed_at().unwrap_or(now);
        let left = contents.effects.iter();
        let left = left.filter(|(key, effect)| effect.is_selected(key, filter, now));
        let left = left.map(|(key, effect)| PendingEffect {
            position: Position {
                is_possible_duplicate: effect.duplicate_of.is_some(),
                leased_at: effect.leased_at,
                key: key.clone(),
                first_listed_at,
            },
            credited: effect.credited,
            payload: effect.payload.clone(),
            recorded_at: effect.recorded_at,
            attempts: effect.token,
            duplicate_of: effect.duplicate_of.clone(),
            held_for: held_for(effect.leased_at, effect.leased_until, now),
        });
        let mut left: Vec<_> = left.collect();
        left.sort_by(|one, other| one.position.cmp(&other.position));
        let left = left.into_iter().filter(|effect| match &filter.after {
            Some(after) => {
                let position = &effect.position;
                let is_begun_before = position.leased_at < after.first_listed_at;
                position > after && (is_begun_before || position.leased_at > now)
            }
            None => true,
        });
        let limit = filter.limit.try_into().unwrap_or(usize::MAX);
        Ok(left.take(limit).collect())
    }

    async fn approve(&self, key: &EffectKey, credited: bool) -> Result<bool, StoreError> {
        self.change(key, |effect, _| {
            let is_listed = effect.credited == credited && !effect.is_done();
            is_listed && effect.duplicate_of.take().is_some()
        })
        .await
    }

    async fn dismiss(&self, key: &EffectKey, credited: bool) -> Result<bool, StoreError> {
        self.change(key, |effect, now| {
            let is_listed = effect.credited == credited && !effect.is_done();
            let is_free = is_listed && !effect.is_held(now);
            if is_free {
                effect.done_at = Some(now);
                effect.token = effect.token.saturating_add(1);
            }
            is_free
        })
        .await
    }

    async fn import(&self, key: &EffectKey) -> Result<bool, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let Entry::Vacant(vacant) = contents.effects.entry(key.clone()) else {
            return Ok(false);
        };
        vacant.insert(Effect {
            credited: true,
            digest: FieldDigests::unknown(),
            payload: None,
            recorded_at: now,
            token: 0,
            leased_at: now,
            leased_until: 0,
            done_at: Some(now),
            duplicate_of: None,
        });
        Ok(true)
    }
}

impl MemoryStore {
    async fn change(
        &self,
        key: &EffectKey,
        change: impl FnOnce(&mut Effect, i64) -> bool,
    ) -> Result<bool, StoreError> {
        let mut contents = self.contents.lock().await;
        let now = self.clock.milliseconds();
        let effect = contents.effects.get_mut(key);
        Ok(effect.is_some_and(|effect| change(effect, now)))
    }
}
