//! What both databases share of effects: each step is one statement, whose time is `$1`, or the server's.

use postback_core::claim::Finality;

use crate::StoreError;

/// An event is `$2` to `$5`.
macro_rules! is_it {
    () => {
        "effect.namespace = $2 AND effect.scope = $3 AND effect.id = $4 AND effect.final = $5"
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

/// The same of a row.
macro_rules! is_superseded {
    () => {
        superseded!(
            "effect.namespace",
            "effect.scope",
            "effect.id",
            "effect.final"
        )
    };
}

/// A new row, unless it is superseded; digest and event are `$6` and `$7`.
macro_rules! insert {
    ($now:literal, $token:literal, $leased_until:expr) => {
        concat!(
            "INSERT INTO postback_effects AS effect
                 (namespace, scope, id, final, digest, event, recorded_at, token, leased_at, leased_until)
             SELECT $2, $3, $4, $5, $6, $7, ",
            $now,
            ", ",
            $token,
            ", ",
            $now,
            ", ",
            $leased_until,
            " WHERE NOT ",
            superseded!("$2", "$3", "$4", "$5")
        )
    };
}

/// A lease from now on.
macro_rules! leased_for {
    ($now:literal, $length:literal) => {
        concat!(
            "leased_at = ",
            $now,
            ", leased_until = ",
            $now,
            " + ",
            $length
        )
    };
}

pub(crate) use {insert, is_it, is_superseded, leased_for, superseded};

pub(crate) const PRUNE: &str = concat!(
    "UPDATE postback_effects AS effect SET event = NULL
     WHERE recorded_at < $1 AND event IS NOT NULL AND (done_at IS NOT NULL OR ",
    is_superseded!(),
    ")"
);

pub(crate) const fn finality(is_final: bool) -> Finality {
    match is_final {
        true => Finality::Final,
        false => Finality::Pending,
    }
}

/// A fencing token as the database keeps it; one that it cannot keep is nobody's.
pub(crate) fn kept(token: u64) -> i64 {
    token.try_into().unwrap_or(-1)
}

pub(crate) fn read(token: i64) -> Result<u64, StoreError> {
    let token = token.try_into();
    token.map_err(|_| StoreError::Failed("a token is negative".into()))
}

/// `$now` is evaluated where it stands, after a lock was waited for. Rows are fetched to their end, for it is then that
/// SQLite commits.
macro_rules! effects {
    ($Store:ident, $Database:ty, $now:literal) => {
        use std::time::Duration;

        use sqlx::{Row, query::Query};

        use crate::{
            Key, Unfinished,
            once::{Acquired, Standing, Steps, held_for, milliseconds},
            sql::effects::{finality, insert, is_it, is_superseded, kept, leased_for, read, superseded},
        };

        type Statement<'q> = Query<'q, $Database, <$Database as sqlx::Database>::Arguments>;

        impl $Store {
            /// Records an event within a transaction, for [`once`](crate::once): once that is committed, its effect is
            /// [unfinished](crate::LeaseStore::unfinished) until it is run. So a mail follows each credit that is
            /// kept, and none that is not.
            ///
            /// Call `once` after the commit, and not before: it waits for the transaction's end.
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
                self.record(transaction, &Key::of(&claim), &claim).await
            }

            /// Records an event that nobody holds, unless it is recorded.
            async fn record(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                key: &Key,
                claim: &Claim,
            ) -> Result<(), StoreError> {
                let record = concat!(insert!($now, "0", "0"), " ON CONFLICT DO NOTHING");
                let record = self.saying(key, claim, record);
                let recorded = record.execute(&mut **transaction).await?;
                if recorded.rows_affected() == 0 || !key.is_final() {
                    return Ok(());
                }
                if let Some(of) = self.duplicate_of(transaction, claim).await? {
                    let suspect = concat!(
                        "UPDATE postback_effects AS effect SET duplicate_of = $6 WHERE ",
                        is_it!()
                    );
                    let suspect = self.about(key, suspect).bind(of);
                    suspect.execute(&mut **transaction).await?;
                }
                Ok(())
            }

            /// Records an event and leases it, or leases it anew if it may be.
            async fn record_and_lease(
                &self,
                key: &Key,
                claim: &Claim,
                length: Duration,
            ) -> Result<Option<Acquired>, StoreError> {
                let lease = concat!(
                    insert!($now, "1", concat!($now, " + $8")),
                    " ON CONFLICT (namespace, scope, id, final) DO UPDATE SET token = effect.token + 1, ",
                    leased_for!($now, "$8"),
                    "
                     WHERE effect.digest = excluded.digest AND effect.done_at IS NULL
                         AND effect.duplicate_of IS NULL AND effect.leased_until <= ",
                    $now,
                    " RETURNING token, leased_until, ",
                    $now,
                    " AS now"
                );
                let lease = self.saying(key, claim, lease);
                let lease = lease.bind(milliseconds(length));
                self.leased(key, lease, length).await
            }

            /// Leases an event that was recorded, if it may be.
            async fn lease(
                &self,
                key: &Key,
                delivered: Option<&Digest>,
                length: Duration,
            ) -> Result<Option<Acquired>, StoreError> {
                let lease = concat!(
                    "UPDATE postback_effects AS effect SET token = token + 1, ",
                    leased_for!($now, "$6"),
                    " WHERE ",
                    is_it!(),
                    " AND ($7 IS NULL OR digest = $7) AND done_at IS NULL AND duplicate_of IS NULL
                         AND leased_until <= ",
                    $now,
                    " AND NOT ",
                    is_superseded!(),
                    " RETURNING token, leased_until, ",
                    $now,
                    " AS now"
                );
                let lease = self
                    .about(key, lease)
                    .bind(milliseconds(length))
                    .bind(delivered.map(|delivered| delivered.as_bytes().as_slice()));
                self.leased(key, lease, length).await
            }

            /// The lease that a statement returned, if it returned one.
            async fn leased(
                &self,
                key: &Key,
                lease: Statement<'_>,
                length: Duration,
            ) -> Result<Option<Acquired>, StoreError> {
                let rows = lease.fetch_all(&self.pool).await?;
                let Some(row) = rows.first() else {
                    return Ok(None);
                };
                let token = read(row.try_get("token")?)?;
                let lasting = self.lasting(row)?;
                // Much of it may have passed while a lock was waited for, or all.
                if lasting < milliseconds(length).div_euclid(2)
                    && !self.extend(key, token, length).await?
                {
                    return Ok(None);
                }
                Ok(Some(Acquired::Lease { token }))
            }

            /// For how many milliseconds a lease is in force, after the locks that its statement waited for.
            fn lasting(&self, row: &<$Database as sqlx::Database>::Row) -> Result<i64, StoreError> {
                let leased_until: i64 = row.try_get("leased_until")?;
                let now = match self.lease_clock() {
                    Some(now) => now,
                    None => row.try_get("now")?,
                };
                Ok(leased_until.saturating_sub(now))
            }

            /// How an event stands that could not be leased, or a lease, if it is free by now.
            async fn standing_or_lease(
                &self,
                key: &Key,
                delivered: Option<&Digest>,
                length: Duration,
            ) -> Result<Acquired, StoreError> {
                let standing = self.standing(key, delivered).await?;
                if standing == (Acquired::InFlight { held_for: Duration::ZERO })
                    && let Some(lease) = self.lease(key, delivered, length).await?
                {
                    return Ok(lease);
                }
                Ok(standing)
            }

            async fn standing(
                &self,
                key: &Key,
                delivered: Option<&Digest>,
            ) -> Result<Acquired, StoreError> {
                let standing = concat!(
                    "SELECT digest, done_at IS NOT NULL AS is_done, duplicate_of, leased_at, leased_until, ",
                    $now,
                    " AS now, ",
                    is_superseded!(),
                    " AS is_superseded FROM postback_effects AS effect WHERE ",
                    is_it!()
                );
                let row = self.about(key, standing).fetch_optional(&self.pool).await?;
                let Some(row) = row else {
                    return match delivered {
                        Some(_) if !key.is_final() => Ok(Acquired::Superseded),
                        // Somebody took the row away, or hides it from us.
                        _ => Err(StoreError::Failed("an event is there, and is not".into())),
                    };
                };
                let leased_at: i64 = row.try_get("leased_at")?;
                let leased_until: i64 = row.try_get("leased_until")?;
                let now: i64 = row.try_get("now")?;
                let standing = Standing {
                    digest: sql::digest(row.try_get("digest")?)?,
                    is_done: row.try_get("is_done")?,
                    is_superseded: row.try_get("is_superseded")?,
                    duplicate_of: row.try_get("duplicate_of")?,
                    held_for: held_for(leased_at, leased_until, now),
                };
                if now < leased_at && leased_at < leased_until {
                    // The clock was set back. The lease runs anew, for it would last so much longer.
                    let anew = concat!(
                        "UPDATE postback_effects AS effect SET ",
                        leased_for!($now, "(leased_until - leased_at)"),
                        " WHERE ",
                        is_it!(),
                        " AND leased_at = $6 AND leased_until = $7"
                    );
                    let anew = self.about(key, anew).bind(leased_at).bind(leased_until);
                    anew.execute(&self.pool).await?;
                }
                Ok(standing.refusal(delivered.copied()))
            }

            /// A statement about an event.
            fn about<'q>(&self, key: &'q Key, statement: &'static str) -> Statement<'q> {
                sqlx::query(statement)
                    .bind(self.lease_clock())
                    .bind(&*key.namespace)
                    .bind(&*key.scope)
                    .bind(&*key.id)
                    .bind(key.is_final())
            }

            /// A statement about an event, and what it says.
            fn saying<'q>(
                &self,
                key: &'q Key,
                claim: &'q Claim,
                statement: &'static str,
            ) -> Statement<'q> {
                let statement = self.about(key, statement);
                let statement = statement.bind(claim.digest().as_bytes().as_slice());
                statement.bind(claim.event())
            }

            /// Tells whether it changed the event.
            async fn change(&self, change: Statement<'_>) -> Result<bool, StoreError> {
                let changed = change.execute(&self.pool).await?;
                Ok(changed.rows_affected() > 0)
            }
        }

        impl Steps for $Store {
            async fn acquire(&self, claim: &Claim, length: Duration) -> Result<Acquired, StoreError> {
                let key = Key::of(claim);
                let delivered = Some(claim.digest());
                let lease = if claim.transfer().is_none() {
                    self.record_and_lease(&key, claim, length).await?
                } else {
                    let mut transaction = self.begin().await?;
                    self.record(&mut transaction, &key, claim).await?;
                    self.commit(transaction).await?;
                    self.lease(&key, delivered, length).await?
                };
                match lease {
                    Some(lease) => Ok(lease),
                    None => self.standing_or_lease(&key, delivered, length).await,
                }
            }

            async fn acquire_recorded(
                &self,
                key: &Key,
                length: Duration,
            ) -> Result<Acquired, StoreError> {
                match self.lease(key, None, length).await? {
                    Some(lease) => Ok(lease),
                    None => self.standing_or_lease(key, None, length).await,
                }
            }

            async fn extend(
                &self,
                key: &Key,
                token: u64,
                length: Duration,
            ) -> Result<bool, StoreError> {
                let extend = concat!(
                    "UPDATE postback_effects AS effect SET ",
                    leased_for!($now, "$7"),
                    " WHERE ",
                    is_it!(),
                    " AND token = $6 AND done_at IS NULL AND leased_until > ",
                    $now,
                    " RETURNING leased_until, ",
                    $now,
                    " AS now"
                );
                let extend = self.about(key, extend).bind(kept(token));
                let extend = extend.bind(milliseconds(length));
                let rows = extend.fetch_all(&self.pool).await?;
                let lasting = rows.first().map(|row| self.lasting(row));
                Ok(lasting.transpose()?.is_some_and(|lasting| lasting > 0))
            }

            async fn complete(&self, key: &Key, token: u64) -> Result<bool, StoreError> {
                let complete = concat!(
                    "UPDATE postback_effects AS effect SET done_at = coalesce(done_at, ",
                    $now,
                    ") WHERE ",
                    is_it!(),
                    " AND token = $6 AND (done_at IS NOT NULL OR leased_until > ",
                    $now,
                    ")"
                );
                self.change(self.about(key, complete).bind(kept(token))).await
            }

            async fn release(&self, key: &Key, token: u64) -> Result<(), StoreError> {
                let release = concat!(
                    "UPDATE postback_effects AS effect SET leased_until = 0 WHERE ",
                    is_it!(),
                    " AND token = $6 AND done_at IS NULL"
                );
                let release = self.about(key, release).bind(kept(token));
                self.change(release).await.map(drop)
            }

            async fn list(&self, limit: u32) -> Result<Vec<Unfinished>, StoreError> {
                let rows = sqlx::query(concat!(
                    "SELECT namespace, scope, id, final, event, recorded_at, token, duplicate_of, leased_at,
                         leased_until, ",
                    $now,
                    " AS now FROM postback_effects AS effect WHERE done_at IS NULL AND NOT ",
                    is_superseded!(),
                    " ORDER BY duplicate_of IS NOT NULL, leased_at, namespace, scope, id, final LIMIT $2"
                ))
                .bind(self.lease_clock())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
                let unfinished = |row: &<$Database as sqlx::Database>::Row| {
                    Ok(Unfinished {
                        key: Key {
                            namespace: row.try_get("namespace")?,
                            scope: row.try_get("scope")?,
                            id: row.try_get("id")?,
                            finality: finality(row.try_get("final")?),
                        },
                        event: row.try_get("event")?,
                        recorded_at: row.try_get("recorded_at")?,
                        attempts: read(row.try_get("token")?)?,
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
                let clear = concat!(
                    "UPDATE postback_effects AS effect SET duplicate_of = NULL WHERE ",
                    is_it!(),
                    " AND duplicate_of IS NOT NULL AND done_at IS NULL"
                );
                self.change(self.about(key, clear)).await
            }

            async fn close(&self, key: &Key) -> Result<bool, StoreError> {
                let close = concat!(
                    "UPDATE postback_effects AS effect SET token = token + 1, done_at = ",
                    $now,
                    " WHERE ",
                    is_it!(),
                    " AND done_at IS NULL AND leased_until <= ",
                    $now
                );
                self.change(self.about(key, close)).await
            }
        }
    };
}

pub(crate) use effects;
