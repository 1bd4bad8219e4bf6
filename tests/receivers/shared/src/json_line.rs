use std::io;

use postback_core::{
    Provider, Verified, cryptapi::CallbackProvider, cryptocloud::Payment, event::Stage,
};
use serde_json::{Map, json};

use crate::Print;

/// Prints the fields of a verified postback of CryptoCloud or Trybit.
///
/// # Errors
///
/// The error of `print`. The receiver then replies with 500, which asks the provider to send again.
pub fn print_payment<P: Provider<Payload = Payment>>(
    print: &Print,
    payment: &Verified<P>,
) -> io::Result<()> {
    let unsigned = payment.unsigned();
    let line = json!({
        "provider": P::NAME,
        "invoice_id": payment.invoice_id(),
        "status": unsigned.status().map(|status| status.as_str()),
        "amount": unsigned.amount().map(ToString::to_string),
        "currency": unsigned.currency().map(|currency| currency.as_str()),
        "order_id": unsigned.order_id(),
    });
    print(&line.to_string())
}

/// Prints the fields and parameters of a verified callback of CryptAPI, which is not bound to an
/// order.
///
/// Of parameters with the same name, the first is printed: a signed one if there is one. The
/// callback secret is among the parameters, so do not log them in production.
///
/// # Errors
///
/// The error of `print`. The receiver then replies with 500, which asks the provider to send again.
pub fn print_callback<P: CallbackProvider>(
    print: &Print,
    callback: &Verified<P>,
) -> io::Result<()> {
    let fields = callback.unbound();
    let mut params = Map::new();
    for parameter in callback.parameters() {
        let name = parameter.name().to_owned();
        params
            .entry(name)
            .or_insert_with(|| parameter.value().as_untrusted_str().into());
    }
    let line = json!({
        "provider": P::NAME,
        "uuid": fields.uuid(),
        "pending": fields.stage() == Stage::Pending,
        "coin": fields.coin(),
        "address_in": fields.address_in(),
        "value_coin": fields.value_coin().map(|value| value.to_string()),
        "params": params,
    });
    print(&line.to_string())
}
