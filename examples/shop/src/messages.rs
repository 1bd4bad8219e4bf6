use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postback_store::{
    DEFAULT_LEASE, EffectFilter, EffectOutcome, EffectStore, Lease, PendingEffect,
    resume_effect_with_lease, sqlite::SqliteStore,
};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    sync::Notify,
    time::timeout,
};

use crate::{
    config::PROJECTS,
    orders::{MAIL, Orders, OrdersError, Payment, STOCK},
};

/// Messages in the folder from which the mail system takes them: a receipt for each payment that is
/// counted, and an order to the warehouse when its price is paid.
///
/// The folder is outside the database. Each message is an effect, which the transaction that counts
/// the payment enqueues. [`finish`](Self::finish) writes it under a lease, also after a crash.
#[derive(Clone, Debug)]
pub struct Messages {
    orders: Orders,
    folder: Arc<Path>,
    enqueued: Arc<Notify>,
}

impl Messages {
    /// Returns the messages of a shop, which go to an existing folder.
    #[must_use]
    pub fn new(orders: Orders, folder: impl Into<PathBuf>) -> Self {
        Self {
            orders,
            folder: folder.into().into(),
            enqueued: Arc::default(),
        }
    }

    /// Ends [`wait`](Self::wait).
    pub(crate) fn wake(&self) {
        self.enqueued.notify_one();
    }

    /// Waits until a message is enqueued, for at most this time.
    pub(crate) async fn wait(&self, longest: Duration) {
        let _ = timeout(longest, self.enqueued.notified()).await;
    }

    /// Writes each message that is due, and returns the number of those that were written.
    ///
    /// # Errors
    ///
    /// [`OrdersError`] if the store fails. The log names messages that cannot be written.
    pub async fn finish(&self) -> Result<usize, OrdersError> {
        let mut written: usize = 0;
        for project in PROJECTS {
            for effect in [MAIL, STOCK] {
                let mut due = EffectFilter::of_project(project).effect(effect);
                loop {
                    let page = self.orders.store().pending_effects(&due).await?;
                    let Some(last) = page.last() else { break };
                    due = due.after(last);
                    for effect in &page {
                        written = written.saturating_add(self.run(effect).await?.into());
                    }
                }
            }
        }
        Ok(written)
    }

    /// Writes a message that is due. Returns false if it was not written, and logs why.
    async fn run(&self, effect: &PendingEffect) -> Result<bool, OrdersError> {
        let (id, name) = (effect.id(), effect.name());
        let Some(payment) = self.orders.payment(effect.event_key()).await? else {
            tracing::error!(id, name, "no such payment");
            return Ok(false);
        };
        let write = |lease: Lease<SqliteStore>| self.write(name, &payment, lease.token());
        let store = self.orders.store();
        match resume_effect_with_lease(store, effect, DEFAULT_LEASE, write).await {
            Ok(EffectOutcome::Ran(()) | EffectOutcome::CompletedLate(())) => return Ok(true),
            Ok(other) => tracing::warn!(id, name, "no message: {other}"),
            // Leased by another process, or failed again: the next sweep retries.
            Err(error) => tracing::warn!(id, name, "no message: {error}"),
        }
        Ok(false)
    }

    /// Writes a message under the number of its payment, so that a message that is written twice is
    /// sent once. The token of the lease is in the name until the file is complete, so that a
    /// process whose lease ended does not write into the file of its successor.
    async fn write(&self, effect: &str, payment: &Payment, token: u64) -> io::Result<()> {
        let Payment {
            number,
            order,
            amount,
            coin,
            ..
        } = payment;
        let message = match effect {
            STOCK => format!("Subject: Send order {order}\r\n\r\nIt is paid in full.\r\n"),
            _ => format!(
                "Subject: Your payment for order {order}\r\n\r\nWe received {amount} {coin}.\r\n"
            ),
        };
        let complete = format!("{number}.{effect}.eml");
        let partial = format!("{number}.{effect}.{token}.part");
        let mut file = File::create(self.folder.join(&partial)).await?;
        file.write_all(message.as_bytes()).await?;
        // Synced, because the record that it was written is synced too.
        file.sync_all().await?;
        fs::rename(self.folder.join(partial), self.folder.join(complete)).await?;
        File::open(&self.folder).await?.sync_all().await
    }
}
