use std::time::Duration;

use postback_core::{
    event::{EventRecord, FieldDigests},
    reconcile::{Disposition, Reconciliation, Recordable},
};
use sqlx::Transaction;

use super::{
    Columns, SqlDatabase, SqlStore, Statement,
    records::{counted_transfer, digest},
    rows, run,
};
use crate::{
    EffectFilter, PendingEffect, StoreError,
    effect::{
        Acquired, Completion, EffectBackend, EffectKey, EffectState, Position, held_for,
        milliseconds,
    },
    key,
};

impl<D: SqlDatabase> SqlStore<D> {
    /// Enqueues an effect of a payment within a transaction. After the commit the effect is
    /// [pending](crate::EffectStore::pending_effects) until [`run_effect`](crate::run_effect) or
    /// [`resume_effect`](crate::resume_effect) has run it, so that each credit that is committed
    /// has its effect.
    ///
    /// Does nothing for a payment that does not pay its price. If its transfer on the chain is
    /// already recorded for another payment, the effect waits until a person
    /// [approves](crate::EffectStore::approve) it.
    ///
    /// A payment can have several effects, each under its own name. An effect of that name that was
    /// enqueued [for review](Self::enqueue_effect_of_review_in) is replaced, done or not, so that
    /// this one runs. Any other effect of that name is unchanged, even if this delivery contradicts
    /// it.
    ///
    /// Call `run_effect` after the commit, because it waits for the end of the transaction.
    ///
    /// # Errors
    ///
    /// As [`record_in`](Self::record_in).
    pub async fn enqueue_effect_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        reconciliation: &impl Recordable,
        name: &str,
    ) -> Result<(), StoreError> {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Credit, transaction, reconciliation, name)
            .await
    }

    /// Enqueues an effect of a payment for [review](crate::Recorded::Review) within a transaction,
    /// for an application that counts part payments. Does nothing for any other payment.
    ///
    /// An effect that is enqueued already is unchanged. [`run_effect`](crate::run_effect) does not
    /// run the effect of a payment for review: [`resume_effect`](crate::resume_effect) does.
    ///
    /// # Errors
    ///
    /// As [`record_in`](Self::record_in).
    pub async fn enqueue_effect_of_review_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        reconciliation: &impl Recordable,
        name: &str,
    ) -> Result<(), StoreError> {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Review, transaction, reconciliation, name)
            .await
    }

    /// Enqueues an effect of a payment with this disposition, unless there is one that stays. A
    /// worker that holds a replaced effect has lost its lease.
    async fn enqueue_if(
        &self,
        disposition: Disposition,
        transaction: &mut Transaction<'_, D>,
        reconciliation: &Reconciliation,
        name: &str,
    ) -> Result<(), StoreError> {
        if reconciliation.disposition() != disposition {
            return Ok(());
        }
        let (event, is_paid) = (reconciliation.event(), reconciliation.is_paid());
        let key = EffectKey::new(event.key(), name);
        count_transfer::<D>(transaction, &key, event, is_paid).await?;
        let enqueue = Statement::about_effect(&key, D::STATEMENTS.effect_enqueue)
            .bind(is_paid)
            .bind(event.digest().as_str())
            .bind(event.payload_json())
            .bind(counted_transfer(event));
        run::<D>(transaction, self.now(enqueue)).await.map(drop)
    }

    /// Inserts a leased effect of a payment to credit, or leases the existing one if it can be
    /// leased. An effect for review is replaced.
    async fn enqueue_and_lease(
        &self,
        key: &EffectKey,
        event: &EventRecord,
        length: Duration,
    ) -> Result<Option<Acquired>, StoreError> {
        let transfer = counted_transfer(event);
        let lease = || {
            let lease = Statement::about_effect(key, D::STATEMENTS.effect_enqueue_and_lease)
                .bind(event.digest().as_str())
                .bind(event.payload_json())
                .bind(milliseconds(length))
                .bind(transfer);
            self.now(lease)
        };
        let rows = match transfer.and(D::STATEMENTS.effect_transfer_count) {
            None => self.rows(lease()).await?,
            Some(_) => {
                let mut transaction = self.begin().await?;
                count_transfer::<D>(&mut transaction, key, event, true).await?;
                let rows = rows::<D>(&mut transaction, lease()).await?;
                self.commit(transaction).await?;
                rows
            }
        };
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        if let Some(of) = row.optional_text("duplicate_of")? {
            return Ok(Some(Acquired::PossibleDuplicate { of }));
        }
        let lease = LeaseRow::read(row, self.lease_clock())?;
        self.leased(key, &lease, length).await
    }

    /// Leases an effect that is enqueued, if it can be leased and was not replaced: an effect that
    /// was replaced differs in `credited`.
    async fn lease(
        &self,
        key: &EffectKey,
        credited: bool,
        delivered: Option<&FieldDigests>,
        length: Duration,
    ) -> Result<Option<Acquired>, StoreError> {
        let lease = Statement::about_effect(key, D::STATEMENTS.effect_lease)
            .bind(credited)
            .bind(delivered.map(FieldDigests::as_str))
            .bind(milliseconds(length));
        match self.lease_row(lease).await? {
            Some(lease) => self.leased(key, &lease, length).await,
            None => Ok(None),
        }
    }

    /// Returns a lease that still lasts for half of its length, and extends it otherwise: its
    /// statement may have waited for a lock for most of the lease, or longer.
    async fn leased(
        &self,
        key: &EffectKey,
        lease: &LeaseRow,
        length: Duration,
    ) -> Result<Option<Acquired>, StoreError> {
        let is_late = lease.lasting < milliseconds(length).div_euclid(2);
        if is_late && !self.extend(key, lease.token, length).await? {
            return Ok(None);
        }
        Ok(Some(Acquired::Lease { token: lease.token }))
    }

    async fn lease_row(&self, statement: Statement<'_>) -> Result<Option<LeaseRow>, StoreError> {
        let rows = self.rows(self.now(statement)).await?;
        let lease = |row| LeaseRow::read(row, self.lease_clock());
        rows.first().map(lease).transpose()
    }

    /// Returns the reason why an effect was not leased, or a lease if it has become free.
    async fn state_or_lease(
        &self,
        key: &EffectKey,
        credited: bool,
        delivered: Option<&FieldDigests>,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let state = self.state(key, credited, delivered).await?;
        let is_free = Acquired::InFlight {
            held_for: Duration::ZERO,
        };
        if state == is_free
            && let Some(lease) = self.lease(key, credited, delivered, length).await?
        {
            return Ok(lease);
        }
        Ok(state)
    }

    async fn state(
        &self,
        key: &EffectKey,
        credited: bool,
        delivered: Option<&FieldDigests>,
    ) -> Result<Acquired, StoreError> {
        let read = Statement::about_effect(key, D::STATEMENTS.effect_read);
        let rows = self.rows(self.now(read)).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::missing_effect(key))?;
        let row = StateRow::read(row)?;
        if row.credited != credited {
            return Ok(Acquired::REPLACED);
        }
        let state = EffectState {
            digest: digest(&key.event, &row.digest)?,
            is_done: row.is_done,
            duplicate_of: row.duplicate_of,
            held_for: held_for(row.leased_at, row.leased_until, row.now),
        };
        if row.now < row.leased_at && row.leased_at < row.leased_until {
            // The clock was set back, and the lease would last longer by as much: it starts again.
            let restart = Statement::about_effect(key, D::STATEMENTS.effect_restart_lease)
                .bind(row.leased_at)
                .bind(row.leased_until);
            self.run(self.now(restart)).await?;
        }
        Ok(state.not_leased(delivered))
    }

    /// Lists the effects that a filter selects: either possible duplicates or the others.
    async fn page(
        &self,
        filter: &EffectFilter,
        possible_duplicates: bool,
        limit: u32,
    ) -> Result<Vec<PendingEffect>, StoreError> {
        let list = Statement::new(D::STATEMENTS.effects_pending)
            .bind(filter.namespace.as_deref())
            .bind(filter.project.as_deref())
            .bind(filter.name.as_deref())
            .bind(filter.with_held)
            .bind(i64::from(possible_duplicates))
            .bind(i64::from(limit));
        let after = filter.after.as_ref();
        let from = after.filter(|after| after.is_possible_duplicate == possible_duplicates);
        let list = match from {
            Some(after) => {
                let (event, name) = (&after.key.event, &after.key.name);
                list.bind(after.leased_at)
                    .bind(event.namespace())
                    .bind(key::project(event))
                    .bind(event.id())
                    .bind(&**name)
            }
            None => list.bind(i64::MIN).bind("").bind("").bind("").bind(""),
        };
        let first_listed_at = filter.first_listed_at();
        let list = list.bind(first_listed_at.unwrap_or(i64::MAX));
        let rows = self.rows(self.now(list)).await?;
        rows.iter()
            .map(|row| pending(row, first_listed_at))
            .collect()
    }

    /// Binds the time to a statement, unless the server has it: such a statement reads the time
    /// after it waited for a lock.
    fn now<'a>(&self, statement: Statement<'a>) -> Statement<'a> {
        match self.lease_clock() {
            Some(now) => statement.bind(now),
            None => statement,
        }
    }

    /// Returns the time that leases are compared with, unless the server has it.
    fn lease_clock(&self) -> Option<i64> {
        (!D::HAS_CLOCK).then(|| self.clock.milliseconds())
    }

    /// Runs a statement, and returns true if it changed the effect.
    async fn change(&self, change: Statement<'_>) -> Result<bool, StoreError> {
        Ok(self.run(change).await? > 0)
    }
}

