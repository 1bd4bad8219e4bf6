use postback_core::event::Digest;
use sqlx::Transaction;

use super::{
    Columns, SqlDatabase, SqlStore, Statement,
    records::{bytes, digest},
    run,
};
use crate::{Review, ReviewFilter, StoreError, key, review::ReviewReason};

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
                .bind(after.digest.as_str())
                .bind(&*after.amount),
            None => {
                let first = open.bind(i64::MIN).bind("").bind("").bind("");
                first.bind("").bind("").bind("")
            }
        };
        let rows = self.rows(open).await?;
        rows.iter().map(read_review).collect()
    }

    /// Resolves a delivery that a person has looked at: it is no longer listed, also if it arrives
    /// again. It is listed again if its outcome or the amount that was paid is another one.
    ///
    /// Returns false and changes nothing if it was resolved before, or has another outcome now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn resolve(&self, review: &Review) -> Result<bool, StoreError> {
        let details = review.reason.details();
        let resolve = Statement::about(&review.key, D::STATEMENTS.review_resolve)
            .bind(review.reason.code())
            .bind(review.digest.as_str())
            .bind(&*review.amount)
            .bind(&*details)
            .bind(self.clock.seconds());
        Ok(self.run(resolve).await? == 1)
    }

    /// Writes a delivery that a person has to look at, in the transaction of its record.
    pub(super) async fn write_review(
        &self,
        transaction: &mut Transaction<'_, D>,
        review: &Review,
    ) -> Result<(), StoreError> {
        let details = review.reason.details();
        let write = Statement::about(&review.key, D::STATEMENTS.review_write)
            .bind(review.reason.code())
            .bind(review.digest.as_str())
            .bind(&*review.amount)
            .bind(&*details)
            .bind(&*review.payload)
            .bind(review.recorded_at)
            .bind(review.transfer.as_ref().map(bytes));
        run::<D>(transaction, write).await.map(drop)
    }
}

fn read_review(row: &impl Columns) -> Result<Review, StoreError> {
    let project = row.text("project")?;
    let key = key::stored(row.text("namespace")?, &project, row.text("id")?);
    let code = row.text("reason")?;
    let reason = ReviewReason::from_stored(&code, row.text("details")?);
    let transfer = row.optional_bytes("transfer")?;
    let transfer = transfer.map(|transfer| {
        let transfer = Digest::from_bytes(&transfer);
        transfer.ok_or_else(|| StoreError::unreadable_digest(&key))
    });
    Ok(Review {
        reason: reason.ok_or_else(|| StoreError::unknown_reason(&code, &key))?,
        digest: digest(&key, &row.text("digest")?)?,
        payload: row.text("payload")?,
        recorded_at: row.integer("recorded_at")?,
        amount: row.text("amount")?,
        transfer: transfer.transpose()?,
        key,
    })
}
