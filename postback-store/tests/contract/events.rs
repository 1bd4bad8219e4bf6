//! Verified payments, reconciled with the price of their order.

use postback_core::{
    MediaType, PaymentProvider, SecretKey, Verifier,
    cryptocloud::{self, CryptoCloud, Trybit},
    reconcile::{Assurance, Price, Reconciliation},
    testing,
};

pub(crate) use crate::callback::Callback;

const NOW: u64 = 1_769_509_400;
/// Price of each order, unless a test chooses another one.
const PRICE: &str = "0.05";

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

    /// Part payments of 0.03 and 0.04. Their digests are equal, because they do not cover
    /// `invoice_info`.
    pub(crate) const PARTIAL: [Payment<'static>; 2] = [
        Payment {
            members: r#","invoice_info":{"test_mode":false,"status":"partial","amount_paid":"0.03"}"#,
            ..Self::PAYING
        },
        Payment {
            members: r#","invoice_info":{"test_mode":false,"status":"partial","amount_paid":"0.04"}"#,
            ..Self::PAYING
        },
    ];

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

fn price(amount: &str, currency: &str, assurance: Assurance) -> Price {
    let price = Price::new(amount.parse().unwrap(), currency).unwrap();
    price.with_assurance(assurance)
}