impl<D: SqlDatabase> EffectBackend for SqlStore<D> {
    async fn acquire(
        &self,
        event: &EventRecord,
        name: &str,
        length: Duration,
    ) -> Result<Acquired, StoreError> {
        let key = EffectKey::new(event.key(), name);
        match self.enqueue_and_lease(&key, event, length).await? {
            Some(acquired) => Ok(acquired),
            None => {
                let delivered = Some(event.digest());
                self.state_or_lease(&key, true, delivered, length).await
            }
        }
    }

    async fn acquire_recorded(
        &self,
        key: &EffectKey,
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
        key: &EffectKey,
        token: u64,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let extend = Statement::about_effect(key, D::STATEMENTS.effect_extend)
            .bind(written(token))
            .bind(milliseconds(length));
        Ok(self.lease_row(extend).await?.is_some())
    }

    async fn complete(&self, key: &EffectKey, token: u64) -> Result<Completion, StoreError> {
        let complete = Statement::about_effect(key, D::STATEMENTS.effect_complete);
        let rows = self.rows(self.now(complete.bind(written(token)))).await?;
        let Some(row) = rows.first() else {
            return Ok(Completion::Superseded);
        };
        Ok(match row.boolean("is_late")? {
            true => Completion::Late,
            false => Completion::InTime,
        })
    }

