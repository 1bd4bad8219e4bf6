use std::time::Duration;

use postback_core::{
    event::{EventKey, EventRecord, FieldDigests},
    reconcile::{Disposition, Reconciliation, Recordable},
};
use sqlx::Transaction;

use super::{Columns, SqlDatabase, SqlStore, Statement, count_transfer, digest, run};
use crate::{
    PendingEffect, StoreError,
    effect::{Acquired, EffectBackend, EffectState, held_for, milliseconds},
    key,
};

impl<D: SqlDatabase> SqlStore<D> {
    /// Enqueues the effect of a payment within a transaction. After the commit the effect is
    /// [pending](crate::EffectStore::pending_effects) until [`run_effect`](crate::run_effect) or
    /// [`resume_effect`](crate::resume_effect) has run it, so that each credit that is committed
    /// has its effect.
    ///
    /// Does nothing for a payment that does not pay its price. If its transfer on the chain is
    /// counted under another id, the effect waits until a person
    /// [approves](crate::EffectStore::approve) it.
    ///
    /// A payment has one effect. An effect that was enqueued
    /// [for review](Self::enqueue_effect_of_review_in) is replaced, done or not, so that this one
    /// runs. Any other effect that is enqueued already is unchanged, even if this delivery
    /// contradicts it.
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
    ) -> Result<(), StoreError> {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Credit, transaction, reconciliation)
            .await
    }

    /// Enqueues the effect of a payment for [review](crate::Recorded::Review) within a transaction,
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
    ) -> Result<(), StoreError> {
        let reconciliation = reconciliation.reconciliation();
        self.enqueue_if(Disposition::Review, transaction, reconciliation)
            .await
    }

    /// Enqueues the effect of a payment with this disposition.
    async fn enqueue_if(
        &self,
        disposition: Disposition,
        transaction: &mut Transaction<'_, D>,
        reconciliation: &Reconciliation,
    ) -> Result<(), StoreError> {
        if reconciliation.disposition() != disposition {
            return Ok(());
        }
        let (event, is_paid) = (reconciliation.event(), reconciliation.is_paid());
        self.enqueue(transaction, event, is_paid).await
    }

    /// Inserts an effect that no worker holds, unless there is one that stays. A worker that holds
    /// a replaced effect has lost its lease.
    async fn enqueue(
        &self,
        transaction: &mut Transaction<'_, D>,
        event: &EventRecord,
        is_paid: bool,
    ) -> Result<(), StoreError> {
        let enqueue = Statement::about(event.key(), D::STATEMENTS.effect_enqueue)
            .bind(is_paid)
            .bind(event.digest().as_str())
            .bind(event.payload_json());
        if run::<D>(transaction, self.now(enqueue)).await? == 0 {
            return Ok(());
        }
        if let Some(of) = count_transfer::<D>(transaction, event).await? {
            let mark = Statement::about(event.key(), D::STATEMENTS.effect_mark_duplicate);
            run::<D>(transaction, mark.bind(&*of)).await?;
        }
        Ok(())
    }

    /// Inserts a leased effect of a payment to credit, or leases the existing one if it can be
    /// leased. An effect for review is replaced.
    async fn enqueue_and_lease(
        &self,
        event: &EventRecord,
        length: Duration,
    ) -> Result<Option<Acquired>, StoreError> {
        let lease = Statement::about(event.key(), D::STATEMENTS.effect_enqueue_and_lease)
            .bind(event.digest().as_str())
            .bind(event.payload_json())
            .bind(milliseconds(length));
        self.leased(event.key(), lease, length).await
    }

    /// Leases an effect that is enqueued, if it can be leased and was not replaced: an effect that
    /// was replaced differs in `credited`.
    async fn lease(
        &self,
        key: &EventKey,
        credited: bool,
        delivered: Option<&FieldDigests>,
        length: Duration,
    ) -> Result<Option<Acquired>, StoreError> {
        let lease = Statement::about(key, D::STATEMENTS.effect_lease)
            .bind(credited)
            .bind(delivered.map(FieldDigests::as_str))
            .bind(milliseconds(length));
        self.leased(key, lease, length).await
    }

    /// Runs a statement that leases an effect, and returns the lease if there is one.
    async fn leased(
        &self,
        key: &EventKey,
        lease: Statement<'_>,
        length: Duration,
    ) -> Result<Option<Acquired>, StoreError> {
        let Some(lease) = self.lease_row(lease).await? else {
            return Ok(None);
        };
        // The statement may have waited for a lock for most of the lease, or longer.
        if lease.lasting < milliseconds(length).div_euclid(2)
            && !self.extend(key, lease.token, length).await?
        {
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
        key: &EventKey,
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
        key: &EventKey,
        credited: bool,
        delivered: Option<&FieldDigests>,
    ) -> Result<Acquired, StoreError> {
        let read = Statement::about(key, D::STATEMENTS.effect_read);
        let rows = self.rows(self.now(read)).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::missing_effect(key))?;
        let row = StateRow::read(row)?;
        if row.credited != credited {
            return Ok(Acquired::REPLACED);
        }
        let state = EffectState {
            digest: digest(key, &row.digest)?,
            is_done: row.is_done,
            duplicate_of: row.duplicate_of,
            held_for: held_for(row.leased_at, row.leased_until, row.now),
        };
        if row.now < row.leased_at && row.leased_at < row.leased_until {
            // The clock was set back, and the lease would last longer by as much: it starts again.
            let restart = Statement::about(key, D::STATEMENTS.effect_restart_lease)
                .bind(row.leased_at)
                .bind(row.leased_until);
            self.run(self.now(restart)).await?;
        }
        Ok(state.not_leased(delivered))
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
    async fn acquire(&self, event: &EventRecord, length: Duration) -> Result<Acquired, StoreError> {
        let (key, delivered) = (event.key(), Some(event.digest()));
        let lease = if event.transfer().is_none() {
            self.enqueue_and_lease(event, length).await?
        } else {
            let mut transaction = self.begin().await?;
            self.enqueue(&mut transaction, event, true).await?;
            self.commit(transaction).await?;
            self.lease(key, true, delivered, length).await?
        };
        match lease {
            Some(lease) => Ok(lease),
            None => self.state_or_lease(key, true, delivered, length).await,
        }
    }

    async fn acquire_recorded(
        &self,
        key: &EventKey,
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
        key: &EventKey,
        token: u64,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let extend = Statement::about(key, D::STATEMENTS.effect_extend)
            .bind(written(token))
            .bind(milliseconds(length));
        let lease = self.lease_row(extend).await?;
        Ok(lease.is_some_and(|lease| lease.lasting > 0))
    }

    async fn complete(&self, key: &EventKey, token: u64) -> Result<bool, StoreError> {
        let complete = Statement::about(key, D::STATEMENTS.effect_complete).bind(written(token));
        self.change(self.now(complete)).await
    }

    async fn release(&self, key: &EventKey, token: u64) -> Result<(), StoreError> {
        let release = Statement::about(key, D::STATEMENTS.effect_release).bind(written(token));
        self.change(release).await.map(drop)
    }

    async fn list(&self, limit: u32) -> Result<Vec<PendingEffect>, StoreError> {
        let list = Statement::new(D::STATEMENTS.effects_pending).bind(i64::from(limit));
        let rows = self.rows(self.now(list)).await?;
        rows.iter().map(pending).collect()
    }

    async fn approve(&self, key: &EventKey, credited: bool) -> Result<bool, StoreError> {
        let approve = Statement::about(key, D::STATEMENTS.effect_approve).bind(credited);
        self.change(approve).await
    }

    async fn dismiss(&self, key: &EventKey, credited: bool) -> Result<bool, StoreError> {
        let dismiss = Statement::about(key, D::STATEMENTS.effect_dismiss).bind(credited);
        self.change(self.now(dismiss)).await
    }
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

fn pending(row: &impl Columns) -> Result<PendingEffect, StoreError> {
    let project = row.text("project")?;
    Ok(PendingEffect {
        key: key::stored(row.text("namespace")?, &project, row.text("id")?),
        credited: row.boolean("credited")?,
        payload: row.optional_text("payload")?,
        recorded_at: row.integer("recorded_at")?,
        attempts: token(row.integer("token")?)?,
        duplicate_of: row.optional_text("duplicate_of")?,
        held_for: held_for(
            row.integer("leased_at")?,
            row.integer("leased_until")?,
            row.integer("now")?,
        ),
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
