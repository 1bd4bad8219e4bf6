//! CryptoCloud postbacks in axum, each credited once.

use std::{env, error::Error, time::Duration};

use axum::{
    Router,
    extract::{FromRef, State},
    routing::any,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use orders::Orders;
use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
use postback_tower::axum::{Ack, Postback, Retry};
use tokio::{net::TcpListener, time::sleep};
use tower_http::timeout::RequestBodyDeadlineLayer;

#[derive(Clone, FromRef)]
struct Shop {
    orders: Orders,
    verifier: Verifier<CryptoCloud>,
}

async fn paid(
    State(orders): State<Orders>,
    postback: Postback<CryptoCloud>,
) -> Result<Ack<CryptoCloud>, Retry> {
    orders.credit(&postback).await?;
    Ok(postback.ack())
}

/// `any` rather than `post`, so that the extractor rejects other methods.
fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Router {
    Router::new()
        .route("/postback", any(paid))
        .with_state(Shop { orders, verifier })
        .layer(RequestBodyDeadlineLayer::new(Duration::from_secs(10)))
}

/// Serves also clients that shut down their writing side after the request, which `axum::serve` drops.
async fn serve(listener: TcpListener, app: Router) {
    let mut server = http1::Builder::new();
    server.half_close(true).timer(TokioTimer::new());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: other connections have to close first.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = env::var_os("CRYPTOCLOUD_SECRET").ok_or("CRYPTOCLOUD_SECRET is not set")?;
    let verifier = Verifier::new(
        CryptoCloud::new(),
        SecretKey::new(secret.as_encoded_bytes())?,
    );
    let app = app(Orders::open("orders.db").await?, verifier);
    serve(TcpListener::bind("127.0.0.1:3000").await?, app).await;
    Ok(())
}