    async fn release(&self, key: &EffectKey, token: u64) -> Result<(), StoreError> {
        let release =
            Statement::about_effect(key, D::STATEMENTS.effect_release).bind(written(token));
        self.change(release).await.map(drop)
    }

    async fn list(&self, filter: &EffectFilter) -> Result<Vec<PendingEffect>, StoreError> {
        let is_after_duplicate = filter
            .after
            .as_ref()
            .map(|after| after.is_possible_duplicate);
        let mut effects = match is_after_duplicate {
            Some(true) => Vec::new(),
            _ => self.page(filter, false, filter.limit).await?,
        };
        let listed = effects.len().try_into().unwrap_or(u32::MAX);
        let left = filter.limit.saturating_sub(listed);
        if filter.with_possible_duplicates && left > 0 {
            effects.extend(self.page(filter, true, left).await?);
        }
        Ok(effects)
    }

    async fn approve(&self, key: &EffectKey, credited: bool) -> Result<bool, StoreError> {
        let approve = Statement::about_effect(key, D::STATEMENTS.effect_approve).bind(credited);
        self.change(approve).await
    }

    async fn dismiss(&self, key: &EffectKey, credited: bool) -> Result<bool, StoreError> {
        let dismiss = Statement::about_effect(key, D::STATEMENTS.effect_dismiss).bind(credited);
        self.change(self.now(dismiss)).await
    }
    async fn import(&self, key: &EffectKey) -> Result<bool, StoreError> {
        let unknown = FieldDigests::unknown();
        let import = Statement::about_effect(key, D::STATEMENTS.effect_import);
        self.change(self.now(import.bind(unknown.as_str()))).await
    }
}

