use std::time::Duration;

use postback_core::event::{EventRecord, FieldDigests};
use redis::{FromRedisValue, ParsingError, ScriptInvocation, Value, from_redis_value};

use super::{RedisStore, within};
use crate::{
    Key, PendingEffect, StoreError,
    effect::{Acquired, EffectBackend, EffectState, held_for, milliseconds},
};

/// The effects that are not done, by when they were last tried.
const PENDING: &str = "postback:pending";
/// The possible duplicates that a person has to look at, by when they were recorded.
const POSSIBLE_DUPLICATES: &str = "postback:possible_duplicates";
/// The effects that are done and not pruned, by when they were recorded.
const DONE: &str = "postback:done";

impl RedisStore {
    /// Drops the payloads of effects that were recorded before a Unix time, in seconds, and are
    /// done, and returns how many were dropped. Keys and digests are kept forever, because without
    /// them an old postback would be new.
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
        key: &Key,
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
            .arg(&key.namespace)
            .arg(&key.scope)
            .arg(&key.id);
        if let Some(transfer) = event.and_then(EventRecord::transfer) {
            let scope = &key.scope;
            lease.key(format!(
                "postback:transfer:{}:{}:{scope}:{transfer}",
                key.namespace,
                scope.len()
            ));
        }
        let reply: Reply = self.run(&lease).await?;
        let (token, digest, is_done, duplicate_of, held_for) = reply;
        if token > 0 {
            return Ok(Acquired::Lease { token });
        }
        let state = EffectState {
            digest: digest
                .and_then(|digest| FieldDigests::from_stored(&digest))
                .ok_or_else(broken)?,
            is_done,
            duplicate_of,
            held_for: Duration::from_millis(held_for),
        };
        Ok(state.not_leased(delivered))
    }

    async fn run<T: FromRedisValue>(&self, step: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        within(step.invoke_async(&mut connection)).await
    }
}

/// Token, digest, whether it is done, the id that it may be a duplicate of, and for how many
/// milliseconds it is held.
type Reply = (u64, Option<String>, bool, Option<String>, u64);

impl EffectBackend for RedisStore {
    async fn acquire(&self, event: &EventRecord, length: Duration) -> Result<Acquired, StoreError> {
        self.lease(&Key::of(event), Some(event), length).await
    }

    /// Each effect is that of a payment to credit, and none is replaced.
    async fn acquire_recorded(
        &self,
        key: &Key,
        _credited: bool,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        self.lease(key, None, length).await
    }

    async fn extend(&self, key: &Key, token: u64, length: Duration) -> Result<bool, StoreError> {
        let mut extend = self.scripts.extend.key(name(key));
        self.run(extend.arg(token).arg(milliseconds(length))).await
    }

    async fn complete(&self, key: &Key, token: u64) -> Result<bool, StoreError> {
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

    async fn release(&self, key: &Key, token: u64) -> Result<(), StoreError> {
        let mut release = self.scripts.release.key(name(key));
        let _: bool = self.run(release.arg(token)).await?;
        Ok(())
    }

    async fn list(&self, limit: u32) -> Result<Vec<PendingEffect>, StoreError> {
        let mut list = self.scripts.list.key(PENDING);
        let list = list.key(POSSIBLE_DUPLICATES).arg(limit);
        let mut list: Vec<Value> = self.run(list).await?;
        let rows = list.split_off(1.min(list.len()));
        let now = list.pop().ok_or_else(broken)?;
        let now: i64 = from_redis_value(now).map_err(unreadable)?;
        let mut left = Vec::new();
        for row in rows {
            let row: Row = from_redis_value(row).map_err(unreadable)?;
            left.push(pending_effect(row, now));
        }
        Ok(left)
    }

    async fn approve(&self, key: &Key, _credited: bool) -> Result<bool, StoreError> {
        let mut approve = self.scripts.approve.key(name(key));
        self.run(approve.key(PENDING).key(POSSIBLE_DUPLICATES))
            .await
    }

    async fn dismiss(&self, key: &Key, _credited: bool) -> Result<bool, StoreError> {
        let mut dismiss = self.scripts.dismiss.key(name(key));
        self.run(dismiss.key(PENDING).key(POSSIBLE_DUPLICATES).key(DONE))
            .await
    }
}

type Row = (
    String,
    String,
    String,
    Option<String>,
    i64,
    u64,
    i64,
    i64,
    Option<String>,
);

fn pending_effect(row: Row, now: i64) -> PendingEffect {
    let (
        namespace,
        scope,
        id,
        payload,
        recorded_at,
        attempts,
        leased_at,
        leased_until,
        duplicate_of,
    ) = row;
    PendingEffect {
        key: Key {
            namespace,
            scope,
            id,
        },
        credited: true,
        payload,
        recorded_at,
        attempts,
        duplicate_of,
        held_for: held_for(leased_at, leased_until, now),
    }
}

/// The name of an effect's hash. The scope's length keeps a colon in it from being taken for
/// another scope's end.
fn name(key: &Key) -> String {
    let Key {
        namespace,
        scope,
        id,
    } = key;
    format!("postback:effect:{namespace}:{}:{scope}:{id}", scope.len())
}

fn unreadable(error: ParsingError) -> StoreError {
    StoreError::Failed(error.into())
}

fn broken() -> StoreError {
    StoreError::Failed("what the server holds is not what was written".into())
}
