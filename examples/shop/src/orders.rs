use std::path::Path;

use axum::http::StatusCode;
use bigdecimal::BigDecimal;
use postback_core::{
    Amount, Retry,
    cryptapi::{CallbackUrl, CallbackUrlError, Expected},
    event::EventKey,
    reconcile::{Assurance, Outcome, Price, Reconciliation},
};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

/// The shop's orders, beside the records of the store.
#[derive(Clone, Debug)]
pub struct Orders {
    store: SqliteStore,
}

/// A stored order.
pub(crate) struct Order {
    pub(crate) number: i64,
    pub(crate) price: Price,
    /// Address of CryptAPI; `None` until the shop has asked the provider for it.
    address: Option<Address>,
    pub(crate) paid_in_full: bool,
}

/// A counted payment.
pub(crate) struct Payment {
    pub(crate) number: i64,
    pub(crate) order: i64,
    pub(crate) amount: String,
    pub(crate) coin: String,
    /// The order is paid in full, and this amount was counted when it was.
    pub(crate) is_part_of_price: bool,
}

/// Effect of each payment that is counted: the customer gets a receipt.
pub(crate) const MAIL: &str = "mail";

/// Effect of the payment that pays an order in full: the warehouse gets the order.
pub(crate) const STOCK: &str = "stock";

/// Address to which an order is paid.
struct Address {
    callback_url: String,
    address_in: String,
    payout_address: String,
}

