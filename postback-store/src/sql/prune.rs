use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{SqlDatabase, SqlStore, Statement};
use crate::StoreError;

impl<D: SqlDatabase> SqlStore<D> {
    /// Drops the payloads of payments that were recorded before a Unix time in seconds, and returns
    /// how many were dropped.
    ///
    /// Payloads of what a person has to look at are kept, and so are those of effects that are not
    /// done. Keys and digests are kept forever, because without them an old postback would be new.
    ///
    /// Payloads are dropped in batches of at most 1,000 rows that aim at 50 milliseconds, with a
    /// pause after each, so that payments are recorded in between. If it fails or is dropped, the
    /// batches before stay pruned.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    pub async fn prune(&self, before: i64) -> Result<u64, StoreError> {
        let mut pruned: u64 = 0;
        for (statement, before) in [
            (D::STATEMENTS.records_prune, before),
            (D::STATEMENTS.reviews_prune, before),
            (D::STATEMENTS.effects_prune, before.saturating_mul(1_000)),
        ] {
            let mut size = FIRST_BATCH;
            loop {
                let begun = Instant::now();
                let batch = Statement::new(statement).bind(before).bind(size);
                let changed = self.run(batch).await?;
                pruned = pruned.saturating_add(changed);
                // Payments that are recorded meanwhile must not keep it from ending.
                if changed < size.unsigned_abs() {
                    break;
                }
                let took = begun.elapsed();
                size = next_batch(size, took);
                sleep(took.min(LONGEST_PAUSE)).await;
            }
        }
        Ok(pruned)
    }
}

const FIRST_BATCH: i64 = 100;
const LARGEST_BATCH: i64 = 1_000;
const LONGEST_BATCH: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Returns the number of rows of the next batch.
fn next_batch(size: i64, took: Duration) -> i64 {
    let size = match took.saturating_mul(2) {
        twice if twice < LONGEST_BATCH => size.saturating_mul(2),
        _ if took > LONGEST_BATCH => size.div_euclid(2),
        _ => size,
    };
    size.clamp(1, LARGEST_BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_grows_while_fast_and_shrinks_when_slow() {
        for (size, milliseconds, expected) in [
            (100, 10, 200),
            (800, 10, 1_000),
            (100, 30, 100),
            (100, 60, 50),
            (1, 60, 1),
        ] {
            let next = next_batch(size, Duration::from_millis(milliseconds));
            assert_eq!(next, expected, "{size} in {milliseconds} ms");
        }
    }
}
