//! Application of the soak: credits each payment of CryptoCloud on Postgres.
//!
//! Each invoice is for 0.05 BTC, so that no orders have to exist. A credit is a row, and the table
//! allows the same payment twice.

use std::{env, error::Error, process::ExitCode};

use axum::{
    Router,
    extract::{FromRef, State},
    routing::any,
};
use postback_core::{Retry, Verifier, cryptocloud::CryptoCloud, reconcile::Price};
use postback_store::{Recorded, StoreError, postgres::PostgresStore};
use postback_tower::axum::{self as postback, Ack, Postback};
use receiver::Verifiers;
use tokio::net::TcpListener;

/// State of the route.
#[derive(Clone, FromRef)]
struct Application {
    store: PostgresStore,
    verifier: Verifier<CryptoCloud>,
    price: Price,
}

#[tokio::main]
async fn main() -> ExitCode {
    receiver::exit("on_postgres", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let verifiers = Verifiers::from_environment()?;
    receiver::replace_keys_by_input(&verifiers);
    let store = PostgresStore::connect(&env::var("DATABASE_URL")?).await?;
    let table = "CREATE TABLE IF NOT EXISTS credits (id TEXT NOT NULL)";
    sqlx::raw_sql(table).execute(store.pool()).await?;
    let router = Router::new()
        .route("/postback/cryptocloud", any(paid))
        .with_state(Application {
            store,
            verifier: verifiers.cryptocloud,
            price: Price::new("0.05".parse()?, "BTC")?,
        });
    let listener = TcpListener::bind(receiver::address()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    receiver_tower::serve(listener, router).await;
    Ok(())
}

async fn paid(
    State(store): State<PostgresStore>,
    State(price): State<Price>,
    postback: Postback<CryptoCloud>,
) -> Result<Ack<CryptoCloud>, postback::Retry> {
    let payment = postback.reconcile(&price)?;
    let recorded = async {
        let mut transaction = store.begin().await?;
        let recorded = store.record_in(&mut transaction, &payment).await?;
        if recorded.is_new() {
            sqlx::query("INSERT INTO credits (id) VALUES ($1)")
                .bind(postback.invoice_id())
                .execute(&mut *transaction)
                .await?;
        }
        store.commit(transaction).await?;
        Ok::<Recorded, StoreError>(recorded)
    };
    let recorded = recorded.await.map_err(Retry::from)?;
    if !matches!(recorded, Recorded::New | Recorded::Duplicate) {
        eprintln!("not credited: {recorded}");
    }
    Ok(postback.ack())
}
