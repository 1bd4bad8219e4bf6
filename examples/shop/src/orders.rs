use std::path::Path;

use axum::http::StatusCode;
use bigdecimal::BigDecimal;
use postback_core::{
    Amount, Rejection,
    claim::Claim,
    cryptapi::{CallbackUrl, Expected},
    settle::{Ground, Outcome, Price, Settlement},
};
use postback_store::{Claimed, StoreError, sqlite::SqliteStore};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

/// The shop's orders, beside the claims of the store.
#[derive(Clone, Debug)]
pub struct Orders {
    store: SqliteStore,
}

/// An order, as it is stored.
pub(crate) struct Order {
    pub(crate) number: i64,
    pub(crate) price: Price,
    /// What is asked of whoever vouches for a payment.
    pub(crate) ground: Ground,
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
#[derive(Debug)]
#[non_exhaustive]
pub enum OrdersError {
    /// The database fails.
    Store(StoreError),
    /// It holds what this shop did not write.
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
            .bind(price.coin())
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
        callback_url: impl FnOnce(i64) -> Option<String>,
    ) -> Result<(i64, String), OrdersError> {
        let mut transaction = self.store.begin().await?;
        let insert = "INSERT INTO orders (price, coin, payout_address) VALUES (?1, ?2, ?3)";
        let order = sqlx::query(insert)
            .bind(price.amount().as_received())
            .bind(price.coin())
            .bind(payout_address)
            .execute(&mut *transaction)
            .await?;
        let number = order.last_insert_rowid();
        let url = callback_url(number).ok_or(OrdersError::Unreadable)?;
        sqlx::query("UPDATE orders SET callback_url = ?2 WHERE number = ?1")
            .bind(number)
            .bind(&url)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok((number, url))
    }

    /// Stores the address that the gateway made for an order; tells whether there is such an order without one.
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

    /// Claims an event, counts what it pays, and records that it is owed a receipt, in one transaction: all are
    /// kept, or none.
    pub(crate) async fn credit(
        &self,
        order: &Order,
        claim: &Claim,
        settlement: &Settlement,
    ) -> Result<Claimed, OrdersError> {
        let mut transaction = self.store.begin().await?;
        let claimed = self.store.claim_in(&mut transaction, claim.clone());
        let claimed = claimed.await?;
        let counted = match settlement.outcome() {
            Outcome::Paid(amount) | Outcome::Over(amount) | Outcome::Short(amount) => Some(amount),
            _ => None,
        };
        if let Some(amount) = counted
            && claimed.is_new()
            && settlement.ground() >= order.ground
        {
            let insert = "INSERT INTO payments (order_number, amount, namespace, id)
                          VALUES (?1, ?2, ?3, ?4)";
            sqlx::query(insert)
                .bind(order.number)
                .bind(amount.as_received())
                .bind(claim.namespace())
                .bind(claim.id())
                .execute(&mut *transaction)
                .await?;
            self.store
                .record_in(&mut transaction, claim.clone())
                .await?;
            // Several payments may make up one price.
            let sum = amount_of(&sum(&mut transaction, order.number).await?)?;
            if order
                .price
                .settle_sum(&sum, order.ground)
                .is_paid(order.ground)
            {
                sqlx::query("UPDATE orders SET settled = 1 WHERE number = ?1")
                    .bind(order.number)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        self.store.commit(transaction).await?;
        Ok(claimed)
    }
}

impl Order {
    /// What a callback must be to be this order's; none before there is an address to pay to.
    pub(crate) fn expected(&self, by: fn(CallbackUrl) -> Expected) -> Option<Expected> {
        let address = self.address.as_ref()?;
        let url = CallbackUrl::from_stored(&address.callback_url).ok()?;
        let expected = by(url)
            .address_in(&address.address_in)
            .coin(self.price.coin());
        Some(expected.payout_addresses([&address.payout_address]))
    }

    fn read(row: &SqliteRow) -> Result<Self, OrdersError> {
        let price: Amount = text(row, "price")?
            .parse()
            .map_err(|_| OrdersError::Unreadable)?;
        let coin = text(row, "coin")?;
        let optional = |column| -> Result<Option<String>, sqlx::Error> { row.try_get(column) };
        let of_cryptapi = optional("callback_url")?;
        let ground = match &of_cryptapi {
            Some(_) => Ground::Confirmed,
            // All that CryptoCloud has to offer: read a larger invoice back over its API.
            None => Ground::Claimed,
        };
        let address = of_cryptapi.zip(optional("address_in")?);
        let address = address.zip(optional("payout_address")?);
        Ok(Self {
            number: row.try_get("number")?,
            price: Price::new(price, coin).map_err(|_| OrdersError::Unreadable)?,
            ground,
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

impl From<StoreError> for OrdersError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for OrdersError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The gateway is told to try again, whatever the reason; the reason is for the operator.
impl From<OrdersError> for Rejection {
    fn from(error: OrdersError) -> Self {
        eprintln!("{error:?}");
        Self::StoreUnavailable
    }
}

/// The shop's own people are told that it failed, and not how.
impl From<OrdersError> for StatusCode {
    fn from(error: OrdersError) -> Self {
        eprintln!("{error:?}");
        Self::INTERNAL_SERVER_ERROR
    }
}
