//! The receiver's routes, apart from the process around them.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::any,
};
use postback_core::{
    Provider, Verifier,
    cryptocloud::{CryptoCloud, Payment, Trybit},
};
use postback_tower::axum::{Ack, Postback};
use serde_json::json;

/// Takes one line of JSON for each verified postback.
pub type Print = Arc<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// What the routes need.
#[derive(Clone, FromRef)]
#[allow(missing_debug_implementations, reason = "a function is in it")]
pub struct Receiver {
    /// For `POST /postback/cryptocloud`.
    pub cryptocloud: Verifier<CryptoCloud>,
    /// For `POST /postback/trybit`.
    pub trybit: Verifier<Trybit>,
    /// Where verified postbacks go.
    pub print: Print,
}

/// The routes. `any`, not `post`, so that the extractor answers wrong methods too.
pub fn router(receiver: Receiver) -> Router {
    Router::new()
        .route("/postback/cryptocloud", any(paid::<CryptoCloud>))
        .route("/postback/trybit", any(paid::<Trybit>))
        .with_state(receiver)
}

/// A shop would look the order up by `invoice_id` here, and compare amount and currency with it.
async fn paid<P: Provider<Event = Payment>>(
    State(print): State<Print>,
    postback: Postback<P>,
) -> Result<Ack<P>, StatusCode> {
    let claimed = postback.claimed();
    let line = json!({
        "provider": P::NAME,
        "invoice_id": postback.invoice_id(),
        "status": claimed.status().map(|status| status.as_str()),
        "amount": claimed.amount().map(ToString::to_string),
        "currency": claimed.currency().map(|currency| currency.as_str()),
        "order_id": claimed.order_id(),
    });
    // Not printed is not received: the provider may try again.
    print(&line.to_string()).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(postback.ack())
}
