//! Callbacks of CryptAPI, whose transfer on the chain is known.

#![expect(clippy::expect_used, reason = "a test stops where something is wrong")]

use std::sync::LazyLock;

use postback_core::{
    Method, Verifier,
    cryptapi::{CryptApi, Expected},
    reconcile::{Assurance, Price, Reconciliation},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};

const NOW: u64 = 1_769_509_400;
const ORIGIN: &str = "https://shop.example";
const CALLBACK: &str = "/callback?nonce=5d1f3b0e7a6b43059fa2b0fbda6e3ff2";
/// Price of each order, unless a test chooses another one.
const PRICE: &str = "0.05";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().expect("a key"));

/// Callback of CryptAPI, with the values that differ between tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback<'a> {
    pub(crate) project: Option<&'a str>,
    pub(crate) uuid: &'a str,
    pub(crate) txid: &'a str,
    pub(crate) pending: bool,
    pub(crate) value: &'a str,
    /// True if it is bound by the callback URL, false by the address alone.
    pub(crate) bound_by_url: bool,
    /// Price in `btc`.
    pub(crate) price: &'a str,
    /// Assurance that the price needs.
    pub(crate) assurance: Assurance,
}

impl Default for Callback<'_> {
    fn default() -> Self {
        Self {
            project: None,
            uuid: "u-1",
            txid: "tx-1",
            pending: false,
            value: PRICE,
            bound_by_url: true,
            price: PRICE,
            assurance: Assurance::Unsigned,
        }
    }
}

impl Callback<'_> {
    pub(crate) fn reconciled(self) -> Reconciliation {
        let fields = SAMPLE_CALLBACK
            .replace("dbfcb40e-5a6b-4305-9fa2-b0fbda6e3ff2", self.uuid)
            .replace(
                "a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c",
                self.txid,
            )
            .replace("value_coin=0.05", &format!("value_coin={}", self.value))
            .replace(
                "pending=0",
                if self.pending {
                    "pending=1"
                } else {
                    "pending=0"
                },
            );
        let target = format!("{CALLBACK}&{fields}");
        let signature = KEY.sign(format!("{ORIGIN}{target}")).expect("a signature");
        let headers = [("x-ca-signature", &*signature)];
        let provider = CryptApi::get([ORIGIN]).expect("an origin");
        let expected = match self.bound_by_url {
            true => {
                let url = provider.stored_callback_url(&format!("{ORIGIN}{CALLBACK}"));
                Expected::callback_url(url.expect("a URL")).address_in(SAMPLE_ADDRESS_IN)
            }
            false => Expected::address_without_secret(SAMPLE_ADDRESS_IN),
        };
        let expected = expected.coin("btc").payout_addresses([SAMPLE_ADDRESS_OUT]);
        let mut verifier = Verifier::builder(provider, KEY.public_key().expect("a key"));
        if let Some(project) = self.project {
            verifier = verifier.project(project);
        }
        let verifier = verifier.build().expect("a project");
        let callback = testing::request(&verifier, Method::Get, &target, &headers, "", NOW);
        let bound = callback.expect("a genuine callback").bind(&expected);
        let price = Price::new(self.price.parse().expect("an amount"), "btc");
        let price = price.expect("a price").with_assurance(self.assurance);
        bound.expect("a callback of this order").reconcile(&price)
    }
}
