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

/// Receipts: each payment that was counted is owed one, in the folder that the mail system takes
/// messages from.
///
/// That is outside the database. The transaction that counts a payment enqueues its receipt, and
/// [`keep_mailing`](Self::keep_mailing) writes it under a lease, also after a crash.
#[derive(Clone, Debug)]
pub struct Receipts {
    orders: Orders,
    folder: Arc<Path>,
    owed: Arc<Notify>,
}

/// How long a receipt that could not be mailed waits for the next attempt.
const PAUSE: Duration = Duration::from_secs(10);

impl Receipts {
    /// They go to a folder, which is there.
    #[must_use]
    pub fn new(orders: Orders, folder: impl Into<PathBuf>) -> Self {
        Self {
            orders,
            folder: folder.into().into(),
            owed: Arc::default(),
        }
    }

    /// Has [`keep_mailing`](Self::keep_mailing) look again at once.
    pub(crate) fn wake(&self) {
        self.owed.notify_one();
    }

    /// Mails what is owed, as long as it is polled: at the start what the last process left over,
    /// then after each credit, and every ten seconds what failed.
    pub async fn keep_mailing(self) {
        loop {
            if let Err(error) = self.finish().await {
                tracing::error!("{error:?}");
            }
            let _ = timeout(PAUSE, self.owed.notified()).await;
        }
    }

    /// Mails what is owed. Returns how many receipts were mailed.
    ///
    /// # Errors
    ///
    /// [`OrdersError`] if the store cannot be reached; the log names what cannot be mailed.
    pub async fn finish(&self) -> Result<usize, OrdersError> {
        let mut mailed = 0;
        for owed in self.orders.store().pending_effects(100).await? {
            let payment = self.orders.payment(owed.namespace(), owed.id()).await?;
            let Some(payment) = payment else {
                tracing::error!("{owed:?}: no such payment");
                continue;
            };
            let write = |lease: Lease<SqliteStore>| self.write(&payment, lease.token());
            match resume_effect_with_lease(self.orders.store(), &owed, DEFAULT_LEASE, write).await {
                Ok(EffectOutcome::Ran(())) => mailed = usize::saturating_add(mailed, 1),
                Ok(other) => tracing::warn!(id = owed.id(), "no receipt: {other}"),
                // Leased by another process, or failed again: the next sweep retries.
                Err(error) => tracing::warn!(id = owed.id(), "no receipt: {error}"),
            }
        }
        Ok(mailed)
    }

    /// Writes a receipt under the payment's number, so that one that is written twice is there
    /// once; and first under the token of its lease, so that a late process does not write into its
    /// successor's file.
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
        let (unfinished, whole) = (format!("{number}.{token}.part"), format!("{number}.eml"));
        let mut file = File::create(self.folder.join(&unfinished)).await?;
        file.write_all(message.as_bytes()).await?;
        // On disk, as the record is that it was mailed.
        file.sync_all().await?;
        fs::rename(self.folder.join(unfinished), self.folder.join(whole)).await?;
        File::open(&self.folder).await?.sync_all().await
    }
}
