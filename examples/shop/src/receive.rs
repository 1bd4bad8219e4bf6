use axum::extract::State;
use postback_core::{
    PaymentProvider, Retry,
    cryptapi::{CallbackProvider, CallbackUrl, CryptApi, Expected, Get, Post},
    cryptocloud::Payment,
    reconcile::{Outcome, Reconciliation},
};
use postback_store::Recorded;
use postback_tower::axum::{self as postback, Ack, FromVerified, Postback};

use crate::{
    CryptApiVerifier,
    messages::Messages,
    orders::{Order, Orders},
};

/// Receives a postback of CryptoCloud or Trybit, and finds the order by the provider and the signed
/// invoice id: the holder of the other provider's secret can sign any id.
pub(crate) async fn paid<P: PaymentProvider<Payload = Payment>>(
    State(orders): State<Orders>,
    State(messages): State<Messages>,
    postback: Postback<P>,
) -> Result<Ack<P>, postback::Retry> {
    let id = postback.invoice_id();
    let order = orders.find_by_invoice(P::NAME, id).await?;
    let order = order.ok_or_else(|| Retry::unknown_order(id))?;
    let reconciliation = postback.reconcile(&order.price)?;
    credit(&orders, &messages, &order, &reconciliation).await?;
    Ok(postback.ack())
}

/// Receives a callback of CryptAPI by GET, which signs the URL, and binds it by the stored URL.
pub(crate) async fn called_by_get(
    orders: State<Orders>,
    messages: State<Messages>,
    cryptapi: State<CryptApiVerifier>,
    postback: FromVerified<CryptApi<Get>>,
) -> Result<Ack<CryptApi<Get>>, postback::Retry> {
    called_back(orders, messages, cryptapi, postback, Expected::callback_url).await
}

/// Receives a callback of CryptAPI by POST, which does not sign the URL, and binds it by the
/// callback secret in the stored URL.
pub(crate) async fn called_by_post(
    orders: State<Orders>,
    messages: State<Messages>,
    cryptapi: State<CryptApiVerifier>,
    postback: FromVerified<CryptApi<Post>>,
) -> Result<Ack<CryptApi<Post>>, postback::Retry> {
    called_back(orders, messages, cryptapi, postback, |url| {
        Expected::secret(url.secret().clone())
    })
    .await
}

/// Finds the order by its number in the callback URL, and credits it if the callback is bound to
/// it: otherwise it may be about a payment to another application.
async fn called_back<P: CallbackProvider>(
    State(orders): State<Orders>,
    State(messages): State<Messages>,
    State(cryptapi): State<CryptApiVerifier>,
    FromVerified(postback): FromVerified<P>,
    expected: fn(CallbackUrl) -> Expected,
) -> Result<Ack<P>, postback::Retry> {
    let uuid = postback.uuid().as_untrusted_str();
    let unknown = || Retry::unknown_order(uuid);
    let number = postback.parameter("order");
    let number = number.and_then(|number| number.value().as_untrusted_str().parse().ok());
    let order = orders.find(number.ok_or_else(unknown)?).await?;
    let order = order.ok_or_else(unknown)?;
    let load = |url: &str| cryptapi.stored_callback_url(url);
    let expected = order.expected(load, expected)?.ok_or_else(unknown)?;
    let bound = postback.bind(&expected);
    let bound = bound.map_err(|error| Retry::not_bound(uuid, error))?;
    credit(&orders, &messages, &order, &bound.reconcile(&order.price)).await?;
    Ok(postback.ack())
}

async fn credit(
    orders: &Orders,
    messages: &Messages,
    order: &Order,
    reconciliation: &Reconciliation,
) -> Result<(), Retry> {
    let (number, id) = (order.number, reconciliation.event().id());
    let recorded = orders.credit(order, reconciliation).await;
    match recorded.map_err(|error| Retry::from(error).with_id(id))? {
        Recorded::New => messages.wake(),
        Recorded::Duplicate | Recorded::Superseded => {}
        // Counted: several payments may make up the price.
        Recorded::Review(Outcome::Underpaid(_)) => {
            tracing::warn!(order = number, id, "credited in part: underpaid");
            messages.wake();
        }
        // A person has to look at some of these.
        other => tracing::warn!(order = number, id, "not credited: {other}"),
    }
    Ok(())
}
