use std::path::Path;

use axum::http::StatusCode;
use bigdecimal::BigDecimal;
use postback_core::{
    Amount, Retry,
    cryptapi::{CallbackUrl, CallbackUrlError, Expected},
    reconcile::{Assurance, Outcome, Price, Reconciliation},
};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

/// The shop's orders, beside the records of the store.
#[derive(Clone, Debug)]
pub struct Orders {
    store: SqliteStore,
}

/// An order, as it is stored.
pub(crate) struct Order {
    pub(crate) number: i64,
    pub(crate) price: Price,
    /// CryptAPI's: none before the shop has asked for an address.
    address: Option<Address>,
    pub(crate) settled: bool,
}

/// A payment that was counted.
pub(crate) struct Payment {
    pub(crate) number: i64,
    pub(crate) order: i64,
    pub(crate) amount: String,
    pub(crate) coin: String,
}

/// Where an order is paid to.
struct Address {
    callback_url: String,
    address_in: String,
    payout_address: String,
}

/// Why orders cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrdersError {
    /// A callback URL cannot be made or loaded: it does not begin with the configured origin, for example.
    #[error("a callback URL cannot be made or loaded")]
    CallbackUrl(#[from] CallbackUrlError),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database holds what this shop did not write.
    #[error("an order is unreadable")]
    Unreadable,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        number INTEGER PRIMARY KEY,
        -- Exact decimals are texts.
        price TEXT NOT NULL,
        coin TEXT NOT NULL,
        invoice_id TEXT UNIQUE,
        callback_url TEXT UNIQUE,
        payout_address TEXT,
        address_in TEXT,
        settled INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS payments (
        number INTEGER PRIMARY KEY,
        order_number INTEGER NOT NULL REFERENCES orders (number),
        amount TEXT NOT NULL,
        -- What the gateway knows it by.
        namespace TEXT NOT NULL,
        id TEXT NOT NULL,
        UNIQUE (namespace, id)
    ) STRICT;";

impl Orders {
    /// Opens the shop's file, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = SqliteStore::open(file).await?;
        sqlx::raw_sql(SCHEMA).execute(store.pool()).await?;
        Ok(Self { store })
    }

    pub(crate) const fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// An order that is paid by an invoice of CryptoCloud's or Trybit's.
    pub(crate) async fn by_invoice(
        &self,
        price: &Price,
        invoice_id: &str,
    ) -> Result<i64, OrdersError> {
        let insert = "INSERT INTO orders (price, coin, invoice_id) VALUES (?1, ?2, ?3)";
        let order = sqlx::query(insert)
            .bind(price.amount().as_received())
            .bind(price.currency())
            .bind(invoice_id)
            .execute(self.store.pool())
            .await?;
        Ok(order.last_insert_rowid())
    }

    /// An order that is paid to an address of CryptAPI's, whose callback URL names it.
    pub(crate) async fn by_address(
        &self,
        price: &Price,
        payout_address: &str,
        callback_url: impl FnOnce(i64) -> Result<CallbackUrl, CallbackUrlError>,
    ) -> Result<(i64, String), OrdersError> {
        let mut transaction = self.store.begin().await?;
        let insert = "INSERT INTO orders (price, coin, payout_address) VALUES (?1, ?2, ?3)";
        let order = sqlx::query(insert)
            .bind(price.amount().as_received())
            .bind(price.currency())
            .bind(payout_address)
            .execute(&mut *transaction)
            .await?;
        let number = order.last_insert_rowid();
        let url = callback_url(number)?.as_str().to_owned();
        sqlx::query("UPDATE orders SET callback_url = ?2 WHERE number = ?1")
            .bind(number)
            .bind(&url)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok((number, url))
    }

    /// Stores the address that the provider made for an order. Returns whether there is such an order without one.
    pub(crate) async fn set_address(
        &self,
        number: i64,
        address_in: &str,
    ) -> Result<bool, OrdersError> {
        let update = "UPDATE orders SET address_in = ?2
                      WHERE number = ?1 AND callback_url IS NOT NULL AND address_in IS NULL";
        let updated = sqlx::query(update)
            .bind(number)
            .bind(address_in)
            .execute(self.store.pool())
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// By its own number.
    pub(crate) async fn numbered(&self, number: i64) -> Result<Option<Order>, OrdersError> {
        let query = sqlx::query("SELECT * FROM orders WHERE number = ?1").bind(number);
        let row = query.fetch_optional(self.store.pool()).await?;
        row.as_ref().map(Order::read).transpose()
    }

    /// By the signed id of its invoice.
    pub(crate) async fn invoiced(&self, invoice_id: &str) -> Result<Option<Order>, OrdersError> {
        let query = sqlx::query("SELECT * FROM orders WHERE invoice_id = ?1").bind(invoice_id);
        let row = query.fetch_optional(self.store.pool()).await?;
        row.as_ref().map(Order::read).transpose()
    }

    /// What was paid for an order so far.
    pub(crate) async fn paid(&self, number: i64) -> Result<BigDecimal, OrdersError> {
        let mut transaction = self.store.begin().await?;
        sum(&mut transaction, number).await
    }

    /// A payment that was counted, by what the gateway knows it by.
    pub(crate) async fn payment(
        &self,
        namespace: &str,
        id: &str,
    ) -> Result<Option<Payment>, OrdersError> {
        let query = "SELECT payments.number, order_number, amount, coin
                     FROM payments JOIN orders ON orders.number = order_number
                     WHERE namespace = ?1 AND id = ?2";
        let row = sqlx::query_as(query)
            .bind(namespace)
            .bind(id)
            .fetch_optional(self.store.pool())
            .await?;
        Ok(row.map(|(number, order, amount, coin)| Payment {
            number,
            order,
            amount,
            coin,
        }))
    }

    /// Records a payment, counts what it pays, and enqueues its receipt, in one transaction: the database keeps all of
    /// it, or nothing.
    pub(crate) async fn credit(
        &self,
        order: &Order,
        payment: &Reconciliation,
    ) -> Result<Recorded, OrdersError> {
        let mut transaction = self.store.begin().await?;
        let recorded = self.store.record_in(&mut transaction, payment).await?;
        // Part of a price counts too: several payments may make it up.
        let counted = match (&recorded, payment.outcome()) {
            (Recorded::New, Outcome::Paid(amount) | Outcome::Overpaid(amount))
            | (Recorded::Review(_), Outcome::Underpaid(amount)) => Some(amount),
            _ => None,
        };
        if let Some(amount) = counted {
            // The same payment may be announced again with another amount: the latest counts.
            let insert = "INSERT INTO payments (order_number, amount, namespace, id)
                          VALUES (?1, ?2, ?3, ?4)
                          ON CONFLICT (namespace, id) DO UPDATE SET amount = excluded.amount";
            sqlx::query(insert)
                .bind(order.number)
                .bind(amount.as_received())
                .bind(payment.event().namespace())
                .bind(payment.event().id())
                .execute(&mut *transaction)
                .await?;
            match recorded {
                Recorded::New => {
                    let enqueue = self.store.enqueue_effect_in(&mut transaction, payment);
                    enqueue.await?;
                }
                _ => {
                    let enqueue = self
                        .store
                        .enqueue_effect_of_review_in(&mut transaction, payment);
                    enqueue.await?;
                }
            }
            let total = amount_of(&sum(&mut transaction, order.number).await?)?;
            let total = order.price.reconcile_total(&total, payment.assurance());
            if total.is_paid() {
                sqlx::query("UPDATE orders SET settled = 1 WHERE number = ?1")
                    .bind(order.number)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        self.store.commit(transaction).await?;
        Ok(recorded)
    }
}

impl Order {
    /// What a callback must be to be this order's; none before there is an address to pay to.
    pub(crate) fn expected(
        &self,
        load: impl FnOnce(&str) -> Result<CallbackUrl, CallbackUrlError>,
        by: fn(CallbackUrl) -> Expected,
    ) -> Result<Option<Expected>, OrdersError> {
        let Some(address) = &self.address else {
            return Ok(None);
        };
        let expected = by(load(&address.callback_url)?)
            .address_in(&address.address_in)
            .coin(self.price.currency());
        Ok(Some(expected.payout_addresses([&address.payout_address])))
    }

    fn read(row: &SqliteRow) -> Result<Self, OrdersError> {
        let price: Amount = text(row, "price")?
            .parse()
            .map_err(|_| OrdersError::Unreadable)?;
        let coin = text(row, "coin")?;
        let optional = |column| -> Result<Option<String>, sqlx::Error> { row.try_get(column) };
        let of_cryptapi = optional("callback_url")?;
        let assurance = match &of_cryptapi {
            Some(_) => Assurance::Confirmed,
            // All that CryptoCloud has to offer: read a larger invoice back over its API.
            None => Assurance::Unsigned,
        };
        let price = Price::new(price, coin).map_err(|_| OrdersError::Unreadable)?;
        let address = of_cryptapi.zip(optional("address_in")?);
        let address = address.zip(optional("payout_address")?);
        Ok(Self {
            number: row.try_get("number")?,
            price: price.with_assurance(assurance),
            address: address.map(|((callback_url, address_in), payout_address)| Address {
                callback_url,
                address_in,
                payout_address,
            }),
            settled: row.try_get("settled")?,
        })
    }
}

fn text(row: &SqliteRow, column: &str) -> Result<String, sqlx::Error> {
    row.try_get(column)
}

async fn sum(
    transaction: &mut Transaction<'_, Sqlite>,
    number: i64,
) -> Result<BigDecimal, OrdersError> {
    let query = sqlx::query_scalar("SELECT amount FROM payments WHERE order_number = ?1");
    let amounts: Vec<String> = query.bind(number).fetch_all(&mut **transaction).await?;
    let exact = |text: &String| text.parse().map(|amount: Amount| amount.to_big_decimal());
    let amounts: Result<Vec<BigDecimal>, _> = amounts.iter().map(exact).collect();
    Ok(amounts.map_err(|_| OrdersError::Unreadable)?.iter().sum())
}

fn amount_of(sum: &BigDecimal) -> Result<Amount, OrdersError> {
    let plain = sum.normalized().to_plain_string();
    plain.parse().map_err(|_| OrdersError::Unreadable)
}

impl From<sqlx::Error> for OrdersError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The provider sends again, whatever the reason; the log has the reason.
impl From<OrdersError> for Retry {
    fn from(error: OrdersError) -> Self {
        match error {
            OrdersError::CallbackUrl(_) | OrdersError::Unreadable => Self::misconfigured(error),
            OrdersError::Store(error) => error.into(),
        }
    }
}

/// The shop's own people are told that it failed, and not how.
impl From<OrdersError> for StatusCode {
    fn from(error: OrdersError) -> Self {
        tracing::error!("{error:?}");
        Self::INTERNAL_SERVER_ERROR
    }
}
