use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postback_core::{Rejection, claim::Claim};
use postback_store::{
    LEASE, Lease, LeaseStore, Once, OnceError, once_leased, resume_leased, sqlite::SqliteStore,
};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    time::sleep,
};

use crate::orders::{Orders, OrdersError, Payment};

/// Receipts: each payment that was counted is owed one, in the folder that the mail system takes messages from.
///
/// That is outside the database. The transaction that counts a payment records that its receipt is owed; `once` writes
/// it, and [`finish`](Self::finish) writes what is still owed after a crash.
#[derive(Clone, Debug)]
pub struct Receipts {
    orders: Orders,
    folder: Arc<Path>,
}

/// How often it is looked whether receipts are owed.
const PAUSE: Duration = Duration::from_secs(10);

impl Receipts {
    /// They go to a folder, which is there.
    #[must_use]
    pub fn new(orders: Orders, folder: impl Into<PathBuf>) -> Self {
        Self {
            orders,
            folder: folder.into().into(),
        }
    }

    /// Mails the receipt of an event that was counted, unless it was mailed.
    pub(crate) async fn mail(&self, claim: Claim) -> Result<(), Rejection> {
        let Some(payment) = self.orders.payment(claim.namespace(), claim.id()).await? else {
            return Ok(());
        };
        let id = claim.id().to_owned();
        let write = |lease: Lease<SqliteStore>| self.write(&payment, lease.token());
        match once_leased(self.orders.store(), claim, LEASE, write).await {
            Ok(_) => Ok(()),
            // It is owed: `finish` tries again, and the gateway need not.
            Err(OnceError::Effect(error)) => {
                eprintln!("{id}: no receipt: {error}");
                Ok(())
            }
            Err(error) => {
                eprintln!("{id}: {error:?}");
                Err(error.into())
            }
        }
    }

    /// Mails what is owed, now and for ever: at the start, what the last process left over.
    pub async fn keep_mailing(self) {
        loop {
            if let Err(error) = self.finish().await {
                eprintln!("{error:?}");
            }
            sleep(PAUSE).await;
        }
    }

    /// Mails what is owed; returns how much was.
    ///
    /// # Errors
    ///
    /// [`OrdersError`] if the store cannot be asked; what cannot be mailed is told on standard error.
    pub async fn finish(&self) -> Result<usize, OrdersError> {
        let mut mailed = 0;
        for owed in self.orders.store().unfinished(100).await? {
            let payment = self.orders.payment(owed.namespace(), owed.id()).await?;
            let Some(payment) = payment else {
                eprintln!("{owed:?}: no such payment");
                continue;
            };
            let write = |lease: Lease<SqliteStore>| self.write(&payment, lease.token());
            match resume_leased(self.orders.store(), &owed, LEASE, write).await {
                Ok(Once::Ran(())) => mailed = usize::saturating_add(mailed, 1),
                // Another process is at it, or was when it died; or the next look has more luck.
                other => eprintln!("{}: {other:?}", owed.id()),
            }
        }
        Ok(mailed)
    }

    /// Under the payment's number, so that one that is written twice is there once; and first under the token of its
    /// lease, so that who comes too late does not write into his successor's.
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
