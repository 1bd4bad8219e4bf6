use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Payment;
use crate::{
    Provider, Verified,
    event::{Contents, Digester, EventRecord},
};

/// The record of a payment. Both brands are one provider, and their ids are of one kind. The key is the signed
/// invoice id: never the token, the order id or a key's label.
///
/// What must not change: status, amount and currency. They are not signed.
pub(super) fn record<P: Provider<Event = Payment>>(payment: &Verified<P>) -> EventRecord {
    let unsigned = payment.unsigned();
    let status = unsigned.status().map(|status| status.as_str());
    let amount = unsigned.amount().map(|amount| amount.shortest());
    let currency = unsigned.currency().map(|currency| currency.as_str());
    let digest = Digester::new("cryptocloud 1")
        .field(status)
        .field(amount.as_deref())
        .field(currency);
    EventRecord::from(Contents {
        namespace: "cryptocloud",
        scope: payment.scope(),
        id: payment.invoice_id(),
        digest: digest.finish(),
        transfer: None,
        payload: Payload {
            provider: P::NAME,
            invoice_id: payment.invoice_id(),
            expires_at: payment.expires_at(),
            status,
            amount,
            currency,
            order_id: unsigned.order_id(),
            invoice_info: unsigned.invoice_info_as_received(),
            unreadable: unsigned.unreadable().collect(),
        },
    })
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
    /// Names, and values as received.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unreadable: BTreeMap<&'a str, &'a str>,
}
