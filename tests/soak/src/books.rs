use std::{error::Error, fs, time::Duration};

use postback_store::{EffectFilter, EffectStore, ReviewFilter, sqlite::SqliteStore};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    findings::Findings,
    shop::{DATABASE, MAIL},
};

/// Checks that each effect of the shop is done, with one message, and that its reviews are those
/// of the conflicting deliveries.
pub(crate) async fn check(
    folder: &TempDir,
    orders: usize,
    conflicts: u64,
    findings: &Findings,
) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(folder.path().join(DATABASE)).await?;
    let effects = EffectFilter::of_all_projects().with_held();
    for _ in 0..60 {
        if store.pending_effects(&effects).await?.is_empty() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let pending = store.pending_effects(&effects).await?.len();
    findings.check(pending == 0, || {
        format!("shop: {pending} effects are not done")
    });
    let messages = fs::read_dir(folder.path().join(MAIL))?.count();
    // A receipt and an order to the warehouse.
    findings.check(messages == orders.saturating_mul(2), || {
        format!("shop: {messages} messages about {orders} orders")
    });
    let reviews = ReviewFilter::of_all_projects().limit(100_000);
    let reviews = store.reviews(&reviews).await?.len();
    findings.check(u64::try_from(reviews)? == conflicts, || {
        format!("shop: {reviews} reviews of {conflicts} conflicting deliveries")
    });
    Ok(())
}
