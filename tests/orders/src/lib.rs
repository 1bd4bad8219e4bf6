//! Orders and their credits, in one SQLite file: a fixture of the handlers that the documentation
//! prints.

use std::{error::Error, path::Path};

use postback_core::{
    PaymentProvider, Retry, Verified, cryptocloud::bare_invoice_id, reconcile::Price,
};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};

/// The orders of one provider, beside the records of their payments. Keep the orders of another
/// provider in another file, because both may use the same id.
#[derive(Clone, Debug)]
pub struct Orders {
    store: SqliteStore,
}

impl Orders {
    /// Opens a file, and creates it if it is absent.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = SqliteStore::open(file).await?;
        let table = "CREATE TABLE IF NOT EXISTS orders (
            invoice_id TEXT PRIMARY KEY, price TEXT NOT NULL, minimum TEXT NOT NULL, currency TEXT NOT NULL,
            credits INTEGER NOT NULL DEFAULT 0) STRICT";
        sqlx::query(table).execute(store.pool()).await?;
        Ok(Self { store })
    }

    /// Adds an order. `invoice_id` is what the provider's create call returns, `INV-…`. The price
    /// is in a coin or in `USD`. All but its assurance is stored: the figures of these postbacks
    /// are never signed.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn add(&self, invoice_id: &str, price: &Price) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO orders (invoice_id, price, minimum, currency) VALUES (?, ?, ?, ?)",
        )
        .bind(bare_invoice_id(invoice_id))
        .bind(price.amount().as_received())
        .bind(price.minimum().as_received())
        .bind(price.currency())
        .execute(self.store.pool())
        .await?;
        Ok(())
    }

    /// Finds the order, reconciles the payment, records it, and credits the order. Acknowledge the
    /// postback only if this succeeds.
    ///
    /// # Errors
    ///
    /// [`Retry`] if there is no such order, if its price is in a currency that the provider states
    /// no amounts in, or if the store fails.
    pub async fn credit<P: PaymentProvider>(&self, payment: &Verified<P>) -> Result<(), Retry> {
        let id = payment.payment_id();
        let credited = self.try_credit(id, payment).await;
        credited.map_err(|retry| retry.with_id(id))
    }

    async fn try_credit<P: PaymentProvider>(
        &self,
        id: &str,
        payment: &Verified<P>,
    ) -> Result<(), Retry> {
        let price = self
            .price(id)
            .await?
            .ok_or_else(|| Retry::unknown_order(id))?;
        let reconciliation = payment.reconcile(&price)?;
        let mut transaction = self.store.begin().await?;
        match self
            .store
            .record_in(&mut transaction, &reconciliation)
            .await?
        {
            Recorded::New => {
                let credit = "UPDATE orders SET credits = credits + 1 WHERE invoice_id = ?";
                let credited = sqlx::query(credit)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await
                    .map_err(StoreError::from)?;
                if credited.rows_affected() != 1 {
                    // It was deleted meanwhile. Without a commit, nothing is recorded.
                    return Err(Retry::unknown_order(id));
                }
            }
            // The provider sent it again.
            Recorded::Duplicate => {}
            // A person has to look at some of these.
            other => tracing::warn!(invoice_id = id, "not credited: {other}"),
        }
        Ok(self.store.commit(transaction).await?)
    }

    /// Returns how often an order was credited: never or once.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn credits(&self, invoice_id: &str) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar("SELECT credits FROM orders WHERE invoice_id = ?");
        let credits = query.bind(bare_invoice_id(invoice_id));
        let credits = credits.fetch_optional(self.store.pool()).await?;
        Ok(credits.unwrap_or_default())
    }

    async fn price(&self, invoice_id: &str) -> Result<Option<Price>, StoreError> {
        let query = "SELECT price, minimum, currency FROM orders WHERE invoice_id = ?";
        let row: Option<(String, String, String)> = sqlx::query_as(query)
            .bind(invoice_id)
            .fetch_optional(self.store.pool())
            .await?;
        let price = row.map(|(price, minimum, currency)| read(&price, &minimum, &currency));
        price.transpose().map_err(StoreError::Failed)
    }
}

fn read(price: &str, minimum: &str, currency: &str) -> Result<Price, Box<dyn Error + Send + Sync>> {
    Ok(Price::new(price.parse()?, currency)?.with_minimum(minimum.parse()?)?)
}
