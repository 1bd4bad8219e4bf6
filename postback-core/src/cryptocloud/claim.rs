use serde::Serialize;
use serde_json::value::RawValue;

use super::Payment;
use crate::{
    Provider, Verified,
    claim::{Claim, Digester, Finality, Terms},
};

/// Both brands are one gateway, and their ids are of one kind. The event is known by the signed invoice id:
/// never by the token, the order id or a key's label.
///
/// What must not change: status, amount and currency. They are not signed.
impl<P: Provider<Event = Payment>> From<&Verified<P>> for Claim {
    fn from(payment: &Verified<P>) -> Self {
        let claimed = payment.claimed();
        let status = claimed.status().map(|status| status.as_str());
        let amount = claimed.amount().map(|amount| amount.shortest());
        let currency = claimed.currency().map(|currency| currency.as_str());
        let digest = Digester::new("cryptocloud 1")
            .field(status)
            .field(amount.as_deref())
            .field(currency);
        Self::from(Terms {
            namespace: "cryptocloud",
            scope: payment.scope(),
            id: payment.invoice_id(),
            finality: Finality::Final,
            has_stages: false,
            digest: digest.finish(),
            transfer: None,
            event: Event {
                provider: P::NAME,
                invoice_id: payment.invoice_id(),
                expires_at: payment.expires_at(),
                status,
                amount,
                currency,
                order_id: claimed.order_id(),
                invoice_info: claimed.invoice_info_as_received(),
            },
        })
    }
}

#[derive(Serialize)]
struct Event<'a> {
    provider: &'a str,
    invoice_id: &'a str,
    expires_at: u64,
    status: Option<&'a str>,
    amount: Option<String>,
    currency: Option<&'a str>,
    order_id: Option<&'a str>,
    invoice_info: Option<&'a RawValue>,
}
