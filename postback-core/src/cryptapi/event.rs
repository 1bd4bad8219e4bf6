use std::collections::BTreeMap;

use serde::Serialize;

use super::{Bound, BoundBy, CallbackProvider, address, field::FieldName, ticker};
use crate::{
    Amount,
    event::{Contents, Digester, EventRecord, FieldDigests, Stage, payload_json},
};

/// The record of a payment to an address. Both brands are one provider, and their ids are of one kind. The key is
/// `uuid`, the same while the payment is pending and when it is confirmed.
///
/// What must not change: address, coin, value and the payer's transaction. Confirmations, price, result and
/// converted values do.
pub(super) fn record<P: CallbackProvider>(bound: &Bound<P>) -> EventRecord {
    let address_in = address::canonical(bound.address_in());
    let coin = ticker::canonical(bound.coin());
    let value = bound.value_coin().map(|value| value.shortest());
    let digest = FieldDigests::new(
        "cryptapi",
        [
            ("address_in", Some(&*address_in)),
            ("coin", Some(&*coin)),
            ("value_coin", value.as_deref()),
            ("txid_in", bound.txid_in()),
        ],
    );
    let transfer = bound.txid_in().map(|txid_in| {
        let transfer = Digester::new("cryptapi transfer 1")
            .field(Some(&coin))
            .field(Some(txid_in))
            .field(Some(&address_in));
        transfer.finish()
    });
    EventRecord::from(Contents {
        namespace: "cryptapi",
        project: bound.verified().project(),
        id: bound.uuid(),
        stage: bound.stage(),
        digest,
        transfer,
        payload_json: payload_json(&Payload {
            provider: P::NAME,
            bound_by: match bound.bound_by() {
                BoundBy::AddressWithoutSecret => "address without callback secret",
                BoundBy::CallbackUrl => "callback URL",
                BoundBy::Secret => "callback secret",
            },
            uuid: bound.uuid(),
            pending: bound.stage() == Stage::Pending,
            address_in: bound.address_in(),
            address_out: bound.address_out(),
            coin: bound.coin(),
            value_coin: text(bound.value_coin()),
            value_coin_convert: bound.text(FieldName::ValueCoinConvert),
            value_forwarded_coin: text(bound.value_forwarded_coin()),
            fee_coin: text(bound.fee_coin()),
            price: text(bound.price()),
            confirmations: bound.confirmations(),
            txid_in: bound.txid_in(),
            txid_out: bound.txid_out(),
            unreadable: bound.unreadable().collect(),
        }),
    })
}

fn text(amount: Option<Amount>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

#[derive(Serialize)]
struct Payload<'a> {
    provider: &'a str,
    bound_by: &'a str,
    uuid: &'a str,
    pending: bool,
    address_in: &'a str,
    address_out: Option<&'a str>,
    coin: &'a str,
    value_coin: Option<String>,
    /// As received: a price in fiat was compared with it.
    value_coin_convert: Option<&'a str>,
    value_forwarded_coin: Option<String>,
    fee_coin: Option<String>,
    price: Option<String>,
    confirmations: Option<u64>,
    txid_in: Option<&'a str>,
    txid_out: Option<&'a str>,
    /// Names, and values as received.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unreadable: BTreeMap<&'a str, &'a str>,
}
