use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Bound, BoundBy, CallbackProvider, Converted,
    canonical::{canonical_address, canonical_coin, same_coin},
    fields::FieldName,
};
use crate::{
    Amount, Field,
    event::{Contents, Digester, EventRecord, FieldDigests, Stage, payload_json},
    reconcile::{Assurance, Outcome, Price, Reconciliation},
};

impl<P: CallbackProvider> Bound<P> {
    /// Compares the payment with a price, by `value_coin`: the amount that was paid, including
    /// fees. A price in a fiat currency is compared with `value_coin_convert`, which addresses made
    /// with `convert=1` have.
    ///
    /// The assurance is:
    ///
    /// - [`Assurance::Confirmed`] for a confirmed payment that was bound by its URL or callback
    ///   secret;
    /// - [`Assurance::Signed`] for a pending one;
    /// - [`Assurance::ArrangedByAnyone`] for a payment that was bound by the address alone. **It
    ///   pays nothing unless the price [accepts this assurance](Price::with_assurance).**
    pub fn reconcile(&self, price: &Price) -> Reconciliation {
        let assurance = match (self.bound_by(), self.stage()) {
            (BoundBy::AddressWithoutSecret, _) => Assurance::ArrangedByAnyone,
            (BoundBy::CallbackUrl | BoundBy::Secret, Stage::Pending) => Assurance::Signed,
            (BoundBy::CallbackUrl | BoundBy::Secret, Stage::Confirmed) => Assurance::Confirmed,
        };
        let outcome = self.outcome(price);
        Reconciliation::new(record(self), price, assurance, outcome)
    }

    fn outcome(&self, price: &Price) -> Outcome {
        if self.is_test() {
            return Outcome::TestMode;
        }
        if self.stage() == Stage::Pending {
            return Outcome::Pending;
        }
        let paid = self.value_coin();
        match paid {
            Some(nothing) if nothing.is_zero() => Outcome::Underpaid(nothing),
            _ if price.is_fiat() => self.outcome_in_fiat(price),
            None => Outcome::Unknown("value_coin"),
            Some(_) if !same_coin(self.coin(), price.currency()) => {
                Outcome::WrongCurrency(self.coin().to_owned())
            }
            Some(paid) => price.compare(&paid),
        }
    }

    fn outcome_in_fiat(&self, price: &Price) -> Outcome {
        let unknown = Outcome::Unknown("value_coin_convert");
        let Field::Known(converted) = self.value_coin_convert() else {
            return unknown;
        };
        let is_asked = |it: &&Converted<'_>| it.currency.eq_ignore_ascii_case(price.currency());
        let mut stated = converted.iter().filter(is_asked);
        match (stated.next(), stated.next()) {
            // A payment arrived, so that its value cannot be zero.
            (Some(paid), None) if !paid.amount.is_zero() => price.compare(&paid.amount),
            _ => unknown,
        }
    }
}

/// Namespace of CryptAPI and BlockBee, which share it because their ids are of one kind.
const NAMESPACE: &str = "cryptapi";

/// Returns the record of a payment to an address. The id is `uuid`, which is the same for the
/// pending and the confirmed callback.
///
/// Address, coin, value and the payer's transaction must not change. Confirmations, price, result
/// and converted values may.
fn record<P: CallbackProvider>(bound: &Bound<P>) -> EventRecord {
    let address_in = canonical_address(bound.address_in());
    let coin = canonical_coin(bound.coin());
    let value = bound.value_coin().map(|value| value.shortest());
    let digest = FieldDigests::new(
        NAMESPACE,
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
        namespace: NAMESPACE,
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
    /// The text as received, because a price in a fiat currency is compared with it.
    value_coin_convert: Option<&'a str>,
    value_forwarded_coin: Option<String>,
    fee_coin: Option<String>,
    price: Option<String>,
    confirmations: Option<u64>,
    txid_in: Option<&'a str>,
    txid_out: Option<&'a str>,
    /// Names and values of [`CallbackFields::unreadable`](super::CallbackFields::unreadable).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unreadable: BTreeMap<&'a str, &'a str>,
}
