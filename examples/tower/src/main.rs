//! CryptoCloud postbacks in a tower service on hyper: each payment is credited once.

use std::{convert::Infallible, env, error::Error, time::Duration};

use http_body_util::Full;
use hyper::{Request, body::Bytes, server::conn::http1};
use hyper_util::{rt::TokioIo, rt::TokioTimer, service::TowerToHyperService};
use postback_core::cryptocloud::{CryptoCloud, bare_invoice_id};
use postback_core::{Retry, SecretKey, Verified, Verifier, reconcile::Price};
use postback_store::{Recorded, StoreError, sqlite::SqliteStore};
use postback_tower::{PostbackLayer, acknowledgement, retry};
use tokio::{net::TcpListener, time::sleep};
use tower::ServiceBuilder;
use tower_http::timeout::RequestBodyDeadlineLayer;

const ORDERS: &str = "CREATE TABLE IF NOT EXISTS orders (invoice_id TEXT PRIMARY KEY,
    price TEXT NOT NULL, currency TEXT NOT NULL, credits INTEGER NOT NULL DEFAULT 0) STRICT";

/// Finds the order, records its payment and credits it, in one transaction.
async fn paid(store: SqliteStore, request: Request<Bytes>) -> Result<(), Retry> {
    let payment = request.extensions().get::<Verified<CryptoCloud>>();
    let payment = payment.ok_or_else(|| Retry::misconfigured("no PostbackLayer"))?;
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

/// Replies to clients that close their sending side early, too (`half_close`).
async fn serve(listener: TcpListener, store: SqliteStore, verifier: Verifier<CryptoCloud>) -> ! {
    let app = ServiceBuilder::new()
        .layer(RequestBodyDeadlineLayer::new(Duration::from_secs(10)))
        .layer(PostbackLayer::new(verifier).with_request_body::<Bytes>())
        .service_fn(move |request| {
            let paid = paid(store.clone(), request);
            let ack = |()| acknowledgement::<CryptoCloud, Full<Bytes>>();
            async move { Ok::<_, Infallible>(paid.await.map_or_else(retry, ack)) }
        });
    let mut server = http1::Builder::new();
    server.half_close(true).timer(TokioTimer::new());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await; // Most likely out of file descriptors.
            continue;
        };
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
