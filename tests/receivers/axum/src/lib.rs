//! The routes of the receiver.

use std::time::Duration;

use axum::{
    Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{MethodRouter, any},
};
use postback_core::{
    Provider, Verifier,
    cryptapi::{CallbackProvider, CryptApi, Mode},
    cryptocloud::{CryptoCloud, Payment, Trybit},
};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified, Postback},
};
use receiver::{CryptApiVerifier, Print, Verifiers};
use tower_http::timeout::RequestBodyDeadlineLayer;

/// State of the routes.
#[derive(Clone, FromRef)]
struct Receiver {
    cryptocloud: Verifier<CryptoCloud>,
    trybit: Verifier<Trybit>,
    print: Print,
}

/// Returns the routes. Verified postbacks are passed to `print`, and a body must arrive within
/// `deadline`.
///
/// Each route takes `any` method, so that the extractor rejects and logs the wrong ones.
pub fn router(verifiers: Verifiers, print: Print, deadline: Duration) -> Router {
    let cryptapi = match verifiers.cryptapi {
        CryptApiVerifier::Get(verifier) => guarded(verifier),
        CryptApiVerifier::Post(verifier) => guarded(verifier),
    };
    Router::new()
        .route("/postback/cryptapi", cryptapi)
        .route("/postback/cryptocloud", any(paid::<CryptoCloud>))
        .route("/postback/trybit", any(paid::<Trybit>))
        .with_state(Receiver {
            cryptocloud: verifiers.cryptocloud,
            trybit: verifiers.trybit,
            print,
        })
        .layer(RequestBodyDeadlineLayer::new(deadline))
}

/// Guards the route by a layer, because CryptAPI's mode is known at run time only.
fn guarded<M: Mode>(verifier: Verifier<CryptApi<M>>) -> MethodRouter<Receiver> {
    any(called_back::<CryptApi<M>>).layer(PostbackLayer::new(verifier))
}

async fn called_back<P: CallbackProvider>(
    State(print): State<Print>,
    FromVerified(postback): FromVerified<P>,
) -> Result<Ack<P>, StatusCode> {
    receiver::print_callback(&print, &postback).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(postback.ack())
}

async fn paid<P: Provider<Payload = Payment>>(
    State(print): State<Print>,
    postback: Postback<P>,
) -> Result<Ack<P>, StatusCode> {
    receiver::print_payment(&print, &postback).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(postback.ack())
}
