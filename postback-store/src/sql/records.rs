use postback_core::{
    event::{Digest, EventKey, EventRecord, FieldDigests},
    reconcile::{Disposition, Outcome, Recordable},
};
use sqlx::Transaction;

use super::{Columns, SqlDatabase, SqlStore, Statement, rows, run};
use crate::{Marked, Recorded, Review, StoreError, Stored, review::ReviewReason};

impl<D: SqlDatabase> SqlStore<D> {
    /// Records a payment within a transaction, if it is to be credited or reviewed. If the
    /// transaction is not committed, nothing was recorded.
    ///
    /// A record for review is replaced by each later delivery of the payment that is to be credited
    /// or reviewed, and a delivery that pays the price is still [`New`](Recorded::New). A record
    /// that is credited is not replaced. A delivery that a person has to look at is also kept as a
    /// [`Review`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`]. After an
    /// error of this or of any other statement, return the error and do not commit.
    pub async fn record_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        reconciliation: &impl Recordable,
    ) -> Result<Recorded, StoreError> {
        let reconciliation = reconciliation.reconciliation();
        let (event, outcome) = (reconciliation.event(), reconciliation.outcome());
        let is_credit = match reconciliation.disposition() {
            Disposition::Credit => true,
            Disposition::Review => false,
            Disposition::Ignore => {
                let is_superseded = *outcome == Outcome::Pending
                    && read_record::<D>(transaction, event.key())
                        .await?
                        .is_some_and(|record| record.credited);
                return Ok(Recorded::ignored(outcome, is_superseded));
            }
        };
        if let (Some(count), Some(transfer)) =
            (D::STATEMENTS.record_transfer_count, counted_transfer(event))
        {
            let count = Statement::about(event.key(), count).bind(Some(transfer));
            run::<D>(transaction, count).await?;
        }
        let write = Statement::about(event.key(), D::STATEMENTS.record_write)
            .bind(is_credit)
            .bind(event.digest().as_str())
            .bind(event.payload_json())
            .bind(self.clock.seconds())
            .bind(counted_transfer(event));
        let written = rows::<D>(transaction, write).await?;
        let recorded = match written.first() {
            Some(row) => Recorded::written(outcome, row.optional_text("duplicate_of")?),
            None => {
                // There is a record that is credited.
                let record = read_record::<D>(transaction, event.key()).await?;
                let record = record.ok_or_else(|| StoreError::hidden_row("record", event.key()))?;
                Recorded::kept(&record.digest, event.digest())
            }
        };
        let review = Review::of(event, outcome, &recorded, self.clock.seconds());
        if let Some(review) = review {
            self.write_review(transaction, &review).await?;
        }
        Ok(recorded)
    }

    /// Changes the record of a payment from for review to credited, within a transaction.
    ///
    /// Call it if a person has looked at a [review](Self::reviews) and decided to credit the
    /// payment. **Credit the order, and commit, only if it returns [`Marked::Credited`].** A later
    /// delivery of the payment is then a [`Duplicate`](Recorded::Duplicate), or a
    /// [`Conflict`](Recorded::Conflict) if a field that must not change is different. Another
    /// payment with the same transfer on the chain is a
    /// [`PossibleDuplicate`](Recorded::PossibleDuplicate). The record becomes that of the delivery
    /// that the person has looked at, also if another one was recorded since.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`].
    pub async fn mark_credited_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        review: &Review,
    ) -> Result<Marked, StoreError> {
        if matches!(review.reason, ReviewReason::Conflict { .. }) {
            return Ok(Marked::NotForReview);
        }
        let key = &review.key;
        let record = read_record::<D>(transaction, key).await?;
        if record.is_none_or(|record| record.credited) {
            return Ok(Marked::NotForReview);
        }
        let other = Statement::about(key, D::STATEMENTS.reviews_other)
            .bind(review.reason.code())
            .bind(review.digest.as_str())
            .bind(&*review.amount);
        if !rows::<D>(transaction, other).await?.is_empty() {
            return Ok(Marked::OtherReview);
        }
        let transfer = review.transfer.as_ref().map(bytes);
        if transfer.is_some() {
            let about = |statement| Statement::about(key, statement).bind(transfer);
            let count = about(D::STATEMENTS.record_credit_transfer);
            let counted = rows::<D>(transaction, count).await?;
            let counted = counted.first().map(|row| row.text("id")).transpose()?;
            if let Some(of) = counted.filter(|of| of != key.id()) {
                if !review.names_other(&of) {
                    return Ok(Marked::PossibleDuplicate { of });
                }
                run::<D>(transaction, about(D::STATEMENTS.transfer_move)).await?;
            }
        }
        let credit = Statement::about(key, D::STATEMENTS.record_credit)
            .bind(review.digest.as_str())
            .bind(&*review.payload)
            .bind(self.clock.seconds());
        Ok(match run::<D>(transaction, credit).await? {
            0 => Marked::NotForReview,
            _ => Marked::Credited,
        })
    }

    /// Records an old payment as credited, within a transaction, so that a postback of it is a
    /// [`Duplicate`](Recorded::Duplicate).
    ///
    /// Call it for each payment that your application credited before it used this store, before
    /// the first postback is received: **a callback of CryptAPI verifies forever, and would be
    /// credited again.** [`import_effect`](crate::EffectStore::import_effect) does the same for
    /// effects.
    ///
    /// Returns false and changes nothing if there is a record of the payment already.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn import_credited_in(
        &self,
        transaction: &mut Transaction<'_, D>,
        key: &EventKey,
    ) -> Result<bool, StoreError> {
        let unknown = FieldDigests::unknown();
        let import = Statement::about(key, D::STATEMENTS.record_import)
            .bind(unknown.as_str())
            .bind(self.clock.seconds());
        Ok(run::<D>(transaction, import).await? == 1)
    }

    /// Returns the record of a payment, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`].
    pub async fn stored(&self, event: &EventRecord) -> Result<Option<Stored>, StoreError> {
        let key = event.key();
        let read = Statement::about(key, D::STATEMENTS.record_read);
        let rows = self.rows(read).await?;
        rows.first().map(|row| record(key, row)).transpose()
    }
}

async fn read_record<D: SqlDatabase>(
    connection: &mut D::Connection,
    key: &EventKey,
) -> Result<Option<Stored>, StoreError> {
    let read = Statement::about(key, D::STATEMENTS.record_read);
    let rows = rows::<D>(connection, read).await?;
    rows.first().map(|row| record(key, row)).transpose()
}

fn record(key: &EventKey, row: &impl Columns) -> Result<Stored, StoreError> {
    Ok(Stored {
        credited: row.boolean("credited")?,
        digest: digest(key, &row.text("digest")?)?,
        payload: row.optional_text("payload")?,
        recorded_at: row.integer("recorded_at")?,
    })
}

/// Returns the transfer of a payment, if it counts.
pub(super) fn counted_transfer(event: &EventRecord) -> Option<&[u8]> {
    event.counted_transfer().map(bytes)
}

pub(super) fn bytes(digest: &Digest) -> &[u8] {
    digest.as_bytes()
}

pub(super) fn digest(key: &EventKey, stored: &str) -> Result<FieldDigests, StoreError> {
    FieldDigests::from_stored(stored).ok_or_else(|| StoreError::unreadable_digest(key))
}
