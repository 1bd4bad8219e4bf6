//! A shop: orders and what was paid for them, in one SQLite file.
//!
//! `orders` keeps them, `create` is the shop's own side of an order, `receive` the providers' side: it finds an
//! order, binds a callback to it, reconciles the payment with its price, records and credits it in one transaction, and
//! acknowledges. `receipts` mails a receipt for each payment.

mod create;
mod orders;
mod receipts;
mod receive;

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
use receiver::{CryptApiVerifier, Verifiers};

pub use self::{
    orders::{Orders, OrdersError},
    receipts::Receipts,
};

/// What the routes need.
#[derive(Clone, FromRef)]
struct Shop {
    orders: Orders,
    receipts: Receipts,
    cryptocloud: Verifier<CryptoCloud>,
    trybit: Verifier<Trybit>,
    /// Makes and loads callback URLs.
    cryptapi: CryptApiVerifier,
    /// Where callback URLs begin.
    origin: Origin,
}

/// Scheme and host of this shop, as the public sees it.
#[derive(Clone)]
struct Origin(String);

/// `/orders` is the shop's own side, and not for the public; `/postback` is the providers'.
pub fn router(
    orders: Orders,
    receipts: Receipts,
    verifiers: Verifiers,
    origin: impl Into<String>,
) -> Router {
    // CryptAPI's mode is known at run time only: the layer takes its verifier with it.
    let cryptapi: MethodRouter<Shop> = match verifiers.cryptapi.clone() {
        CryptApiVerifier::Get(it) => any(receive::called_by_get).layer(PostbackLayer::new(it)),
        CryptApiVerifier::Post(it) => any(receive::called_by_post).layer(PostbackLayer::new(it)),
    };
    Router::new()
        .route("/orders", post(create::order))
        .route("/orders/{order}", get(create::shown))
        .route("/orders/{order}/address", put(create::address))
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
