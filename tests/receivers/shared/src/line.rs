use std::io;

use postback_core::{
    Provider, Verified, cryptapi::CallbackProvider, cryptocloud::Payment, event::Stage,
};
use serde_json::{Map, json};

use crate::Print;

/// Prints what a verified postback of CryptoCloud or Trybit says. A shop would look the order up by
/// `invoice_id` here, and compare amount and currency with it.
///
/// # Errors
///
/// If it cannot be printed: then it counts as not received, so that the provider may try again.
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

/// Prints what a verified callback of CryptAPI says, of a payment that may be anybody's. A shop would look
/// the order up by `address_in` or a parameter here, and credit only what it can bind to it.
///
/// Of parameters with one name, the first is printed: a signed one if there is one. A shop's own log should
/// leave out the callback secret, which is among them.
///
/// # Errors
///
/// If it cannot be printed: then it counts as not received, and the provider tries again.
pub fn print_callback<P: CallbackProvider>(
    print: &Print,
    callback: &Verified<P>,
) -> io::Result<()> {
    let notice = callback.unbound();
    let mut params = Map::new();
    for parameter in callback.parameters() {
        let name = parameter.name().to_owned();
        params
            .entry(name)
            .or_insert_with(|| parameter.value().as_untrusted_str().into());
    }
    let line = json!({
        "provider": P::NAME,
        "uuid": notice.uuid(),
        "pending": notice.stage() == Stage::Pending,
        "coin": notice.coin(),
        "address_in": notice.address_in(),
        "value_coin": notice.value_coin().map(|value| value.to_string()),
        "params": params,
    });
    print(&line.to_string())
}
