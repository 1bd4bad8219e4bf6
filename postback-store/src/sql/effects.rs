//! What both databases share of effects: each step is one statement, whose time is `$1`, or the server's.

use postback_core::claim::Finality;

use crate::{Key, StoreError, once::Acquired};

pub(crate) const PRUNE: &str = "UPDATE postback_effects SET event = NULL
    WHERE recorded_at < $1 AND done_at IS NOT NULL AND event IS NOT NULL";

/// A statement that knows the time, `now`, and an event, `$2` to `$5`.
macro_rules! statement {
    ($now:literal, $($text:expr),+ $(,)?) => {
        concat!("WITH clock (now) AS (SELECT ", $now, ") ", $($text),+)
    };
}

/// Whether an event is a pending notice whose final one has come.
macro_rules! superseded {
    ($namespace:literal, $scope:literal, $id:literal, $is_final:literal) => {
        concat!(
            "(NOT ",
            $is_final,
            " AND EXISTS (SELECT 1 FROM postback_effects AS other WHERE other.namespace = ",
            $namespace,
            " AND other.scope = ",
            $scope,
            " AND other.id = ",
            $id,
            " AND other.final))"
        )
    };
}

macro_rules! is_it {
    () => {
        "effect.namespace = $2 AND effect.scope = $3 AND effect.id = $4 AND effect.final = $5"
    };
}

/// Whether the lease with the token `$6` is in force.
macro_rules! is_held {
    () => {
        "effect.namespace = $2 AND effect.scope = $3 AND effect.id = $4 AND effect.final = $5
            AND token = $6 AND done_at IS NULL AND leased_until > now"
    };
}

pub(crate) use {is_held, is_it, statement, superseded};

/// An event that could neither be recorded nor found.
pub(crate) fn missing(key: &Key) -> Result<Acquired, StoreError> {
    match key.finality {
        Finality::Pending => Ok(Acquired::Superseded),
        // Somebody took the row away between two statements, or hides it from us.
        Finality::Final => Err(StoreError::Failed("an event is there, and is not".into())),
    }
}

pub(crate) const fn finality(is_final: bool) -> Finality {
    match is_final {
        true => Finality::Final,
        false => Finality::Pending,
    }
}

pub(crate) fn leased(token: i64) -> Result<Acquired, StoreError> {
    let token = token
        .try_into()
        .map_err(|_| StoreError::Failed("a token is negative".into()))?;
    Ok(Acquired::Lease { token })
}

/// A fencing token as the database keeps it; one that it cannot keep is nobody's.
pub(crate) fn kept(token: u64) -> i64 {
    token.try_into().unwrap_or(-1)
}

