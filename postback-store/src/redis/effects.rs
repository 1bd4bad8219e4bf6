use std::time::Duration;

use postback_core::event::{EventRecord, FieldDigests};
use redis::{FromRedisValue, ParsingError, Value, from_redis_value};

use super::{RedisStore, failed, parsed};
use crate::{
    EffectFilter, PendingEffect, StoreError,
    effect::{
        Acquired, Completion, EffectBackend, EffectKey, EffectState, Position, held_for,
        milliseconds,
    },
    key::{self, project},
};

const NO_ARGUMENTS: &[&str] = &[];

impl RedisStore {
    /// Drops the payloads of effects that are done and were recorded before a Unix time in seconds,
    /// and returns how many were dropped. Keys and digests are kept forever, because without them
    /// an old postback would be new.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
        let done = &*self.keys.done;
        let end = format!("({}", before.saturating_mul(1_000));
        let mut pruned: u64 = 0;
        loop {
            let old = redis::cmd("ZRANGEBYSCORE")
                .arg(&[done, "-inf", &end, "LIMIT", "0", "1000"])
                .take();
            let old: Vec<String> = parsed(self.send(&old).await?.map_err(failed)?)?;
            if old.is_empty() {
                return Ok(pruned);
            }
            let effects = old.iter().map(|effect| &**effect);
            let keys: Vec<&str> = [done].into_iter().chain(effects).collect();
            let dropped: u64 = self.run(&self.scripts.prune, &keys, NO_ARGUMENTS).await?;
            pruned = pruned.saturating_add(dropped);
        }
    }

    async fn lease(
        &self,
        key: &EffectKey,
        event: Option<&EventRecord>,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let effect = self.keys.effect(key);
        let transfer = event.and_then(EventRecord::counted_transfer);
        let transfer = transfer.map(|transfer| self.keys.transfer(&key.event, transfer));
        let mut keys = self.keys_of(&effect).to_vec();
        keys.extend(transfer.as_deref());
        let delivered = event.map(EventRecord::digest);
        let arguments = (
            milliseconds(length),
            delivered.map_or("", FieldDigests::as_str),
            event.map_or("", EventRecord::payload_json),
            names(key),
        );
        let reply: AcquireReply = self.run(&self.scripts.acquire, &keys, arguments).await?;
        if reply.token > 0 {
            return Ok(Acquired::Lease { token: reply.token });
        }
        let digest = reply
            .digest
            .ok_or_else(|| StoreError::missing_effect(key))?;
        let digest = FieldDigests::from_stored(&digest);
        let state = EffectState {
            digest: digest.ok_or_else(|| StoreError::unreadable_digest(&key.event))?,
            is_done: reply.is_done,
            duplicate_of: reply.duplicate_of,
            held_for: Duration::from_millis(reply.held_for),
        };
        Ok(state.not_leased(delivered))
    }

    /// Returns the keys of a step that an effect may enter or leave the indexes in.
    fn keys_of<'a>(&'a self, effect: &'a str) -> [&'a str; 4] {
        let keys = &*self.keys;
        [effect, &keys.pending, &keys.possible_duplicates, &keys.done]
    }
}

impl EffectBackend for RedisStore {
    async fn acquire(
        &self,
        event: &EventRecord,
        name: &str,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let key = EffectKey::new(event.key(), name);
        self.lease(&key, Some(event), length).await
    }

    /// Ignores `credited`: each effect on Redis is that of a payment to credit, and is never
    /// replaced.
    async fn acquire_recorded(
        &self,
        key: &EffectKey,
        _credited: bool,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        self.lease(key, None, length).await
    }

    async fn extend(
        &self,
        key: &EffectKey,
        token: u64,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let effect = self.keys.effect(key);
        let keys = [&*effect, &self.keys.pending];
        let arguments = (token, milliseconds(length));
        self.run(&self.scripts.extend, &keys, arguments).await
    }

    async fn complete(&self, key: &EffectKey, token: u64) -> Result<Completion, StoreError> {
        let effect = self.keys.effect(key);
        let keys = self.keys_of(&effect);
        let completion: u8 = self.run(&self.scripts.complete, &keys, token).await?;
        Ok(match completion {
            2 => Completion::InTime,
            1 => Completion::Late,
            _ => Completion::Superseded,
        })
    }

    async fn release(&self, key: &EffectKey, token: u64) -> Result<(), StoreError> {
        let effect = self.keys.effect(key);
        let _: bool = self.run(&self.scripts.release, &[&effect], token).await?;
        Ok(())
    }