/// Error returned when orders cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrdersError {
    /// A callback URL cannot be made or loaded: it does not begin with the configured origin, for
    /// example.
    #[error("a callback URL cannot be made or loaded")]
    CallbackUrl(#[from] CallbackUrlError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An order or a payment is not as this shop writes it.
    #[error("the database holds an invalid order or payment")]
    Unreadable,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        number INTEGER PRIMARY KEY,
        -- Exact decimals are texts.
        price TEXT NOT NULL,
        coin TEXT NOT NULL,
        -- Provider of the invoice: two of them may use the same id.
        provider TEXT,
        invoice_id TEXT,
        callback_url TEXT UNIQUE,
        payout_address TEXT,
        address_in TEXT,
        paid_in_full INTEGER NOT NULL DEFAULT 0,
        UNIQUE (provider, invoice_id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS payments (
        number INTEGER PRIMARY KEY,
        order_number INTEGER NOT NULL REFERENCES orders (number),
        amount TEXT NOT NULL,
        -- Whether the order was paid in full before this amount was counted.
        is_extra INTEGER NOT NULL,
        -- The key of the payment event. The project is empty if it has no name.
        namespace TEXT NOT NULL,
        project TEXT NOT NULL,
        id TEXT NOT NULL,
        UNIQUE (namespace, project, id)
    ) STRICT;";

impl Orders {
    /// Opens the shop's file, or creates it.
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

    /// Adds an order that is paid by an invoice of CryptoCloud or Trybit, and returns its number.
    pub(crate) async fn add_by_invoice(
        &self,
        price: &Price,
        provider: &str,
        invoice_id: &str,
    ) -> Result<i64, OrdersError> {
        let insert = "INSERT INTO orders (price, coin, provider, invoice_id)
                      VALUES (?1, ?2, ?3, ?4)";
        let order = sqlx::query(insert)
            .bind(price.amount().as_received())
            .bind(price.currency())
            .bind(provider)
            .bind(invoice_id)
            .execute(self.store.pool())
            .await?;
        Ok(order.last_insert_rowid())
    }

    /// Adds an order that is paid to an address of CryptAPI, and returns its number and the
    /// callback URL, which names the order.
    pub(crate) async fn add_by_address(
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

    /// Stores the address that the provider returned for an order. Returns `false` if there is no
    /// such order without an address.
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

    /// Finds an order by its number.
    pub(crate) async fn find(&self, number: i64) -> Result<Option<Order>, OrdersError> {
        let query = sqlx::query("SELECT * FROM orders WHERE number = ?1").bind(number);
        let row = query.fetch_optional(self.store.pool()).await?;
        row.as_ref().map(Order::read).transpose()
    }

    /// Finds an order by the provider and the id of its invoice.
    pub(crate) async fn find_by_invoice(
        &self,
        provider: &str,
        invoice_id: &str,
    ) -> Result<Option<Order>, OrdersError> {
        let query = "SELECT * FROM orders WHERE provider = ?1 AND invoice_id = ?2";
        let query = sqlx::query(query).bind(provider).bind(invoice_id);
        let row = query.fetch_optional(self.store.pool()).await?;
        row.as_ref().map(Order::read).transpose()
    }

    /// Returns the sum of the payments for an order.
    pub(crate) async fn paid(&self, number: i64) -> Result<BigDecimal, OrdersError> {
        let mut transaction = self.store.begin().await?;
        sum(&mut transaction, number).await
    }

    /// Finds a counted payment by the key of its event.
    pub(crate) async fn payment(&self, key: &EventKey) -> Result<Option<Payment>, OrdersError> {
        let query = "SELECT payments.number, order_number, amount, coin,
                         paid_in_full AND NOT is_extra
                     FROM payments JOIN orders ON orders.number = order_number
                     WHERE namespace = ?1 AND project = ?2 AND id = ?3";
        let row = sqlx::query_as(query)
            .bind(key.namespace())
            .bind(key.project().unwrap_or_default())
            .bind(key.id())
            .fetch_optional(self.store.pool())
            .await?;
        Ok(
            row.map(|(number, order, amount, coin, is_part_of_price)| Payment {
                number,
                order,
                amount,
                coin,
                is_part_of_price,
            }),
        )
    }

    /// Records a payment, counts its amount, and enqueues its effects, in one transaction: the
    /// database keeps all of it, or nothing.
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
            // An underpaid invoice may be delivered again with another amount: the latest counts.
            let insert = "INSERT INTO payments
                              (order_number, amount, is_extra, namespace, project, id)
                          SELECT number, ?2, paid_in_full, ?3, ?4, ?5
                          FROM orders WHERE number = ?1
                          ON CONFLICT (namespace, project, id) DO UPDATE SET
                              amount = excluded.amount,
                              is_extra = excluded.is_extra
                          WHERE amount <> excluded.amount";
            sqlx::query(insert)
                .bind(order.number)
                .bind(amount.as_received())
                .bind(payment.event().namespace())
                .bind(payment.event().project().unwrap_or_default())
                .bind(payment.event().id())
                .execute(&mut *transaction)
                .await?;
            self.enqueue(&mut transaction, payment, MAIL).await?;
            let total = amount_of(&sum(&mut transaction, order.number).await?)?;
            let total = order.price.reconcile_total(&total, payment.assurance());
            let update = "UPDATE orders SET paid_in_full = 1
                          WHERE number = ?1 AND paid_in_full = 0";
            if total.is_paid() {
                let paid = sqlx::query(update).bind(order.number);
                if paid.execute(&mut *transaction).await?.rows_affected() == 1 {
                    self.enqueue(&mut transaction, payment, STOCK).await?;
                }
            }
        }
        self.store.commit(transaction).await?;
        Ok(recorded)
    }

    /// Enqueues an effect of a counted payment, which pays the price or a part of it.
    async fn enqueue(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        payment: &Reconciliation,
        effect: &str,
    ) -> Result<(), StoreError> {
        let store = &self.store;
        match payment.is_paid() {
            true => store.enqueue_effect_in(transaction, payment, effect).await,
            false => {
                store
                    .enqueue_effect_of_review_in(transaction, payment, effect)
                    .await
            }
        }
    }
}

impl Order {
    /// Returns what binds a callback to this order, or `None` if the order has no address.
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
            // CryptoCloud signs no figures: read a larger invoice back over its API.
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
            paid_in_full: row.try_get("paid_in_full")?,
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

/// Asks the provider to send again. The log names the cause.
impl From<OrdersError> for Retry {
    fn from(error: OrdersError) -> Self {
        match error {
            OrdersError::CallbackUrl(_) | OrdersError::Unreadable => Self::misconfigured(error),
            OrdersError::Store(error) => error.into(),
        }
    }
}

/// Replies to the shop's own interface with a status alone. The log names the cause.
impl From<OrdersError> for StatusCode {
    fn from(error: OrdersError) -> Self {
        tracing::error!("{error:?}");
        Self::INTERNAL_SERVER_ERROR
    }
}
