//! What both databases share of effects: each step is one statement, whose time is `$1`, or the server's.

use sqlx::{Database, query::Query};

use crate::StoreError;

/// The row of a payment, which is `$2` to `$4`.
macro_rules! is_it {
    () => {
        "effect.namespace = $2 AND effect.scope = $3 AND effect.id = $4"
    };
}

/// A new row; digest and payload are `$5` and `$6`.
macro_rules! insert {
    ($now:literal, $credited:literal, $token:literal, $leased_until:expr) => {
        concat!(
            "INSERT INTO postback_effects AS effect
                 (namespace, scope, id, credited, digest, payload, recorded_at, token, leased_at, leased_until)
             VALUES ($2, $3, $4, ",
            $credited,
            ", $5, $6, ",
            $now,
            ", ",
            $token,
            ", ",
            $now,
            ", ",
            $leased_until,
            ")"
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

pub(crate) use {insert, is_it, leased_for};

pub(crate) const PRUNE: &str = "UPDATE postback_effects SET payload = NULL
    WHERE recorded_at < $1 AND payload IS NOT NULL AND done_at IS NOT NULL";

pub(crate) type Statement<'q, D> = Query<'q, D, <D as Database>::Arguments>;

/// A fencing token as the database keeps it. One that it cannot keep matches no row.
pub(crate) fn kept(token: u64) -> i64 {
    token.try_into().unwrap_or(-1)
}

pub(crate) fn read(token: i64) -> Result<u64, StoreError> {
    let token = token.try_into();
    token.map_err(|_| StoreError::Failed("a token is negative".into()))
}

/// `$now` is evaluated by the statement that contains it, after that waited for a lock. Rows are fetched to their end,
/// because SQLite commits then.
macro_rules! effects {
    ($Store:ident, $Database:ty, $now:literal) => {
        use std::time::Duration;

        use sqlx::Row;

        use crate::{
            Key, PendingEffect,
            effect::{Acquired, EffectState, EffectBackend, held_for, milliseconds},
            sql::effects::{Statement, insert, is_it, kept, leased_for, read},
        };

        impl $Store {
            /// Enqueues the effect of a payment within a transaction: when that is committed, the effect is
            /// [pending](crate::EffectStore::pending_effects) until [`run_effect`](crate::run_effect) or [`resume_effect`](crate::resume_effect)
            /// has run it. So each credit that is kept has its mail.
            ///
            /// For a payment that does not pay its price it does nothing. If its transfer on the chain
            /// was counted under another id, the effect waits until a person
            /// [approves](crate::EffectStore::approve) it.
            ///
            /// A payment has one effect. This one replaces an effect that was
            /// [enqueued for review](Self::enqueue_effect_of_review_in), done or not, so that it runs.
            /// Otherwise an effect that is enqueued already is left as it is, also if this delivery
            /// says something else.
            ///
            /// Call `run_effect` after the commit, because it waits for the end of the transaction.
            ///
            /// # Errors
            ///
            /// As [`record_in`](Self::record_in).
            pub async fn enqueue_effect_in(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                reconciliation: &impl Recordable,
            ) -> Result<(), StoreError> {
                let reconciliation = reconciliation.reconciliation();
                self.enqueue_if(Disposition::Credit, transaction, reconciliation).await
            }

            /// Enqueues the effect of a payment for [review](crate::Recorded::Review) within a
            /// transaction, for an application that counts part payments. For any other payment it
            /// does nothing.
            ///
            /// An effect that is enqueued already is left as it is. [`run_effect`](crate::run_effect) does not run
            /// the effect of a payment for review: [`resume_effect`](crate::resume_effect) does.
            ///
            /// # Errors
            ///
            /// As [`record_in`](Self::record_in).
            pub async fn enqueue_effect_of_review_in(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                reconciliation: &impl Recordable,
            ) -> Result<(), StoreError> {
                let reconciliation = reconciliation.reconciliation();
                self.enqueue_if(Disposition::Review, transaction, reconciliation).await
            }

            /// Enqueues the effect of a payment that is to be treated like this.
            async fn enqueue_if(
                &self,
                disposition: Disposition,
                transaction: &mut Transaction<'_, $Database>,
                reconciliation: &Reconciliation,
            ) -> Result<(), StoreError> {
                if reconciliation.disposition() != disposition {
                    return Ok(());
                }
                let (event, is_paid) = (reconciliation.event(), reconciliation.is_paid());
                self.enqueue(transaction, &Key::of(event), event, is_paid).await
            }

            /// Inserts a row that no worker holds, unless there is one that stays. A worker that holds one which is
            /// replaced has lost its lease.
            async fn enqueue(
                &self,
                transaction: &mut Transaction<'_, $Database>,
                key: &Key,
                event: &EventRecord,
                is_paid: bool,
            ) -> Result<(), StoreError> {
                let enqueue = concat!(
                    insert!($now, "$7", "0", "0"),
                    " ON CONFLICT (namespace, scope, id) DO UPDATE SET credited = excluded.credited,
                         digest = excluded.digest, payload = excluded.payload,
                         recorded_at = excluded.recorded_at, token = effect.token + 1, leased_until = 0,
                         done_at = NULL, duplicate_of = NULL
                     WHERE excluded.credited AND NOT effect.credited"
                );
                let enqueue = self.of_delivery(key, event, enqueue).bind(is_paid);
                let enqueued = enqueue.execute(&mut **transaction).await?;
                if enqueued.rows_affected() == 0 {
                    return Ok(());
                }
                if let Some(of) = Self::count_transfer(transaction, event).await? {
                    let suspect = concat!(
                        "UPDATE postback_effects AS effect SET duplicate_of = $5 WHERE ",
                        is_it!()
                    );
                    let suspect = self.about(key, suspect).bind(of);
                    suspect.execute(&mut **transaction).await?;
                }
                Ok(())
            }

            /// Inserts a row of a payment to credit that is leased, or leases the one that is there if it may be
            /// leased. One for review is replaced.
            async fn insert_or_lease(
                &self,
                key: &Key,
                event: &EventRecord,
                length: Duration,
            ) -> Result<Option<Acquired>, StoreError> {
                let lease = concat!(
                    insert!($now, "TRUE", "1", concat!($now, " + $7")),
                    " ON CONFLICT (namespace, scope, id) DO UPDATE SET credited = TRUE,
                         digest = excluded.digest, done_at = NULL, token = effect.token + 1,
                         payload = CASE WHEN effect.credited THEN effect.payload ELSE excluded.payload END,
                         recorded_at =
                             CASE WHEN effect.credited THEN effect.recorded_at ELSE excluded.recorded_at END,
                         duplicate_of = CASE WHEN effect.credited THEN effect.duplicate_of END, ",
                    leased_for!($now, "$7"),
                    "
                     WHERE NOT effect.credited OR (effect.digest = excluded.digest AND effect.done_at IS NULL
                         AND effect.duplicate_of IS NULL AND effect.leased_until <= ",
                    $now,
                    ") RETURNING token, leased_until, ",
                    $now,
                    " AS now"
                );
                let lease = self.of_delivery(key, event, lease);
                let lease = lease.bind(milliseconds(length));
                self.leased(key, lease, length).await
            }

            /// Leases an effect that is enqueued, if it may be leased and `credited` is what it says.
            async fn lease(
                &self,
                key: &Key,
                credited: bool,
                delivered: Option<&FieldDigests>,
                length: Duration,
            ) -> Result<Option<Acquired>, StoreError> {
                let lease = concat!(
                    "UPDATE postback_effects AS effect SET token = token + 1, ",
                    leased_for!($now, "$5"),
                    " WHERE ",
                    is_it!(),
                    " AND ($6 IS NULL OR digest = $6) AND credited = $7 AND done_at IS NULL AND duplicate_of IS NULL
                         AND leased_until <= ",
                    $now,
                    " RETURNING token, leased_until, ",
                    $now,
                    " AS now"
                );
                let lease = self
                    .about(key, lease)
                    .bind(milliseconds(length))
                    .bind(delivered.map(FieldDigests::as_str))
                    .bind(credited);
                self.leased(key, lease, length).await
            }

            /// The lease that a statement returned, if it returned one.
            async fn leased(
                &self,
                key: &Key,
                lease: Statement<'_, $Database>,
                length: Duration,
            ) -> Result<Option<Acquired>, StoreError> {
                let rows = lease.fetch_all(&self.pool).await?;
                let Some(row) = rows.first() else {
                    return Ok(None);
                };
                let token = read(row.try_get("token")?)?;
                let lasting = self.lasting(row)?;
                // Much of it may have passed while the statement waited for a lock, or all.
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

            /// Why an effect was not leased, or a lease if it has become free.
            async fn state_or_lease(
                &self,
                key: &Key,
                credited: bool,
                delivered: Option<&FieldDigests>,
                length: Duration,
            ) -> Result<Acquired, StoreError> {
                let state = self.state(key, credited, delivered).await?;
                if state == (Acquired::InFlight { held_for: Duration::ZERO })
                    && let Some(lease) = self.lease(key, credited, delivered, length).await?
                {
                    return Ok(lease);
                }
                Ok(state)
            }

            async fn state(
                &self,
                key: &Key,
                credited: bool,
                delivered: Option<&FieldDigests>,
            ) -> Result<Acquired, StoreError> {
                let state = concat!(
                    "SELECT credited, digest, done_at IS NOT NULL AS is_done, duplicate_of, leased_at, leased_until, ",
                    $now,
                    " AS now FROM postback_effects AS effect WHERE ",
                    is_it!()
                );
                let row = self.about(key, state).fetch_optional(&self.pool).await?;
                let row = row.ok_or_else(|| sql::unreadable("effect"))?;
                if row.try_get::<bool, _>("credited")? != credited {
                    return Ok(Acquired::REPLACED);
                }
                let leased_at: i64 = row.try_get("leased_at")?;
                let leased_until: i64 = row.try_get("leased_until")?;
                let now: i64 = row.try_get("now")?;
                let state = EffectState {
                    digest: sql::digest(row.try_get("digest")?)?,
                    is_done: row.try_get("is_done")?,
                    duplicate_of: row.try_get("duplicate_of")?,
                    held_for: held_for(leased_at, leased_until, now),
                };
                if now < leased_at && leased_at < leased_until {
                    // The clock was set back. The lease starts again, because it would last so much longer.
                    let restart = concat!(
                        "UPDATE postback_effects AS effect SET ",
                        leased_for!($now, "(leased_until - leased_at)"),
                        " WHERE ",
                        is_it!(),
                        " AND leased_at = $5 AND leased_until = $6"
                    );
                    let restart = self.about(key, restart).bind(leased_at).bind(leased_until);
                    restart.execute(&self.pool).await?;
                }
                Ok(state.not_leased(delivered))
            }

            /// A statement about an effect.
            fn about<'q>(
                &self,
                key: &'q Key,
                statement: &'static str,
            ) -> Statement<'q, $Database> {
                sqlx::query(statement)
                    .bind(self.lease_clock())
                    .bind(&*key.namespace)
                    .bind(&*key.scope)
                    .bind(&*key.id)
            }

            /// A statement about an effect, and what the delivery says.
            fn of_delivery<'q>(
                &self,
                key: &'q Key,
                event: &'q EventRecord,
                statement: &'static str,
            ) -> Statement<'q, $Database> {
                let statement = self.about(key, statement);
                let statement = statement.bind(event.digest().as_str());
                statement.bind(event.payload_json())
            }

            /// Returns whether the statement changed the effect.
            async fn change(&self, change: Statement<'_, $Database>) -> Result<bool, StoreError> {
                let changed = change.execute(&self.pool).await?;
                Ok(changed.rows_affected() > 0)
            }
        }

        impl EffectBackend for $Store {
            async fn acquire(
                &self,
                event: &EventRecord,
                length: Duration,
            ) -> Result<Acquired, StoreError> {
                let key = Key::of(event);
                let delivered = Some(event.digest());
                let lease = if event.transfer().is_none() {
                    self.insert_or_lease(&key, event, length).await?
                } else {
                    let mut transaction = self.begin().await?;
                    self.enqueue(&mut transaction, &key, event, true).await?;
                    self.commit(transaction).await?;
                    self.lease(&key, true, delivered, length).await?
                };
                match lease {
                    Some(lease) => Ok(lease),
                    None => self.state_or_lease(&key, true, delivered, length).await,
                }
            }

            async fn acquire_recorded(
                &self,
                key: &Key,
                credited: bool,
                length: Duration,
            ) -> Result<Acquired, StoreError> {
                match self.lease(key, credited, None, length).await? {
                    Some(lease) => Ok(lease),
                    None => self.state_or_lease(key, credited, None, length).await,
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
                    leased_for!($now, "$6"),
                    " WHERE ",
                    is_it!(),
                    " AND token = $5 AND done_at IS NULL AND leased_until > ",
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
                    " AND token = $5 AND (done_at IS NOT NULL OR leased_until > ",
                    $now,
                    ")"
                );
                self.change(self.about(key, complete).bind(kept(token))).await
            }

            async fn release(&self, key: &Key, token: u64) -> Result<(), StoreError> {
                let release = concat!(
                    "UPDATE postback_effects AS effect SET leased_until = 0 WHERE ",
                    is_it!(),
                    " AND token = $5 AND done_at IS NULL"
                );
                let release = self.about(key, release).bind(kept(token));
                self.change(release).await.map(drop)
            }

            async fn list(&self, limit: u32) -> Result<Vec<PendingEffect>, StoreError> {
                let rows = sqlx::query(concat!(
                    "SELECT namespace, scope, id, credited, payload, recorded_at, token, duplicate_of,
                         leased_at, leased_until, ",
                    $now,
                    " AS now FROM postback_effects WHERE done_at IS NULL
                     ORDER BY duplicate_of IS NOT NULL, leased_at, namespace, scope, id LIMIT $2"
                ))
                .bind(self.lease_clock())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
                let pending = |row: &<$Database as sqlx::Database>::Row| {
                    Ok(PendingEffect {
                        key: Key {
                            namespace: row.try_get("namespace")?,
                            scope: row.try_get("scope")?,
                            id: row.try_get("id")?,
                        },
                        credited: row.try_get("credited")?,
                        payload: row.try_get("payload")?,
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
                rows.iter().map(pending).collect()
            }

            async fn approve(&self, key: &Key, credited: bool) -> Result<bool, StoreError> {
                let approve = concat!(
                    "UPDATE postback_effects AS effect SET duplicate_of = NULL WHERE ",
                    is_it!(),
                    " AND credited = $5 AND duplicate_of IS NOT NULL AND done_at IS NULL"
                );
                self.change(self.about(key, approve).bind(credited)).await
            }

            async fn dismiss(&self, key: &Key, credited: bool) -> Result<bool, StoreError> {
                let dismiss = concat!(
                    "UPDATE postback_effects AS effect SET token = token + 1, done_at = ",
                    $now,
                    " WHERE ",
                    is_it!(),
                    " AND credited = $5 AND done_at IS NULL AND leased_until <= ",
                    $now
                );
                self.change(self.about(key, dismiss).bind(credited)).await
            }
        }
    };
}

pub(crate) use effects;
