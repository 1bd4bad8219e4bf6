use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use postback_core::{
    PaymentProvider,
    cryptocloud::{CryptoCloud, bare_invoice_id},
    reconcile::Price,
};
use receiver::CryptApiVerifier;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Origin, orders::Orders};

/// What is ordered: amounts are texts, so that no digit is lost on the way.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    price: String,
    coin: String,
    #[serde(flatten)]
    by: By,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    /// The invoice that the shop made at CryptoCloud or Trybit, with or without `INV-`.
    InvoiceId(String),
    /// The shop's wallet: the answer holds the callback URL to ask CryptAPI for an address with.
    PayoutAddress(String),
}

/// An order of the shop's.
pub(crate) async fn order(
    State(orders): State<Orders>,
    State(Origin(origin)): State<Origin>,
    State(cryptapi): State<CryptApiVerifier>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Value>, StatusCode> {
    let amount = wanted.price.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let price = Price::new(amount, wanted.coin).map_err(|_| StatusCode::BAD_REQUEST)?;
    let is_comparable = match wanted.by {
        By::InvoiceId(_) => CryptoCloud::states_amounts_in(&price),
        // An address is for one coin.
        By::PayoutAddress(_) => !price.is_fiat(),
    };
    if !is_comparable {
        return Err(StatusCode::BAD_REQUEST);
    }
    match wanted.by {
        By::InvoiceId(invoice_id) => {
            let order = orders
                .by_invoice(&price, bare_invoice_id(&invoice_id))
                .await?;
            Ok(Json(json!({ "order": order })))
        }
        By::PayoutAddress(payout_address) => {
            let address = format!("{origin}/postback/cryptapi");
            let url = |number: i64| {
                let url = cryptapi.callback_url(&address)?;
                url.parameter("order", &number.to_string())?.build()
            };
            let order = orders.by_address(&price, &payout_address, url).await;
            let (order, url) = order?;
            Ok(Json(json!({ "order": order, "callback_url": url })))
        }
    }
}

/// What CryptAPI answered.
#[derive(Deserialize)]
pub(crate) struct Made {
    address_in: String,
}

/// Stores the address that an order is paid to.
pub(crate) async fn address(
    State(orders): State<Orders>,
    Path(order): Path<i64>,
    Json(made): Json<Made>,
) -> Result<StatusCode, StatusCode> {
    match orders.set_address(order, &made.address_in).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(StatusCode::NOT_FOUND),
    }
}

/// What was paid for an order.
pub(crate) async fn shown(
    State(orders): State<Orders>,
    Path(number): Path<i64>,
) -> Result<Json<Value>, StatusCode> {
    let order = orders.numbered(number).await?;
    let order = order.ok_or(StatusCode::NOT_FOUND)?;
    let paid = orders.paid(number).await?;
    Ok(Json(json!({
        "order": order.number,
        "price": order.price.amount().to_string(),
        "coin": order.price.currency(),
        "paid": paid.normalized().to_plain_string(),
        "settled": order.settled,
    })))
}
