//! A shop: orders, and the payments for them, in one SQLite file.
//!
//! `orders_api` is the shop's own interface, `receive` that of the providers: it finds an order,
//! binds a callback to it, reconciles the payment with its price, records and credits it in one
//! transaction, and acknowledges. `orders` is the database, and `receipts` mails a receipt for each
//! payment. `config` reads the environment, and `serve` runs the server.

mod config;
mod orders;
mod orders_api;
mod receipts;
mod receive;
mod serve;

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
    orders::{Orders, OrdersError},
    receipts::Receipts,
    serve::serve,
};

/// State of the routes.
#[derive(Clone, FromRef)]
struct Shop {
    orders: Orders,
    receipts: Receipts,
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
    receipts: Receipts,
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
            receipts,
            cryptocloud: verifiers.cryptocloud,
            trybit: verifiers.trybit,
            cryptapi: verifiers.cryptapi,
            origin: Origin(origin.into()),
        })
}
