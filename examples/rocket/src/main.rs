//! CryptoCloud postbacks in Rocket: each payment is credited once.

use std::{env, error::Error};

use postback_core::cryptocloud::{CryptoCloud, bare_invoice_id};
use postback_core::{Retry, SecretKey, Verified, Verifier, reconcile::Price};
use postback_rocket::{Ack, Postback};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
use rocket::{Build, Rocket, State, post, routes};

const ORDERS: &str = "CREATE TABLE IF NOT EXISTS orders (invoice_id TEXT PRIMARY KEY,
    price TEXT NOT NULL, currency TEXT NOT NULL, credits INTEGER NOT NULL DEFAULT 0) STRICT";

/// Finds the order, records its payment and credits it, in one transaction.
async fn credit(store: &SqliteStore, payment: &Verified<CryptoCloud>) -> Result<(), Retry> {
    let id = payment.invoice_id();
    let mut tx = store.begin().await?;
    let query = "SELECT price, currency FROM orders WHERE invoice_id = ?";
    let order = sqlx::query_as(query).bind(id).fetch_optional(&mut *tx);
    let order = order.await.map_err(StoreError::from)?;
    let (price, currency): (String, String) = order.ok_or_else(|| Retry::unknown_order(id))?;
    let price = price.parse().map_err(Retry::misconfigured)?;
    let owed = Price::new(price, currency).map_err(Retry::misconfigured)?;
    match store.record_in(&mut tx, &payment.reconcile(&owed)?).await? {
        Recorded::New => {
            let query = "UPDATE orders SET credits = credits + 1 WHERE invoice_id = ?";
            let credited = sqlx::query(query).bind(id).execute(&mut *tx).await;
            if credited.map_err(StoreError::from)?.rows_affected() != 1 {
                return Err(Retry::unknown_order(id)); // On Postgres: deleted in the meantime.
            }
        }
        Recorded::Duplicate => {}
        // A person has to look at some of these.
        other => tracing::warn!(invoice_id = id, "not credited: {other}"),
    }
    Ok(store.commit(tx).await?)
}

#[post("/", data = "<postback>")]
async fn paid(
    postback: Postback<CryptoCloud>,
    store: &State<SqliteStore>,
) -> Result<Ack<CryptoCloud>, postback_rocket::Retry> {
    let credited = credit(store, &postback).await;
    credited.map_err(|retry| retry.with_id(postback.invoice_id()))?;
    Ok(postback.ack())
}

/// Mounts the route, and the catchers that reply to requests which the guard rejects.
fn app(store: SqliteStore, verifier: Verifier<CryptoCloud>) -> Rocket<Build> {
    rocket::build()
        .manage(store)
        .manage(verifier)
        .mount("/postback", routes![paid])
        .register("/postback", postback_rocket::catchers())
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let key = env::var_os("CRYPTOCLOUD_SECRET").ok_or("CRYPTOCLOUD_SECRET is not set")?;
    let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new(key.as_encoded_bytes())?);
    let store = SqliteStore::open("orders.db").await?;
    sqlx::query(ORDERS).execute(store.pool()).await?;
    let id = bare_invoice_id("INV-ILRAJE1Q"); // As the provider's create call returned it.
    let order = "INSERT OR IGNORE INTO orders VALUES (?, '0.000113', 'BNB', 0)";
    sqlx::query(order).bind(id).execute(store.pool()).await?;
    app(store, verifier).launch().await?;
    Ok(())
}
