//! What the benchmarks share.

use std::time::Duration;

use postback_core::{
    MediaType, SecretKey, Verifier, claim::Claim, cryptocloud::CryptoCloud, testing,
};

const NOW: u64 = 1_769_509_400;

pub(crate) fn claim(id: &str) -> Claim {
    let secret = SecretKey::new("s").expect("a secret");
    let token = testing::token(&secret, id, NOW.saturating_add(300));
    let verifier = Verifier::new(CryptoCloud::new(), secret);
    let body = format!(
        r#"{{"status":"success","invoice_id":"{id}","amount_crypto":0.05,"currency":"BTC","token":"{token}"}}"#
    );
    let payment = testing::deliver(&verifier, MediaType::Json, body, NOW);
    Claim::from(&payment.expect("a genuine payment"))
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    let middle = times.get(times.len() / 2);
    middle.copied().expect("a time")
}