/// Counts the transfer of a payment, if the statement that enqueues its effect does not.
async fn count_transfer<D: SqlDatabase>(
    transaction: &mut Transaction<'_, D>,
    key: &EffectKey,
    event: &EventRecord,
    is_paid: bool,
) -> Result<(), StoreError> {
    let transfer = counted_transfer(event);
    if let (Some(count), Some(_)) = (D::STATEMENTS.effect_transfer_count, transfer) {
        let count = Statement::about_effect(key, count)
            .bind(is_paid)
            .bind(transfer);
        run::<D>(transaction, count).await?;
    }
    Ok(())
}

/// Row of a statement that leased an effect or extended its lease.
struct LeaseRow {
    token: u64,
    /// Milliseconds for which the lease is still in force, after the locks that its statement
    /// waited for.
    lasting: i64,
}

impl LeaseRow {
    fn read(row: &impl Columns, lease_clock: Option<i64>) -> Result<Self, StoreError> {
        let now = match lease_clock {
            Some(now) => now,
            None => row.integer("now")?,
        };
        Ok(Self {
            token: token(row.integer("token")?)?,
            lasting: row.integer("leased_until")?.saturating_sub(now),
        })
    }
}

/// Row with the state of an effect. Times are in Unix milliseconds.
struct StateRow {
    credited: bool,
    digest: String,
    is_done: bool,
    duplicate_of: Option<String>,
    leased_at: i64,
    leased_until: i64,
    now: i64,
}

impl StateRow {
    fn read(row: &impl Columns) -> Result<Self, sqlx::Error> {
        Ok(Self {
            credited: row.boolean("credited")?,
            digest: row.text("digest")?,
            is_done: row.boolean("is_done")?,
            duplicate_of: row.optional_text("duplicate_of")?,
            leased_at: row.integer("leased_at")?,
            leased_until: row.integer("leased_until")?,
            now: row.integer("now")?,
        })
    }
}

/// Reads an effect that is not done. `first_listed_at` is the time of the first page, if this is
/// another one.
fn pending(row: &impl Columns, first_listed_at: Option<i64>) -> Result<PendingEffect, StoreError> {
    let project = row.text("project")?;
    let event = key::stored(row.text("namespace")?, &project, row.text("id")?);
    let (leased_at, now) = (row.integer("leased_at")?, row.integer("now")?);
    let duplicate_of = row.optional_text("duplicate_of")?;
    Ok(PendingEffect {
        position: Position {
            is_possible_duplicate: duplicate_of.is_some(),
            leased_at,
            key: EffectKey::new(&event, &row.text("name")?),
            first_listed_at: first_listed_at.unwrap_or(now),
        },
        credited: row.boolean("credited")?,
        payload: row.optional_text("payload")?,
        recorded_at: row.integer("recorded_at")?,
        attempts: token(row.integer("token")?)?,
        duplicate_of,
        held_for: held_for(leased_at, row.integer("leased_until")?, now),
    })
}

/// Returns a fencing token as the database stores it. A token that it cannot store matches no row.
fn written(token: u64) -> i64 {
    token.try_into().unwrap_or(-1)
}

fn token(stored: i64) -> Result<u64, StoreError> {
    let token = stored.try_into();
    token.map_err(|_| StoreError::negative_token(stored))
}
