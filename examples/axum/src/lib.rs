//! The receiver's routes, apart from the process around them.

use std::time::Duration;

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
use receiver::Print;
use tower_http::timeout::RequestBodyDeadlineLayer;

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

/// The routes; a body may take `deadline` to arrive. `any`, not `post`, so that the extractor answers
/// wrong methods too.
pub fn router(receiver: Receiver, deadline: Duration) -> Router {
    Router::new()
        .route("/postback/cryptocloud", any(paid::<CryptoCloud>))
        .route("/postback/trybit", any(paid::<Trybit>))
        .with_state(receiver)
        .layer(RequestBodyDeadlineLayer::new(deadline))
}

async fn paid<P: Provider<Event = Payment>>(
    State(print): State<Print>,
    postback: Postback<P>,
) -> Result<Ack<P>, StatusCode> {
    receiver::print_payment::<P>(&print, &postback)
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(postback.ack())
}
