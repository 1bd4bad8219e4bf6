use std::time::Duration;

use postback_core::event::{EventKey, EventRecord, FieldDigests};
use redis::{FromRedisValue, ParsingError, ScriptInvocation, Value, from_redis_value};

use super::{RedisStore, within};
use crate::{
    PendingEffect, StoreError,
    effect::{Acquired, EffectBackend, EffectState, held_for, milliseconds},
    key::{self, project},
};

/// Sorted set of the effects that are not done, by the time of their last attempt.
const PENDING: &str = "postback:pending";
/// Sorted set of the possible duplicates that wait for a person, by the time when they were
/// recorded.
const POSSIBLE_DUPLICATES: &str = "postback:possible_duplicates";
/// Sorted set of the effects that are done and not pruned, by the time when they were recorded.
const DONE: &str = "postback:done";

impl RedisStore {
    /// Drops the payloads of effects that are done and were recorded before a Unix time in seconds,
    /// and returns how many were dropped. Keys and digests are kept forever, because without them
    /// an old postback would be new.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
        let end = format!("({}", before.saturating_mul(1_000));
        let mut pruned: u64 = 0;
        loop {
            let old = redis::cmd("ZRANGEBYSCORE")
                .arg(&[DONE, "-inf", &end, "LIMIT", "0", "1000"])
                .take();
            let old: Vec<String> = self.ask(&old).await?;
            if old.is_empty() {
                return Ok(pruned);
            }
            let mut pipeline = redis::pipe();
            for effect in &old {
                pipeline.hdel(effect, "payload");
            }
            pipeline.zrem(DONE, &old).ignore();
            let mut connection = self.connection.clone();
            let dropped = pipeline.atomic().query_async(&mut connection);
            let dropped: Vec<u64> = within(dropped).await?;
            pruned = dropped.into_iter().fold(pruned, u64::saturating_add);
        }
    }

    async fn lease(
        &self,
        key: &EventKey,
        event: Option<&EventRecord>,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let delivered = event.map(EventRecord::digest);
        let mut lease = self.scripts.acquire.prepare_invoke();
        lease
            .key(name(key))
            .key(PENDING)
            .key(POSSIBLE_DUPLICATES)
            .key(DONE)
            .arg(milliseconds(length))
            .arg(delivered.map_or("", FieldDigests::as_str))
            .arg(event.map_or("", EventRecord::payload_json))
            .arg(key.namespace())
            .arg(project(key))
            .arg(key.id());
        if let Some(transfer) = event.and_then(EventRecord::transfer) {
            let (namespace, project) = (key.namespace(), project(key));
            let length = project.len();
            lease.key(format!(
                "postback:transfer:{namespace}:{length}:{project}:{transfer}"
            ));
        }
        let reply: AcquireReply = self.run(&lease).await?;
        if reply.token > 0 {
            return Ok(Acquired::Lease { token: reply.token });
        }
        let digest = reply
            .digest
            .ok_or_else(|| StoreError::missing_effect(key))?;
        let digest = FieldDigests::from_stored(&digest);
        let state = EffectState {
            digest: digest.ok_or_else(|| StoreError::unreadable_digest(key))?,
            is_done: reply.is_done,
            duplicate_of: reply.duplicate_of,
            held_for: Duration::from_millis(reply.held_for),
        };
        Ok(state.not_leased(delivered))
    }

    async fn run<T: FromRedisValue>(&self, step: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        let reply: Value = within(step.invoke_async(&mut connection)).await?;
        // The reply is not shown: a payload may be in it.
        from_redis_value(reply).map_err(|_| StoreError::Inconsistent {
            found: "a reply of a script that cannot be parsed".to_owned(),
        })
    }
}

impl EffectBackend for RedisStore {
    async fn acquire(&self, event: &EventRecord, length: Duration) -> Result<Acquired, StoreError> {
        self.lease(event.key(), Some(event), length).await
    }

    /// Ignores `credited`: each effect on Redis is that of a payment to credit, and is never
    /// replaced.
    async fn acquire_recorded(
        &self,
        key: &EventKey,
        _credited: bool,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        self.lease(key, None, length).await
    }

    async fn extend(
        &self,
        key: &EventKey,
        token: u64,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let mut extend = self.scripts.extend.key(name(key));
        self.run(extend.arg(token).arg(milliseconds(length))).await
    }

    async fn complete(&self, key: &EventKey, token: u64) -> Result<bool, StoreError> {
        let mut complete = self.scripts.complete.key(name(key));
        self.run(
            complete
                .key(PENDING)
                .key(POSSIBLE_DUPLICATES)
                .key(DONE)
                .arg(token),
        )
        .await
    }

    async fn release(&self, key: &EventKey, token: u64) -> Result<(), StoreError> {
        let mut release = self.scripts.release.key(name(key));
        let _: bool = self.run(release.arg(token)).await?;
        Ok(())
    }

    async fn list(&self, limit: u32) -> Result<Vec<PendingEffect>, StoreError> {
        let mut list = self.scripts.list.key(PENDING);
        let list = list.key(POSSIBLE_DUPLICATES).arg(limit);
        let (now, rows): (i64, Vec<PendingRow>) = self.run(list).await?;
        let effects = rows.into_iter().map(|row| row.into_pending_effect(now));
        Ok(effects.collect())
    }

    async fn approve(&self, key: &EventKey, _credited: bool) -> Result<bool, StoreError> {
        let mut approve = self.scripts.approve.key(name(key));
        self.run(approve.key(PENDING).key(POSSIBLE_DUPLICATES))
            .await
    }

    async fn dismiss(&self, key: &EventKey, _credited: bool) -> Result<bool, StoreError> {
        let mut dismiss = self.scripts.dismiss.key(name(key));
        self.run(dismiss.key(PENDING).key(POSSIBLE_DUPLICATES).key(DONE))
            .await
    }
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

/// Row of `list.lua`. Times are in Unix milliseconds.
struct PendingRow {
    namespace: String,
    project: String,
    id: String,
    payload: Option<String>,
    recorded_at: i64,
    token: u64,
    leased_at: i64,
    leased_until: i64,
    duplicate_of: Option<String>,
}

impl PendingRow {
    fn into_pending_effect(self, now: i64) -> PendingEffect {
        PendingEffect {
            key: key::stored(self.namespace, &self.project, self.id),
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
            payload,
            recorded_at,
            token,
            leased_at,
            leased_until,
            duplicate_of,
        ) = from_redis_value(value)?;
        Ok(Self {
            namespace,
            project,
            id,
            payload,
            recorded_at,
            token,
            leased_at,
            leased_until,
            duplicate_of,
        })
    }
}

/// Returns the name of an effect's hash. The length of the project keeps a colon in it from being
/// taken for its end.
fn name(key: &EventKey) -> String {
    let (namespace, project, id) = (key.namespace(), project(key), key.id());
    format!(
        "postback:effect:{namespace}:{}:{project}:{id}",
        project.len()
    )
}
