use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postback_store::{
    DEFAULT_LEASE, EffectOutcome, EffectStore, Lease, resume_effect_with_lease, sqlite::SqliteStore,
};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    sync::Notify,
    time::timeout,
};

use crate::orders::{Orders, OrdersError, Payment};

/// Receipts of payments, one for each payment that is counted, in the folder from which the mail
/// system takes messages.
///
/// The folder is outside the database. The transaction that counts a payment enqueues its receipt,
/// and [`keep_mailing`](Self::keep_mailing) writes it under a lease, also after a crash.
#[derive(Clone, Debug)]
pub struct Receipts {
    orders: Orders,
    folder: Arc<Path>,
    enqueued: Arc<Notify>,
}

/// Time between two attempts to mail a receipt.
const PAUSE: Duration = Duration::from_secs(10);

impl Receipts {
    /// Returns the receipts of a shop, which go to an existing folder.
    #[must_use]
    pub fn new(orders: Orders, folder: impl Into<PathBuf>) -> Self {
        Self {
            orders,
            folder: folder.into().into(),
            enqueued: Arc::default(),
        }
    }

    /// Wakes [`keep_mailing`](Self::keep_mailing).
    pub(crate) fn wake(&self) {
        self.enqueued.notify_one();
    }

    /// Mails receipts as long as it is polled: at the start those that the last process left, then
    /// after each credit, and every ten seconds those that failed.
    pub async fn keep_mailing(self) {
        loop {
            if let Err(error) = self.finish().await {
                tracing::error!("{error:?}");
            }
            let _ = timeout(PAUSE, self.enqueued.notified()).await;
        }
    }

    /// Mails each receipt that is due, and returns the number of those that were mailed.
    ///
    /// # Errors
    ///
    /// [`OrdersError`] if the store fails. The log names receipts that cannot be mailed.
    pub async fn finish(&self) -> Result<usize, OrdersError> {
        let mut mailed = 0;
        for effect in self.orders.store().pending_effects(100).await? {
            let (namespace, project) = (effect.namespace(), effect.project());
            let payment = self.orders.payment(namespace, project, effect.id());
            let Some(payment) = payment.await? else {
                tracing::error!("{effect:?}: no such payment");
                continue;
            };
            let write = |lease: Lease<SqliteStore>| self.write(&payment, lease.token());
            match resume_effect_with_lease(self.orders.store(), &effect, DEFAULT_LEASE, write).await
            {
                Ok(EffectOutcome::Ran(())) => mailed = usize::saturating_add(mailed, 1),
                Ok(other) => tracing::warn!(id = effect.id(), "no receipt: {other}"),
                // Leased by another process, or failed again: the next sweep retries.
                Err(error) => tracing::warn!(id = effect.id(), "no receipt: {error}"),
            }
        }
        Ok(mailed)
    }

    /// Writes a receipt under the number of its payment, so that a receipt that is written twice is
    /// mailed once. The token of the lease is in the name until the file is complete, so that a
    /// process whose lease ended does not write into the file of its successor.
    async fn write(&self, payment: &Payment, token: u64) -> io::Result<()> {
        let Payment {
            number,
            order,
            amount,
            coin,
        } = payment;
        let message = format!(
            "Subject: Your payment for order {order}\r\n\r\nWe received {amount} {coin}.\r\n"
        );
        let (partial, complete) = (format!("{number}.{token}.part"), format!("{number}.eml"));
        let mut file = File::create(self.folder.join(&partial)).await?;
        file.write_all(message.as_bytes()).await?;
        // Synced, because the record that it was mailed is synced too.
        file.sync_all().await?;
        fs::rename(self.folder.join(partial), self.folder.join(complete)).await?;
        File::open(&self.folder).await?.sync_all().await
    }
}
