use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use postback_core::{
    Provider, Rejection,
    claim::Claim,
    cryptapi::{Callback, CallbackUrl, CryptApi, Expected, Get, Post},
    cryptocloud::Payment,
    settle::Settlement,
};
use postback_tower::axum::{FromVerified, Postback, PostbackRejection};

use crate::{
    orders::{Order, Orders},
    receipts::Receipts,
};

/// CryptoCloud and Trybit: an order is found by the signed id of its invoice.
pub(crate) async fn paid<P: Provider<Event = Payment>>(
    State(orders): State<Orders>,
    State(receipts): State<Receipts>,
    postback: Postback<P>,
) -> Result<Response, PostbackRejection> {
    let order = orders.invoiced(postback.invoice_id()).await;
    let Some(order) = order.map_err(Rejection::from)? else {
        return Ok(unknown(P::NAME, postback.invoice_id()));
    };
    let settlement = postback.settle(&order.price);
    credit(&orders, &order, &Claim::from(&*postback), &settlement).await?;
    receipts.mail(Claim::from(&*postback)).await?;
    Ok(postback.ack().into_response())
}

/// CryptAPI by GET, which signs the URL: bound by the whole of the stored one.
pub(crate) async fn called_by_get(
    orders: State<Orders>,
    receipts: State<Receipts>,
    postback: FromVerified<CryptApi<Get>>,
) -> Result<Response, PostbackRejection> {
    called_back(orders, receipts, postback, Expected::callback_url).await
}

/// CryptAPI by POST, which does not sign the URL: bound by the nonce in it.
pub(crate) async fn called_by_post(
    orders: State<Orders>,
    receipts: State<Receipts>,
    postback: FromVerified<CryptApi<Post>>,
) -> Result<Response, PostbackRejection> {
    called_back(orders, receipts, postback, |url| {
        Expected::nonce(url.nonce().clone())
    })
    .await
}

/// An order is found by its number in the callback URL, and the callback is the order's only if it binds.
async fn called_back<P: Provider<Event = Callback>>(
    State(orders): State<Orders>,
    State(receipts): State<Receipts>,
    FromVerified(postback): FromVerified<P>,
    expected: fn(CallbackUrl) -> Expected,
) -> Result<Response, PostbackRejection> {
    let uuid = postback.uuid().for_look_up();
    let number = postback.parameter("order");
    let number = number.and_then(|number| number.value().for_look_up().parse().ok());
    let order = match number {
        Some(number) => orders.numbered(number).await.map_err(Rejection::from)?,
        None => None,
    };
    let bound = order.as_ref().and_then(|order| {
        let expected = order.expected(expected)?;
        let bound = postback.bind(&expected);
        Some((
            order,
            bound
                .inspect_err(|error| eprintln!("{uuid}: {error}"))
                .ok()?,
        ))
    });
    let Some((order, bound)) = bound else {
        return Ok(unknown(P::NAME, uuid));
    };
    let settlement = bound.settle(&order.price);
    credit(&orders, order, &Claim::from(&bound), &settlement).await?;
    receipts.mail(Claim::from(&bound)).await?;
    Ok(postback.ack().into_response())
}

async fn credit(
    orders: &Orders,
    order: &Order,
    claim: &Claim,
    settlement: &Settlement,
) -> Result<(), Rejection> {
    let claimed = orders.credit(order, claim, settlement).await?;
    // What is not new, or not paid, is for a person to read.
    eprintln!(
        "order {}: {}: {claimed:?}, {}",
        order.number,
        claim.id(),
        settlement.outcome()
    );
    Ok(())
}

/// Genuine, and about no order of this shop's: not acknowledged, so that the gateway tries again and somebody looks.
fn unknown(gateway: &str, id: &str) -> Response {
    eprintln!("{gateway}: {id} is about no order of ours");
    StatusCode::NOT_FOUND.into_response()
}
