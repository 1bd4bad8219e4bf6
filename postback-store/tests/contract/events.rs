//! Claims of verified events.

use std::sync::LazyLock;

use postback_core::{
    MediaType, Method, Provider, SecretKey, Verifier,
    claim::Claim,
    cryptapi::{CallbackUrl, CryptApi, Expected, Nonce},
    cryptocloud::{self, CryptoCloud, Trybit},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};

const NOW: u64 = 1_769_509_400;
const ORIGIN: &str = "https://shop.example";
const NONCE: &str = "5d1f3b0e7a6b43059fa2b0fbda6e3ff2";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

/// A payment of CryptoCloud's.
pub(crate) fn payment(id: &str) -> Claim {
    Payment::default().claim(id)
}

/// A delivery of CryptoCloud's, and what may differ from one to the next.
#[derive(Clone, Copy)]
pub(crate) struct Payment<'a> {
    pub(crate) scope: Option<&'a str>,
    pub(crate) amount: &'a str,
    pub(crate) expiry: u64,
    pub(crate) by_trybit: bool,
}

impl Default for Payment<'_> {
    fn default() -> Self {
        Self {
            scope: None,
            amount: "0.05",
            expiry: NOW + 300,
            by_trybit: false,
        }
    }
}

impl Payment<'_> {
    pub(crate) fn claim(self, id: &str) -> Claim {
        let secret = SecretKey::new("s").unwrap();
        let token = testing::token(&secret, id, self.expiry);
        let amount = self.amount;
        let body = format!(
            r#"{{"status":"success","invoice_id":"{id}","amount_crypto":{amount},"currency":"BTC","token":"{token}"}}"#
        );
        match self.by_trybit {
            true => self.verified(Trybit::new(), secret, body),
            false => self.verified(CryptoCloud::new(), secret, body),
        }
    }

    fn verified<P>(self, provider: P, secret: SecretKey, body: String) -> Claim
    where
        P: Provider<Event = cryptocloud::Payment, Key = SecretKey>,
    {
        let mut verifier = Verifier::builder(provider, secret);
        if let Some(scope) = self.scope {
            verifier = verifier.scope(scope);
        }
        let verifier = verifier.build().unwrap();
        let payment = testing::deliver(&verifier, MediaType::Json, body, NOW);
        Claim::from(&payment.unwrap())
    }
}

/// A callback of CryptAPI's: a transfer of its own for each `txid`.
pub(crate) fn callback(uuid: &str, txid: &str, pending: bool) -> Claim {
    let fields = SAMPLE_CALLBACK
        .replace("dbfcb40e-5a6b-4305-9fa2-b0fbda6e3ff2", uuid)
        .replace(
            "a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c",
            txid,
        )
        .replace("pending=0", if pending { "pending=1" } else { "pending=0" });
    let target = format!("/callback?{}={NONCE}&{fields}", CallbackUrl::NONCE_NAME);
    let signature = KEY.sign(format!("{ORIGIN}{target}")).unwrap();
    let headers = [("x-ca-signature", &*signature)];
    let provider = CryptApi::get([ORIGIN]).unwrap();
    let verifier = Verifier::new(provider, KEY.public_key().unwrap());
    let callback = testing::request(&verifier, Method::Get, &target, &headers, "", NOW).unwrap();
    let expected = Expected::nonce(Nonce::from_stored(NONCE).unwrap())
        .address_in(SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([SAMPLE_ADDRESS_OUT]);
    Claim::from(&callback.bind(&expected).unwrap())
}
