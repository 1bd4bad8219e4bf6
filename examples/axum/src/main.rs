//! CryptoCloud postbacks in axum: each payment is credited once.

use std::{env, error::Error, time::Duration};

use axum::{Router, routing::any, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, rt::TokioTimer, service::TowerToHyperService};
use postback_core::cryptocloud::{CryptoCloud, bare_invoice_id};
use postback_core::{Retry, SecretKey, Verified, Verifier, reconcile::Price};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
use postback_tower::axum::{self as postback, Ack, Postback};
use tokio::net::TcpListener;
use tower_http::timeout::RequestBodyDeadlineLayer;

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
    store: SqliteStore,
    postback: Postback<CryptoCloud>,
) -> Result<Ack<CryptoCloud>, postback::Retry> {
    let credited = credit(&store, &postback).await;
    credited.map_err(|retry| retry.with_id(postback.invoice_id()))?;
    Ok(postback.ack())
}

/// Replies to clients that close their sending side early, too, which `axum::serve` does not.
async fn serve(mut socket: TcpListener, store: SqliteStore, verifier: Verifier<CryptoCloud>) -> ! {
    let paid = move |postback: Postback<CryptoCloud>| paid(store.clone(), postback);
    let app = Router::new()
        .route("/postback", any(paid)) // The extractor rejects other methods.
        .with_state(verifier)
        .layer(RequestBodyDeadlineLayer::new(Duration::from_secs(10)));
    let mut server = http1::Builder::new();
    server.half_close(true).timer(TokioTimer::new());
    loop {
        let (stream, _) = Listener::accept(&mut socket).await;
        let app = TowerToHyperService::new(app.clone());
        tokio::spawn(server.serve_connection(TokioIo::new(stream), app));
    }
}

#[tokio::main]
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
    serve(TcpListener::bind(address).await?, store, verifier).await
}