macro_rules! effects {
    ($Store:ident, $Database:ty, $now:literal) => {
        use std::time::Duration;

        use sqlx::{Row, query::Query};

        use crate::{
            Key, Unfinished,
            once::{
                Acquired, Steps,
                standing::{Standing, held_for, milliseconds},
            },
            sql::effects::{finality, is_held, is_it, kept, leased, missing, statement, superseded},
        };

        impl $Store {
            /// Records an event within a transaction, for [`once`](crate::once): once that is committed, its effect is
            /// [unfinished](crate::LeaseStore::unfinished) until it is run. So a mail follows each credit that is
            /// kept, and none that is not.
            ///
            /// # Errors
            ///
            /// As [`claim_in`](Self::claim_in).
            pub async fn record_in(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                claim: impl Into<Claim>,
            ) -> Result<(), StoreError> {
                let claim = claim.into();
                self.record_new(transaction, &Key::of(&claim), &claim).await
            }

            async fn record_new(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                key: &Key,
                claim: &Claim,
            ) -> Result<(), StoreError> {
                let recorded = self.record(key, claim, 0);
                let recorded = recorded.fetch_optional(&mut **transaction).await?;
                if recorded.is_some()
                    && key.is_final()
                    && let Some(of) = self.duplicate_of(transaction, claim).await?
                {
                    let suspect = statement!(
                        $now,
                        "UPDATE postback_effects AS effect SET duplicate_of = $6 FROM clock WHERE ",
                        is_it!()
                    );
                    let suspect = self.about(key, suspect).bind(of);
                    suspect.execute(&mut **transaction).await?;
                }
                Ok(())
            }

            /// Records an event, or leases it anew if it may be: one row, the lease's token. A lease of length zero
            /// is none, and only what was not recorded before has it.
            fn record<'q>(&self, key: &'q Key, claim: &'q Claim, length: i64) -> Query<'q, $Database, <$Database as sqlx::Database>::Arguments> {
                self.about(
                    key,
                    statement!(
                        $now,
                        "INSERT INTO postback_effects AS effect (namespace, scope, id, final, digest, event,
                             recorded_at, token, leased_at, leased_until)
                         SELECT $2, $3, $4, $5, $6, $7, now, CASE $8 WHEN 0 THEN 0 ELSE 1 END, now, now + $8
                         FROM clock WHERE NOT ",
                        superseded!("$2", "$3", "$4", "$5"),
                        " ON CONFLICT (namespace, scope, id, final) DO UPDATE
                         SET token = effect.token + 1, leased_at = excluded.leased_at,
                             leased_until = excluded.leased_until
                         WHERE $8 > 0 AND effect.digest = excluded.digest
                             AND effect.done_at IS NULL AND effect.duplicate_of IS NULL
                             AND effect.leased_until <= excluded.leased_at
                         RETURNING token"
                    ),
                )
                .bind(claim.digest().as_bytes().as_slice())
                .bind(claim.event())
                .bind(length)
            }

            /// Leases an event that was recorded: one row, the lease's token, if it may be worked on.
            fn lease<'q>(
                &self,
                key: &'q Key,
                delivered: Option<&'q Digest>,
                length: Duration,
            ) -> Query<'q, $Database, <$Database as sqlx::Database>::Arguments> {
                let lease = statement!(
                    $now,
                    "UPDATE postback_effects AS effect
                     SET token = token + 1, leased_at = now, leased_until = now + $6
                     FROM clock WHERE ",
                    is_it!(),
                    " AND done_at IS NULL AND duplicate_of IS NULL AND leased_until <= now
                         AND ($7 IS NULL OR digest = $7) AND NOT ",
                    superseded!("$2", "$3", "$4", "$5"),
                    " RETURNING token"
                );
                let lease = self.about(key, lease).bind(milliseconds(length));
                lease.bind(delivered.map(|delivered| delivered.as_bytes().as_slice()))
            }

            /// How an event stands that could not be leased.
            async fn standing(
                &self,
                key: &Key,
                delivered: Option<&Digest>,
            ) -> Result<Acquired, StoreError> {
                let standing = statement!(
                    $now,
                    "SELECT digest, done_at IS NOT NULL AS is_done, duplicate_of, leased_at, leased_until, now, ",
                    superseded!("$2", "$3", "$4", "$5"),
                    " AS is_superseded FROM postback_effects AS effect, clock WHERE ",
                    is_it!()
                );
                let row = self.about(key, standing).fetch_optional(&self.pool).await?;
                let Some(row) = row else {
                    return missing(key);
                };
                let leased_at: i64 = row.try_get("leased_at")?;
                let now: i64 = row.try_get("now")?;
                let standing = Standing {
                    digest: sql::digest(row.try_get("digest")?)?,
                    is_done: row.try_get("is_done")?,
                    is_superseded: row.try_get("is_superseded")?,
                    duplicate_of: row.try_get("duplicate_of")?,
                    held_for: held_for(leased_at, row.try_get("leased_until")?, now),
                };
                if !standing.is_done && leased_at > now {
                    // The clock was set back. The lease runs anew, for it would last so much longer.
                    let anew = statement!(
                        $now,
                        "UPDATE postback_effects AS effect
                         SET leased_at = now, leased_until = now + (leased_until - leased_at)
                         FROM clock WHERE ",
                        is_it!(),
                        " AND done_at IS NULL AND leased_at > now"
                    );
                    self.about(key, anew).execute(&self.pool).await?;
                }
                Ok(standing.refusal(delivered.copied()))
            }

            /// A statement about an event.
            fn about<'q>(&self, key: &'q Key, statement: &'static str) -> Query<'q, $Database, <$Database as sqlx::Database>::Arguments> {
                sqlx::query(statement)
                    .bind(self.lease_clock())
                    .bind(&*key.namespace)
                    .bind(&*key.scope)
                    .bind(&*key.id)
                    .bind(key.is_final())
            }

            /// Tells whether it changed the event.
            async fn change(&self, change: Query<'_, $Database, <$Database as sqlx::Database>::Arguments>) -> Result<bool, StoreError> {
                let changed = change.execute(&self.pool).await?;
                Ok(changed.rows_affected() > 0)
            }
        }

        impl Steps for $Store {
            async fn acquire(&self, claim: &Claim, length: Duration) -> Result<Acquired, StoreError> {
                let key = Key::of(claim);
                let row = if claim.transfer().is_none() {
                    let record = self.record(&key, claim, milliseconds(length));
                    record.fetch_optional(&self.pool).await?
                } else {
                    let mut transaction = self.begin().await?;
                    self.record_new(&mut transaction, &key, claim).await?;
                    let lease = self.lease(&key, Some(claim.digest()), length);
                    let row = lease.fetch_optional(&mut *transaction).await?;
                    self.commit(transaction).await?;
                    row
                };
                match row {
                    Some(row) => leased(row.try_get(0)?),
                    None => self.standing(&key, Some(claim.digest())).await,
                }
            }

            async fn acquire_recorded(
                &self,
                key: &Key,
                length: Duration,
            ) -> Result<Acquired, StoreError> {
                let lease = self.lease(key, None, length);
                match lease.fetch_optional(&self.pool).await? {
                    Some(row) => leased(row.try_get(0)?),
                    None => self.standing(key, None).await,
                }
            }

            async fn extend(
                &self,
                key: &Key,
                token: u64,
                length: Duration,
            ) -> Result<bool, StoreError> {
                let extend = statement!(
                    $now,
                    "UPDATE postback_effects AS effect
                     SET leased_at = now, leased_until = now + $7
                     FROM clock WHERE ",
                    is_held!()
                );
                let extend = self.about(key, extend).bind(kept(token));
                self.change(extend.bind(milliseconds(length))).await
            }

            async fn complete(&self, key: &Key, token: u64) -> Result<bool, StoreError> {
                let complete = statement!(
                    $now,
                    "UPDATE postback_effects AS effect SET done_at = now FROM clock WHERE ",
                    is_held!()
                );
                self.change(self.about(key, complete).bind(kept(token))).await
            }

            async fn release(&self, key: &Key, token: u64) -> Result<(), StoreError> {
                let release = statement!(
                    $now,
                    "UPDATE postback_effects AS effect SET leased_until = leased_at FROM clock WHERE ",
                    is_held!()
                );
                let release = self.about(key, release).bind(kept(token));
                self.change(release).await.map(drop)
            }

            async fn list(&self, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
                let rows = sqlx::query(statement!(
                    $now,
                    "SELECT namespace, scope, id, final, event, recorded_at, token, duplicate_of, leased_at,
                         leased_until, now
                     FROM postback_effects AS effect, clock
                     WHERE done_at IS NULL AND NOT ",
                    superseded!("effect.namespace", "effect.scope", "effect.id", "effect.final"),
                    " ORDER BY leased_at, namespace, scope, id, final LIMIT $2"
                ))
                .bind(self.lease_clock())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
                let unfinished = |row: &<$Database as sqlx::Database>::Row| {
                    let event: Option<String> = row.try_get("event")?;
                    let recorded_at: i64 = row.try_get("recorded_at")?;
                    let attempts: i64 = row.try_get("token")?;
                    Ok(Unfinished {
                        key: Key {
                            namespace: row.try_get("namespace")?,
                            scope: row.try_get("scope")?,
                            id: row.try_get("id")?,
                            finality: finality(row.try_get("final")?),
                        },
                        event: event.unwrap_or_default(),
                        recorded_at: recorded_at.div_euclid(1_000),
                        attempts: attempts.try_into().unwrap_or_default(),
                        duplicate_of: row.try_get("duplicate_of")?,
                        held_for: held_for(
                            row.try_get("leased_at")?,
                            row.try_get("leased_until")?,
                            row.try_get("now")?,
                        ),
                    })
                };
                rows.iter().map(unfinished).collect()
            }

            async fn clear(&self, key: &Key) -> Result<bool, StoreError> {
                let clear = statement!(
                    $now,
                    "UPDATE postback_effects AS effect SET duplicate_of = NULL FROM clock WHERE ",
                    is_it!(),
                    " AND duplicate_of IS NOT NULL AND done_at IS NULL"
                );
                self.change(self.about(key, clear)).await
            }

            async fn close(&self, key: &Key) -> Result<bool, StoreError> {
                let close = statement!(
                    $now,
                    "UPDATE postback_effects AS effect SET done_at = now FROM clock WHERE ",
                    is_it!(),
                    " AND done_at IS NULL AND leased_until <= now"
                );
                self.change(self.about(key, close)).await
            }
        }
    };
}

pub(crate) use effects;