    /// Reads a thousand effects in a step, until enough of them are selected, so that neither a
    /// script takes long nor the effects of other projects hide those that are selected.
    async fn list(&self, filter: &EffectFilter) -> Result<Vec<PendingEffect>, StoreError> {
        let from = |is_possible_duplicate| match &filter.after {
            Some(after) if after.is_possible_duplicate == is_possible_duplicate => {
                Some((after.leased_at.to_string(), self.keys.effect(&after.key)))
            }
            // The index was listed to its end.
            Some(after) if after.is_possible_duplicate => None,
            _ => Some(("-inf".to_owned(), String::new())),
        };
        let begun_before = filter.first_listed_at().map(|time| time.to_string());
        let limit = filter.limit.try_into().unwrap_or(usize::MAX);
        let mut indexes = vec![(false, &self.keys.pending)];
        if filter.with_possible_duplicates {
            indexes.push((true, &self.keys.possible_duplicates));
        }
        let mut first_listed_at = filter.first_listed_at();
        let mut effects = Vec::new();
        for (is_possible_duplicate, index) in indexes {
            let mut next = from(is_possible_duplicate);
            while let Some((score, effect)) = next
                && effects.len() < limit
            {
                let arguments = (
                    score,
                    effect,
                    begun_before.as_deref().unwrap_or_default(),
                    limit.saturating_sub(effects.len()),
                    wanted(filter.namespace.as_deref()),
                    wanted(filter.project.as_deref()),
                    wanted(filter.name.as_deref()),
                    filter.with_held,
                );
                let page: Page = self.run(&self.scripts.list, &[index], arguments).await?;
                let first_listed_at = *first_listed_at.get_or_insert(page.now);
                let rows = page.rows.into_iter();
                effects.extend(rows.map(|row| {
                    row.into_pending_effect(is_possible_duplicate, page.now, first_listed_at)
                }));
                next = page.last;
            }
        }
        Ok(effects)
    }

    async fn approve(&self, key: &EffectKey, _credited: bool) -> Result<bool, StoreError> {
        let effect = self.keys.effect(key);
        let keys = [&*effect, &self.keys.pending, &self.keys.possible_duplicates];
        self.run(&self.scripts.approve, &keys, NO_ARGUMENTS).await
    }

    async fn dismiss(&self, key: &EffectKey, _credited: bool) -> Result<bool, StoreError> {
        let effect = self.keys.effect(key);
        let keys = self.keys_of(&effect);
        self.run(&self.scripts.dismiss, &keys, NO_ARGUMENTS).await
    }

    async fn import(&self, key: &EffectKey) -> Result<bool, StoreError> {
        let effect = self.keys.effect(key);
        let keys = self.keys_of(&effect);
        let digest = FieldDigests::unknown();
        let arguments = (digest.as_str(), names(key));
        self.run(&self.scripts.import, &keys, arguments).await
    }
}

/// Returns the texts that a script stores beside an effect, because its key cannot be read back.
fn names(key: &EffectKey) -> (&str, &str, &str, &str) {
    let event = &key.event;
    (event.namespace(), project(event), event.id(), &key.name)
}

/// Returns an argument of `list.lua` that selects a text, or all.
fn wanted(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("={text}"))
}

/// Reply of `acquire.lua`.
struct AcquireReply {
    /// Zero if the effect was not leased.
    token: u64,
    /// Absent if there is no such effect.
    digest: Option<String>,
    is_done: bool,
    duplicate_of: Option<String>,
    /// Milliseconds.
    held_for: u64,
}

impl FromRedisValue for AcquireReply {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (token, digest, is_done, duplicate_of, held_for) = from_redis_value(value)?;
        Ok(Self {
            token,
            digest,
            is_done,
            duplicate_of,
            held_for,
        })
    }
}

/// Reply of `list.lua`.
struct Page {
    /// Unix milliseconds.
    now: i64,
    /// Score and name of the last effect that was read, unless there are no more.
    last: Option<(String, String)>,
    rows: Vec<PendingRow>,
}

impl FromRedisValue for Page {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (now, last, rows) = from_redis_value(value)?;
        Ok(Self { now, last, rows })
    }
}

/// Row of `list.lua`. Times are in Unix milliseconds.
struct PendingRow {
    namespace: String,
    project: String,
    id: String,
    name: String,
    recorded_at: i64,
    token: u64,
    leased_at: i64,
    leased_until: i64,
    duplicate_of: Option<String>,
    payload: Option<String>,
}

impl PendingRow {
    fn into_pending_effect(
        self,
        is_possible_duplicate: bool,
        now: i64,
        first_listed_at: i64,
    ) -> PendingEffect {
        let event = key::stored(self.namespace, &self.project, self.id);
        PendingEffect {
            position: Position {
                is_possible_duplicate,
                leased_at: self.leased_at,
                key: EffectKey::new(&event, &self.name),
                first_listed_at,
            },
            credited: true,
            payload: self.payload,
            recorded_at: self.recorded_at,
            attempts: self.token,
            duplicate_of: self.duplicate_of,
            held_for: held_for(self.leased_at, self.leased_until, now),
        }
    }
}

impl FromRedisValue for PendingRow {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (
            namespace,
            project,
            id,
            name,
            recorded_at,
            token,
            leased_at,
            leased_until,
            duplicate_of,
            payload,
        ) = from_redis_value(value)?;
        Ok(Self {
            namespace,
            project,
            id,
            name,
            recorded_at,
            token,
            leased_at,
            leased_until,
            duplicate_of,
            payload,
        })
    }
}
