//! Verified payments that pay their price.

use postback_core::{
    MediaType, SecretKey, Verifier,
    cryptocloud::CryptoCloud,
    reconcile::{Price, Reconciliation},
    testing,
};

const NOW: u64 = 1_769_509_400;

/// Returns a payment of CryptoCloud that pays its price.
pub(crate) fn payment(id: &str) -> Reconciliation {
    let secret = SecretKey::new("s").expect("a secret");
    let token = testing::token(&secret, id, NOW.saturating_add(300));
    let verifier = Verifier::new(CryptoCloud::new(), secret);
    let body = format!(
        r#"{{"status":"success","invoice_id":"{id}","amount_crypto":0.05,"currency":"BTC","token":"{token}"}}"#
    );
    let payment = testing::deliver(&verifier, MediaType::Json, body, NOW);
    let price = Price::new("0.05".parse().expect("an amount"), "BTC").expect("a price");
    let reconciliation = payment.expect("a genuine payment").reconcile(&price);
    reconciliation.expect("a price in a coin")
}
