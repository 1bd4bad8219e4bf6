use serde::Serialize;

use super::{Basis, Bound, Callback, Stage, address::canonical};
use crate::{
    Amount, Provider,
    claim::{Claim, Digester, Finality, Terms},
};

/// Both brands are one gateway, and their ids are of one kind. The event is known by `uuid` and stage; only a bound
/// callback is the shop's to claim.
///
/// What must not change: address, coin, value and the payer's transaction. Confirmations, price, result and
/// converted values do.
impl<P: Provider<Event = Callback>> From<&Bound<P>> for Claim {
    fn from(bound: &Bound<P>) -> Self {
        let address_in = canonical(bound.address_in());
        let value = bound.value_coin().map(|value| value.shortest());
        let digest = Digester::new("cryptapi 1")
            .field(Some(&address_in))
            .field(Some(bound.coin()))
            .field(value.as_deref())
            .field(bound.txid_in());
        let transfer = bound.txid_in().map(|txid_in| {
            let transfer = Digester::new("cryptapi transfer 1")
                .field(Some(bound.coin()))
                .field(Some(txid_in))
                .field(Some(&address_in));
            transfer.finish()
        });
        Self::from(Terms {
            namespace: "cryptapi",
            scope: bound.verified().scope(),
            id: bound.uuid(),
            finality: match bound.stage() {
                Stage::Confirmed => Finality::Final,
                Stage::Pending => Finality::Pending,
            },
            has_stages: true,
            digest: digest.finish(),
            transfer,
            event: Event {
                provider: P::NAME,
                bound_by: match bound.basis() {
                    Basis::AddressWithoutNonce => "address without nonce",
                    Basis::CallbackUrl => "callback URL",
                    Basis::Nonce => "nonce",
                },
                uuid: bound.uuid(),
                pending: bound.stage() == Stage::Pending,
                address_in: bound.address_in(),
                address_out: bound.address_out(),
                coin: bound.coin(),
                value_coin: text(bound.value_coin()),
                value_forwarded_coin: text(bound.value_forwarded_coin()),
                fee_coin: text(bound.fee_coin()),
                price: text(bound.price()),
                confirmations: bound.confirmations(),
                txid_in: bound.txid_in(),
                txid_out: bound.txid_out(),
            },
        })
    }
}

fn text(amount: Option<Amount>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

#[derive(Serialize)]
struct Event<'a> {
    provider: &'a str,
    bound_by: &'a str,
    uuid: &'a str,
    pending: bool,
    address_in: &'a str,
    address_out: Option<&'a str>,
    coin: &'a str,
    value_coin: Option<String>,
    value_forwarded_coin: Option<String>,
    fee_coin: Option<String>,
    price: Option<String>,
    confirmations: Option<u64>,
    txid_in: Option<&'a str>,
    txid_out: Option<&'a str>,
}
