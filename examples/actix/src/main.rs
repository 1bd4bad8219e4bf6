//! CryptoCloud postbacks in actix-web: each payment is credited once.

use std::{env, error::Error};

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpServer};
use postback_actix::{Ack, Postback};
use postback_core::cryptocloud::{CryptoCloud, bare_invoice_id};
use postback_core::{Retry, SecretKey, Verified, Verifier, reconcile::Price};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};

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

async fn paid(
    store: Data<SqliteStore>,
    postback: Postback<CryptoCloud>,
) -> Result<Ack<CryptoCloud>, postback_actix::Retry> {
    let credited = credit(&store, &postback).await;
    credited.map_err(|retry| retry.with_id(postback.invoice_id()))?;
    Ok(postback.ack())
}

/// Routes all methods to the extractor, which rejects others than POST.
fn app(store: SqliteStore, verifier: Verifier<CryptoCloud>) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(Data::new(store))
            .app_data(verifier)
            .service(web::resource("/postback").to(paid));
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let key = env::var_os("CRYPTOCLOUD_SECRET").ok_or("CRYPTOCLOUD_SECRET is not set")?;
    let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new(key.as_encoded_bytes())?);
    let store = SqliteStore::open("orders.db").await?;
    sqlx::query(ORDERS).execute(store.pool()).await?;
    let id = bare_invoice_id("INV-ILRAJE1Q"); // As the provider's create call returned it.
    let order = "INSERT OR IGNORE INTO orders VALUES (?, '0.000113', 'BNB', 0)";
    sqlx::query(order).bind(id).execute(store.pool()).await?;
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let server =
        HttpServer::new(move || App::new().configure(app(store.clone(), verifier.clone())));
    Ok(server.bind(address)?.run().await?)
}
