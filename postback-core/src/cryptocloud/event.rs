use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Payment;
use crate::{PaymentEvent, Provider};

/// Returns the payment that a postback reports, identified by the signed invoice id.
///
/// The fields that must not change are status, amount and currency, although they are not signed.
pub(super) fn payment_event<P: Provider<Payload = Payment>>(payment: &Payment) -> PaymentEvent<'_> {
    let unsigned = payment.unsigned();
    let status = unsigned.status().map(|status| status.as_str());
    let amount = unsigned.amount().map(|amount| amount.shortest());
    let currency = unsigned.currency().map(|currency| currency.as_str());
    let (invoice_info, malformed) = match unsigned.invoice_info_as_received() {
        Some(Ok(json)) => (Some(json), None),
        Some(Err(text)) => (None, Some(("invoice_info", text))),
        None => (None, None),
    };
    let payload = Payload {
        provider: P::NAME,
        invoice_id: payment.invoice_id(),
        expires_at: payment.expires_at(),
        status,
        amount: amount.clone(),
        currency,
        order_id: unsigned.order_id(),
        invoice_info,
        unreadable: unsigned.unreadable().chain(malformed).collect(),
    };
    PaymentEvent::new(payment.invoice_id(), payload)
        .field("status", status)
        .field("amount_crypto", amount)
        .field("currency", currency)
}

#[derive(Serialize)]
struct Payload<'a> {
    provider: &'a str,
    invoice_id: &'a str,
    expires_at: u64,
    status: Option<&'a str>,
    amount: Option<String>,
    currency: Option<&'a str>,
    order_id: Option<&'a str>,
    invoice_info: Option<&'a RawValue>,
    /// Names, and values as received. Contains `invoice_info` if it is malformed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unreadable: BTreeMap<&'a str, &'a str>,
}
