//! JSON bodies of CryptoCloud: a body is accepted if, and only if, its members contain the token
//! and its invoice once, and its fields are those that `serde_json` decodes. Values that are not
//! needed may be malformed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::{Amount, MediaType, testing::SAMPLE_INVOICE_ID};
use postback_fuzz::{
    json,
    payment::{self, TOKEN, VERIFIER},
    seeds, token,
};

fuzz_target!(init: seeds::write(payment::seeds("json")), |data: &[u8]| {
    let body = payment::with_token(data, &TOKEN);
    // A seed that has the length of the limit exceeds it with another token.
    if body.len() > VERIFIER.body_limit() {
        return;
    }
    payment::reject_forged(MediaType::Json, data);
    let result = payment::verify(MediaType::Json, body.clone());
    let members = members(&body);
    let is_accepted = members.as_deref().map_or(Some(false), is_accepted);
    let is_expected = is_accepted.is_none_or(|it| it == result.is_ok());
    assert!(is_expected, "{is_accepted:?} {:?}", result.err());
    let (Ok(payment), Some(members)) = (result, members) else {
        return;
    };
    assert_eq!(payment.invoice_id(), SAMPLE_INVOICE_ID);
    let unsigned = payment.unsigned();
    let text = |name| json::single(&members, name).and_then(json::text);
    let number = |name| {
        let raw = json::single(&members, name)?;
        (is_number(raw) && json::is_well_formed(raw)).then(|| raw.to_owned())
    };
    assert_eq!(unsigned.status().map(|it| it.as_str().to_owned()), text("status"));
    assert_eq!(unsigned.currency().map(|it| it.as_str().to_owned()), text("currency"));
    assert_eq!(unsigned.order_id().map(str::to_owned), text("order_id").or(number("order_id")));
    let amount = text("amount_crypto").or(number("amount_crypto"));
    let amount = amount.and_then(|text| text.parse().ok());
    let amount = amount.filter(|amount: &Amount| !amount.is_negative());
    assert_eq!(unsigned.amount().map(Amount::as_received), amount.as_ref().map(Amount::as_received));
    payment::use_up(&payment);
});

fn members(body: &[u8]) -> Option<Vec<(String, &str)>> {
    let text = std::str::from_utf8(body).ok()?;
    json::members(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Returns whether the body is accepted. `None` if it depends on a part that is malformed.
fn is_accepted(members: &[(String, &str)]) -> Option<bool> {
    let is_repeated = |name: &&str| members.iter().filter(|(it, _)| it == name).count() > 1;
    let is_readable = |(name, raw): &(String, &str)| {
        !["invoice_id", "token"].contains(&&**name) || json::is_well_formed(raw)
    };
    let text = |name| json::single(members, name).and_then(json::text);
    let is_trimmed = |it: char| " \t\r\n".contains(it);
    let is_genuine = !NAMES.iter().any(is_repeated)
        && members.iter().all(is_readable)
        && text("token").is_some_and(|token| token.trim_matches(is_trimmed) == *TOKEN)
        && text("invoice_id").is_some_and(|id| is_of_sample(&id));
    match json::single(members, "invoice_info") {
        Some(info) if is_genuine => names_no_other_invoice(info),
        _ => Some(is_genuine),
    }
}

/// Returns whether `invoice_info` is that of the sample's invoice or names none. `None` if it is
/// malformed between its members, so that it depends on where the crate finds `uuid`.
fn names_no_other_invoice(info: &str) -> Option<bool> {
    let Some(members) = json::members(info) else {
        return (!json::is_container(info)).then_some(true);
    };
    let mut uuids = members.iter().filter(|(name, _)| name == "uuid");
    let looks_like_id = |text: &str| {
        let is_digit = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        text.starts_with("INV-") || (text.len() == 8 && text.bytes().all(is_digit))
    };
    Some(match (uuids.next(), uuids.next()) {
        (None, _) => true,
        (Some((_, raw)), None) => {
            json::text(raw).is_none_or(|text| is_of_sample(&text) || !looks_like_id(&text))
        }
        (Some(_), Some(_)) => false,
    })
}

fn is_of_sample(text: &str) -> bool {
    token::invoice_id(text) == Some(SAMPLE_INVOICE_ID)
}

fn is_number(raw: &str) -> bool {
    raw.starts_with(|it: char| it == '-' || it.is_ascii_digit())
}

const NAMES: [&str; 7] = [
    "amount_crypto",
    "currency",
    "invoice_id",
    "invoice_info",
    "order_id",
    "status",
    "token",
];
