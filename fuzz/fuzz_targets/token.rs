//! Tokens of CryptoCloud, alone: an accepted token is accepted by PyJWT's rules and by
//! `jsonwebtoken`, and a token as the provider makes it is accepted.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::{MediaType, testing};
use postback_fuzz::{
    corpus::Case,
    pairs,
    payment::{self, KEY},
    seeds,
    settings::NOW,
    token::{self, LEEWAY},
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    if *kind == OF_PROVIDER {
        return check_token_of_provider(rest);
    }
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    check(&match (*kind, text.split_once('\n')) {
        (SIGNED_PARTS, Some((header, claims))) => testing::sign_hs256(&KEY, header, claims),
        (SIGNED_MESSAGE, _) => testing::sign_message(&KEY, text),
        _ => text.to_owned(),
    });
});

/// First byte of an input: the rest is a header and claims, with a line end between them, which are
/// signed.
const SIGNED_PARTS: u8 = b'p';

/// First byte of an input: the rest is the message of a token, which is signed.
const SIGNED_MESSAGE: u8 = b'm';

/// First byte of an input: the rest is an expiry and an id, of which a token is made as the
/// provider does.
const OF_PROVIDER: u8 = b'g';

fn check(token: &str) {
    // The verifier trims a token, as the provider's samples do.
    let trimmed = token.trim_matches([' ', '\t', '\r', '\n']);
    let id = token::id_of(trimmed).unwrap_or_default();
    let Ok(payment) = payment::verify(MediaType::Form, form(token, &id)) else {
        return;
    };
    let claims = token::py_jwt(trimmed).expect("PyJWT accepts the token");
    assert_eq!(Some(payment.invoice_id()), token::invoice_id(&claims.id));
    // A float of this size has no error of a second.
    let difference = payment.expires_at() as f64 - claims.exp.trunc();
    assert!(
        difference.abs() <= 1.0,
        "{} {}",
        payment.expires_at(),
        claims.exp
    );
    assert_eq!(token::jsonwebtoken(trimmed), Some(claims.id));
}

fn check_token_of_provider(data: &[u8]) {
    let Some((offset, id)) = data.split_first_chunk() else {
        return;
    };
    let Ok(id) = std::str::from_utf8(id) else {
        return;
    };
    let exp = NOW.saturating_add_signed(i32::from_le_bytes(*offset).into());
    let result = payment::verify(MediaType::Form, form(&testing::token(&KEY, id, exp), id));
    let is_in_time = (NOW + 1..=NOW + DAY + 2 * LEEWAY).contains(&(exp + LEEWAY));
    let is_accepted = is_in_time && token::invoice_id(id).is_some();
    assert_eq!(result.is_ok(), is_accepted, "{id:?} {exp}: {result:?}");
}

/// Ceiling on the lifetime of a token, in seconds.
const DAY: u64 = 86_400;

fn form(token: &str, id: &str) -> postback_core::Bytes {
    format!(
        "invoice_id={}&token={}",
        pairs::encoded(id),
        pairs::encoded(token)
    )
    .into()
}

fn seeds() -> Vec<Vec<u8>> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    let mut seeds = vec![b"g\x2c\x01\0\0ILRAJE1Q".to_vec()];
    for case in Case::cryptocloud() {
        let body = String::from_utf8_lossy(&case.request.body).into_owned();
        let Some(begin) = body.find("eyJ") else {
            continue;
        };
        let token: String = body[begin..]
            .chars()
            .take_while(|it| is_part(*it))
            .collect();
        seeds.push(format!("t{token}").into());
        if let Some((header, claims)) = token::parts(&token) {
            seeds.push([b"p", &header[..], b"\n", &claims].concat());
        }
        if let Some((message, _)) = token.rsplit_once('.') {
            seeds.push(format!("m{message}").into());
        }
    }
    seeds
}
