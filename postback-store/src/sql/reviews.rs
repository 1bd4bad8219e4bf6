use postback_core::{Amount, event::EventRecord};
use sqlx::Transaction;

use super::{Columns, SqlDatabase, SqlStore, Statement, records::digest, run};
use crate::{
    Recorded, Review, ReviewFilter, StoreError, key,
    review::{self, ReviewReason},
};

impl<D: SqlDatabase> SqlStore<D> {
    /// Returns the deliveries that a person has to look at and that the filter selects, the oldest
    /// first: those that contradict a credited payment, and those that are recorded for review.
    ///
    /// Call [`mark_credited_in`](Self::mark_credited_in) to credit a payment for review, and
    /// [`resolve`](Self::resolve) if there is nothing to credit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`].
    pub async fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError> {
        let open = Statement::new(D::STATEMENTS.reviews_open)
            .bind(filter.project.as_deref())
            .bind(i64::from(filter.limit));
        let open = match &filter.after {
            Some(after) => open
                .bind(after.recorded_at)
                .bind(after.key.namespace())
                .bind(key::project(&after.key))
                .bind(after.key.id())
                .bind(after.reason.code())
                .bind(after.digest.as_str()),
            None => open
                .bind(i64::MIN)
                .bind("")
                .bind("")
                .bind("")
                .bind("")
                .bind(""),
        };
        let rows = self.rows(open).await?;
        rows.iter().map(read_review).collect()
    }

    /// Resolves a delivery that a person has looked at: it is no longer listed, also if it arrives
    /// again. It is listed again if its outcome changes or more is paid.
    ///
    /// Returns false and changes nothing if it was resolved before.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn resolve(&self, review: &Review) -> Result<bool, StoreError> {
        let resolve = Statement::about(&review.key, D::STATEMENTS.review_resolve)
            .bind(review.reason.code())
            .bind(review.digest.as_str())
            .bind(self.clock.seconds());
        Ok(self.run(resolve).await? == 1)
    }

    /// Writes a delivery in the transaction of its record, if a person has to look at it.
    pub(super) async fn write_review(
        &self,
        transaction: &mut Transaction<'_, D>,
        event: &EventRecord,
        recorded: &Recorded,
    ) -> Result<(), StoreError> {
        let Some(reason) = ReviewReason::of(recorded) else {
            return Ok(());
        };
        let details = reason.details();
        let amount = review::amount(recorded).map(Amount::to_string);
        let write = Statement::about(event.key(), D::STATEMENTS.review_write)
            .bind(reason.code())
            .bind(event.digest().as_str())
            .bind(&*details)
            .bind(amount.as_deref().unwrap_or_default())
            .bind(event.payload_json())
            .bind(self.clock.seconds());
        run::<D>(transaction, write).await.map(drop)
    }
}

fn read_review(row: &impl Columns) -> Result<Review, StoreError> {
    let project = row.text("project")?;
    let key = key::stored(row.text("namespace")?, &project, row.text("id")?);
    let code = row.text("reason")?;
    let reason = ReviewReason::from_stored(&code, row.text("details")?);
    Ok(Review {
        reason: reason.ok_or_else(|| StoreError::unknown_reason(&code, &key))?,
        digest: digest(&key, &row.text("digest")?)?,
        payload: row.text("payload")?,
        recorded_at: row.integer("recorded_at")?,
        key,
    })
}
