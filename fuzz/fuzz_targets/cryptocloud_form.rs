//! Forms of CryptoCloud: a form is accepted if, and only if, it has the token and its invoice
//! exactly once, strictly encoded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::{MediaType, testing::SAMPLE_INVOICE_ID};
use postback_fuzz::{
    pairs,
    payment::{self, TOKEN, VERIFIER},
    seeds, token,
};

type Pairs = Vec<(Option<String>, Option<String>)>;

fuzz_target!(init: seeds::write(payment::seeds("form")), |data: &[u8]| {
    let body = payment::with_token(data, &TOKEN);
    // A seed that has the length of the limit exceeds it with another token.
    if body.len() > VERIFIER.body_limit() {
        return;
    }
    payment::reject_forged(MediaType::Form, data);
    let result = payment::verify(MediaType::Form, body.clone());
    let pairs = std::str::from_utf8(&body).map(|text| pairs::pairs(pairs::form(text)));
    let is_accepted = pairs.as_ref().is_ok_and(is_accepted);
    assert_eq!(result.is_ok(), is_accepted, "{:?}", result.err());
    let (Ok(payment), Ok(pairs)) = (result, pairs) else {
        return;
    };
    assert_eq!(payment.invoice_id(), SAMPLE_INVOICE_ID);
    let unsigned = payment.unsigned();
    let text = |name| single(&pairs, name).filter(|it| !matches!(&**it, "" | "None" | "null"));
    assert_eq!(unsigned.status().map(|it| it.as_str().to_owned()), text("status"));
    assert_eq!(unsigned.currency().map(|it| it.as_str().to_owned()), text("currency"));
    assert_eq!(unsigned.order_id().map(str::to_owned), text("order_id"));
    if let Some(amount) = unsigned.amount() {
        assert_eq!(Some(amount.as_received().to_owned()), text("amount_crypto"));
    }
    assert_eq!(unsigned.invoice_uuid(), None);
    payment::use_up(&payment);
});

fn is_accepted(pairs: &Pairs) -> bool {
    let count = |name: &str| {
        pairs
            .iter()
            .filter(|(it, _)| it.as_deref() == Some(name))
            .count()
    };
    let is_repeated = |name: &&str| count(name) > 1;
    let is_trimmed = |it: char| " \t\r\n".contains(it);
    !NAMES.iter().any(is_repeated)
        && single(pairs, "token").is_some_and(|token| token.trim_matches(is_trimmed) == *TOKEN)
        && single(pairs, "invoice_id")
            .is_some_and(|id| token::invoice_id(&id) == Some(SAMPLE_INVOICE_ID))
}

fn single(pairs: &Pairs, name: &str) -> Option<String> {
    let mut found = pairs.iter().filter(|(it, _)| it.as_deref() == Some(name));
    found.next().and_then(|(_, value)| value.clone())
}

const NAMES: [&str; 6] = [
    "amount_crypto",
    "currency",
    "invoice_id",
    "order_id",
    "status",
    "token",
];
