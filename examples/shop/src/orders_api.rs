use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use postback_core::{
    PaymentProvider, Provider,
    cryptocloud::{CryptoCloud, Trybit, bare_invoice_id},
    reconcile::Price,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{CryptApiVerifier, Origin, orders::Orders};

/// Request for a new order. The price is a string, so that it keeps every digit.
#[derive(Deserialize)]
pub(crate) struct NewOrder {
    price: String,
    coin: String,
    #[serde(flatten)]
    paid_by: PaidBy,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaidBy {
    /// Invoice that the shop created at CryptoCloud: its id, with or without `INV-`.
    CryptocloudInvoiceId(String),
    /// Wallet of the shop. The response holds the callback URL for CryptAPI's create call.
    PayoutAddress(String),
    /// Invoice that the shop created at Trybit: its id, with or without `INV-`.
    TrybitInvoiceId(String),
}

/// Creates an order.
pub(crate) async fn create(
    State(orders): State<Orders>,
    State(Origin(origin)): State<Origin>,
    State(cryptapi): State<CryptApiVerifier>,
    Json(order): Json<NewOrder>,
) -> Result<Json<Value>, StatusCode> {
    let amount = order.price.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let price = Price::new(amount, order.coin).map_err(|_| StatusCode::BAD_REQUEST)?;
    let is_comparable = match order.paid_by {
        PaidBy::CryptocloudInvoiceId(_) => CryptoCloud::states_amounts_in(&price),
        // An address is for one coin.
        PaidBy::PayoutAddress(_) => !price.is_fiat(),
        PaidBy::TrybitInvoiceId(_) => Trybit::states_amounts_in(&price),
    };
    if !is_comparable {
        return Err(StatusCode::BAD_REQUEST);
    }
    let by_invoice = async |provider, id: &str| {
        let id = bare_invoice_id(id);
        let number = orders.add_by_invoice(&price, provider, id).await?;
        Ok(Json(json!({ "order": number })))
    };
    match order.paid_by {
        PaidBy::CryptocloudInvoiceId(id) => by_invoice(CryptoCloud::NAME, &id).await,
        PaidBy::TrybitInvoiceId(id) => by_invoice(Trybit::NAME, &id).await,
        PaidBy::PayoutAddress(payout_address) => {
            let address = format!("{origin}/postback/cryptapi");
            let url = |number: i64| {
                let url = cryptapi.callback_url(&address)?;
                url.parameter("order", &number.to_string())?.build()
            };
            let added = orders.add_by_address(&price, &payout_address, url).await;
            let (number, url) = added?;
            Ok(Json(json!({ "order": number, "callback_url": url })))
        }
    }
}

/// Address from the response of CryptAPI's create call.
#[derive(Deserialize)]
pub(crate) struct NewAddress {
    address_in: String,
}

/// Stores the address that an order is paid to.
pub(crate) async fn set_address(
    State(orders): State<Orders>,
    Path(order): Path<i64>,
    Json(address): Json<NewAddress>,
) -> Result<StatusCode, StatusCode> {
    match orders.set_address(order, &address.address_in).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(StatusCode::NOT_FOUND),
    }
}

/// Shows an order, and the amount paid for it.
pub(crate) async fn show(
    State(orders): State<Orders>,
    Path(number): Path<i64>,
) -> Result<Json<Value>, StatusCode> {
    let order = orders.find(number).await?;
    let order = order.ok_or(StatusCode::NOT_FOUND)?;
    let paid = orders.paid(number).await?;
    Ok(Json(json!({
        "order": order.number,
        "price": order.price.amount().to_string(),
        "coin": order.price.currency(),
        "paid": paid.normalized().to_plain_string(),
        "paid_in_full": order.paid_in_full,
    })))
}
