use std::time::Duration;

use postback_core::claim::{Claim, Digest, Finality};
use redis::{FromRedisValue, ParsingError, ScriptInvocation, Value, from_redis_value};

use super::{RedisStore, within};
use crate::{
    Key, StoreError, Unfinished,
    once::{Acquired, Standing, Steps, held_for, milliseconds},
};

/// The effects that are not done, by when they were last tried.
const UNFINISHED: &str = "postback:unfinished";
/// The possible duplicates that a person has to look at, by when they were recorded.
const SUSPECTS: &str = "postback:suspects";
/// The effects that are done or superseded, and not pruned, by when they were recorded.
const DONE: &str = "postback:done";

impl RedisStore {
    /// Drops what events said that were recorded before a Unix time, in seconds, and are done or superseded, and
    /// returns of how many. Their keys and digests are kept for ever: without them an old postback would be new.
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
                pipeline.hdel(effect, "event");
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
        claim: Option<&Claim>,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let delivered = claim.map(Claim::digest);
        let mut lease = self.scripts.acquire.prepare_invoke();
        lease
            .key(name(key))
            .key(name(&key.with(Finality::Final)))
            .key(name(&key.with(Finality::Pending)))
            .key(UNFINISHED)
            .key(SUSPECTS)
            .key(DONE)
            .arg(milliseconds(length))
            .arg(delivered.map_or(&[][..], |digest| digest.as_bytes()))
            .arg(claim.map_or("", Claim::event))
            .arg(&key.namespace)
            .arg(&key.scope)
            .arg(&key.id)
            .arg(finality(key.finality));
        if let Some(transfer) = claim.and_then(Claim::transfer)
            && key.is_final()
        {
            let scope = &key.scope;
            lease.key(format!(
                "postback:transfer:{}:{}:{scope}:{transfer}",
                key.namespace,
                scope.len()
            ));
        }
        let answer: Answer = self.run(&lease).await?;
        let (token, digest, is_done, is_superseded, duplicate_of, held_for) = answer;
        if token > 0 {
            return Ok(Acquired::Lease { token });
        }
        let Some(digest) = digest else {
            return match delivered {
                Some(_) if is_superseded => Ok(Acquired::Superseded),
                _ => Err(broken()),
            };
        };
        let standing = Standing {
            digest: Digest::from_bytes(&digest).ok_or_else(broken)?,
            is_done,
            is_superseded,
            duplicate_of,
            held_for: Duration::from_millis(held_for),
        };
        Ok(standing.refusal(delivered.copied()))
    }

    async fn run<T: FromRedisValue>(&self, step: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        within(step.invoke_async(&mut connection)).await
    }
}

/// Token, digest, whether it is done, whether it is superseded, of what it may be a duplicate, and for how many
/// milliseconds it is held.
type Answer = (u64, Option<Vec<u8>>, bool, bool, Option<String>, u64);

impl Steps for RedisStore {
    async fn acquire(&self, claim: &Claim, length: Duration) -> Result<Acquired, StoreError> {
        self.lease(&Key::of(claim), Some(claim), length).await
    }

    async fn acquire_recorded(&self, key: &Key, length: Duration) -> Result<Acquired, StoreError> {
        self.lease(key, None, length).await
    }

    async fn extend(&self, key: &Key, token: u64, length: Duration) -> Result<bool, StoreError> {
        let mut extend = self.scripts.extend.key(name(key));
        self.run(extend.arg(token).arg(milliseconds(length))).await
    }

    async fn complete(&self, key: &Key, token: u64) -> Result<bool, StoreError> {
        let mut complete = self.scripts.complete.key(name(key));
        self.run(complete.key(UNFINISHED).key(SUSPECTS).key(DONE).arg(token))
            .await
    }

    async fn release(&self, key: &Key, token: u64) -> Result<(), StoreError> {
        let mut release = self.scripts.release.key(name(key));
        let _: bool = self.run(release.arg(token)).await?;
        Ok(())
    }

    async fn list(&self, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
        let mut list = self.scripts.list.key(UNFINISHED);
        let list = list.key(SUSPECTS).arg(limit);
        let mut list: Vec<Value> = self.run(list).await?;
        let rows = list.split_off(1.min(list.len()));
        let now = list.pop().ok_or_else(broken)?;
        let now: i64 = from_redis_value(now).map_err(unreadable)?;
        let mut left = Vec::new();
        for row in rows {
            let row: Row = from_redis_value(row).map_err(unreadable)?;
            left.push(unfinished(row, now));
        }
        Ok(left)
    }

    async fn clear(&self, key: &Key) -> Result<bool, StoreError> {
        let mut clear = self.scripts.clear.key(name(key));
        self.run(clear.key(UNFINISHED).key(SUSPECTS)).await
    }

    async fn close(&self, key: &Key) -> Result<bool, StoreError> {
        let mut close = self.scripts.close.key(name(key));
        self.run(close.key(UNFINISHED).key(SUSPECTS).key(DONE))
            .await
    }
}

type Row = (
    String,
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

fn unfinished(row: Row, now: i64) -> Unfinished {
    let (
        namespace,
        scope,
        id,
        finality,
        event,
        recorded_at,
        attempts,
        leased_at,
        leased_until,
        duplicate_of,
    ) = row;
    Unfinished {
        key: Key {
            namespace,
            scope,
            id,
            finality: match &*finality {
                FINAL => Finality::Final,
                _ => Finality::Pending,
            },
        },
        event,
        recorded_at,
        attempts,
        duplicate_of,
        held_for: held_for(leased_at, leased_until, now),
    }
}

/// The name of an effect's hash. The scope's length keeps a colon in it from being taken for another scope's end.
fn name(key: &Key) -> String {
    let Key {
        namespace,
        scope,
        id,
        ..
    } = key;
    let finality = finality(key.finality);
    let length = scope.len();
    format!("postback:effect:{namespace}:{finality}:{length}:{scope}:{id}")
}

const FINAL: &str = "final";

const fn finality(finality: Finality) -> &'static str {
    match finality {
        Finality::Pending => "pending",
        Finality::Final => FINAL,
    }
}

fn unreadable(error: ParsingError) -> StoreError {
    StoreError::Failed(error.into())
}

fn broken() -> StoreError {
    StoreError::Failed("what the server holds is not what was written".into())
}
