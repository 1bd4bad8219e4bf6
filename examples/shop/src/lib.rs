//! A shop: orders, and the payments for them, in one SQLite file.
//!
//! `orders_api` is the shop's own interface, `receive` that of the providers: it finds an order,
//! binds a callback to it, reconciles the payment with its price, records and credits it in one
//! transaction, and acknowledges. `orders` is the database. `messages` mails a receipt for each
//! payment, and an order to the warehouse for each order that is paid; `reviews` logs what a person
//! has to look at; `sweep` runs both. `config` reads the environment, and `serve` runs the server.

mod config;
mod messages;
mod orders;
mod orders_api;
mod receive;
mod reviews;
mod serve;
mod sweep;

use axum::{
    Router,
    extract::FromRef,
    routing::{MethodRouter, any, get, post, put},
};
use postback_core::{
    Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};
use postback_tower::PostbackLayer;

pub use self::{
    config::{CryptApiVerifier, Verifiers},
    messages::Messages,
    orders::{Orders, OrdersError},
    reviews::Reviews,
    serve::serve,
    sweep::sweep,
};

/// State of the routes.
#[derive(Clone, FromRef)]
struct Shop {
    orders: Orders,
    messages: Messages,
    cryptocloud: Verifier<CryptoCloud>,
    trybit: Verifier<Trybit>,
    /// Makes and loads callback URLs.
    cryptapi: CryptApiVerifier,
    /// Beginning of callback URLs.
    origin: Origin,
}

/// Scheme and host of this shop, as the public sees it.
#[derive(Clone)]
struct Origin(String);

/// Returns the routes: `/orders` is not for the public, and `/postback` is the providers'.
pub fn router(
    orders: Orders,
    messages: Messages,
    verifiers: Verifiers,
    origin: impl Into<String>,
) -> Router {
    // CryptAPI's mode is known at run time: the layer holds the verifier of its type.
    let cryptapi: MethodRouter<Shop> = match verifiers.cryptapi.clone() {
        CryptApiVerifier::Get(it) => any(receive::called_by_get).layer(PostbackLayer::new(it)),
        CryptApiVerifier::Post(it) => any(receive::called_by_post).layer(PostbackLayer::new(it)),
    };
    Router::new()
        .route("/orders", post(orders_api::create))
        .route("/orders/{order}", get(orders_api::show))
        .route("/orders/{order}/address", put(orders_api::set_address))
        .route("/postback/cryptapi", cryptapi)
        .route("/postback/cryptocloud", any(receive::paid::<CryptoCloud>))
        .route("/postback/trybit", any(receive::paid::<Trybit>))
        .with_state(Shop {
            orders,
            messages,
            cryptocloud: verifiers.cryptocloud,
            trybit: verifiers.trybit,
            cryptapi: verifiers.cryptapi,
            origin: Origin(origin.into()),
        })
}
