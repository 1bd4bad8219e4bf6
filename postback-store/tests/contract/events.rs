//! Verified payments, reconciled with the price of their order.

use std::sync::LazyLock;

use postback_core::{
    MediaType, Method, PaymentProvider, SecretKey, Verifier,
    cryptapi::{CryptApi, Expected},
    cryptocloud::{self, CryptoCloud, Trybit},
    reconcile::{Assurance, Price, Reconciliation},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};

const NOW: u64 = 1_769_509_400;
const ORIGIN: &str = "https://shop.example";
const CALLBACK: &str = "/callback?nonce=5d1f3b0e7a6b43059fa2b0fbda6e3ff2";
/// Price of each order, unless a test chooses another one.
const PRICE: &str = "0.05";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

/// Returns a payment of CryptoCloud that pays its price.
pub(crate) fn payment(id: &str) -> Reconciliation {
    Payment::default().reconciled(id)
}

/// Delivery of CryptoCloud, with the values that differ between tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payment<'a> {
    pub(crate) project: Option<&'a str>,
    pub(crate) status: &'a str,
    /// Amount as it is written in JSON.
    pub(crate) amount: &'a str,
    pub(crate) currency: Option<&'a str>,
    /// Further members, each after a comma.
    pub(crate) members: &'a str,
    pub(crate) expiry: u64,
    pub(crate) by_trybit: bool,
    /// Price in BTC.
    pub(crate) price: &'a str,
    /// Assurance that the price needs.
    pub(crate) assurance: Assurance,
}

impl Default for Payment<'_> {
    fn default() -> Self {
        Self::PAYING
    }
}

impl Payment<'_> {
    pub(crate) const PAYING: Payment<'static> = Payment {
        project: None,
        status: "success",
        amount: PRICE,
        currency: Some("BTC"),
        members: "",
        expiry: NOW + 300,
        by_trybit: false,
        price: PRICE,
        assurance: Assurance::Unsigned,
    };

    /// Payments that credit nothing.
    pub(crate) const NOT_PAYING: [Payment<'static>; 3] = [
        Payment {
            members: r#","invoice_info":{"test_mode":true}"#,
            ..Self::PAYING
        },
        Payment {
            status: "created",
            ..Self::PAYING
        },
        Payment {
            amount: "0",
            ..Self::PAYING
        },
    ];

    /// Payments with an unknown outcome: a field that decides is absent or unreadable.
    pub(crate) const UNCLEAR: [Payment<'static>; 5] = [
        Payment {
            members: r#","invoice_info":[]"#,
            ..Self::PAYING
        },
        Payment {
            members: r#","invoice_info":{"test_mode":null}"#,
            ..Self::PAYING
        },
        Payment {
            amount: r#""much""#,
            ..Self::PAYING
        },
        Payment {
            amount: "null",
            ..Self::PAYING
        },
        Payment {
            currency: None,
            ..Self::PAYING
        },
    ];

    pub(crate) fn reconciled(self, id: &str) -> Reconciliation {
        let secret = SecretKey::new("s").unwrap();
        let token = testing::token(&secret, id, self.expiry);
        let Self {
            status,
            amount,
            members,
            ..
        } = self;
        let currency = match self.currency {
            Some(currency) => format!(r#","currency":"{currency}""#),
            None => String::new(),
        };
        let body = format!(
            r#"{{"status":"{status}","invoice_id":"{id}","amount_crypto":{amount}{currency}{members},"token":"{token}"}}"#
        );
        match self.by_trybit {
            true => self.deliver(Trybit::new(), secret, body),
            false => self.deliver(CryptoCloud::new(), secret, body),
        }
    }

    fn deliver<P>(self, provider: P, secret: SecretKey, body: String) -> Reconciliation
    where
        P: PaymentProvider<Payload = cryptocloud::Payment, Key = SecretKey>,
    {
        let mut verifier = Verifier::builder(provider, secret);
        if let Some(project) = self.project {
            verifier = verifier.project(project);
        }
        let verifier = verifier.build().unwrap();
        let payment = testing::deliver(&verifier, MediaType::Json, body, NOW).unwrap();
        let price = price(self.price, "BTC", self.assurance);
        payment.reconcile(&price).unwrap()
    }
}

/// Returns a callback of CryptAPI that pays its price if it is confirmed. Each `txid` is another
/// transfer.
pub(crate) fn callback(uuid: &str, txid: &str, pending: bool) -> Reconciliation {
    Callback {
        uuid,
        txid,
        pending,
        ..Callback::default()
    }
    .reconciled()
}

/// Payment of less than the price.
pub(crate) const UNDERPAID: Payment<'static> = Payment {
    amount: "0.04",
    ..Payment::PAYING
};

/// Callback of CryptAPI, with the values that differ between tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback<'a> {
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
        let signature = KEY.sign(format!("{ORIGIN}{target}")).unwrap();
        let headers = [("x-ca-signature", &*signature)];
        let provider = CryptApi::get([ORIGIN]).unwrap();
        let expected = match self.bound_by_url {
            true => {
                let url = provider.stored_callback_url(&format!("{ORIGIN}{CALLBACK}"));
                Expected::callback_url(url.unwrap()).address_in(SAMPLE_ADDRESS_IN)
            }
            false => Expected::address_without_secret(SAMPLE_ADDRESS_IN),
        };
        let expected = expected.coin("btc").payout_addresses([SAMPLE_ADDRESS_OUT]);
        let verifier = Verifier::new(provider, KEY.public_key().unwrap());
        let callback = testing::request(&verifier, Method::Get, &target, &headers, "", NOW);
        let bound = callback.unwrap().bind(&expected).unwrap();
        bound.reconcile(&price(self.price, "btc", self.assurance))
    }
}

fn price(amount: &str, currency: &str, assurance: Assurance) -> Price {
    let price = Price::new(amount.parse().unwrap(), currency).unwrap();
    price.with_assurance(assurance)
}
