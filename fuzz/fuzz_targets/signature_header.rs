//! Signatures in headers: exactly one spelling of the bytes is read, in exactly one header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::{Rejection, RequestHead, SignatureHeader};
use postback_fuzz::{base64, corpus::Case, seeds};

const BASE64: SignatureHeader = SignatureHeader::base64("x-signature");
const HEXADECIMAL: SignatureHeader = SignatureHeader::hexadecimal("x-signature").with_prefix("v1=");

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    // Each line is the value of one header.
    let values: Vec<_> = data.split(|byte| *byte == b'\n').filter(|it| *it != b"-").collect();
    let headers: Vec<_> = values.iter().map(|value| ("X-Signature", value)).collect();
    let head = RequestHead::new("POST", "/", &headers);
    let single = match values[..] {
        [value] => Some(value),
        _ => None,
    };
    check(BASE64.read(&head), &values, single.and_then(of_base64));
    check(HEXADECIMAL.read(&head), &values, single.and_then(of_hexadecimal));
});

fn check(read: Result<Vec<u8>, Rejection>, values: &[&[u8]], expected: Option<Vec<u8>>) {
    match read {
        Ok(bytes) => assert_eq!(Some(bytes), expected),
        Err(rejection) => {
            assert_eq!(expected, None, "{rejection:?}");
            let is_blank = |value: &&[u8]| {
                value
                    .strip_prefix(b"v1=")
                    .unwrap_or(value)
                    .trim_ascii()
                    .is_empty()
            };
            let is_unsigned = values.len() < 2 && values.iter().all(is_blank);
            if rejection == Rejection::Unsigned {
                assert!(is_unsigned, "{values:?}");
            } else {
                assert_eq!(rejection, Rejection::BadSignature);
            }
        }
    }
}

fn of_base64(value: &[u8]) -> Option<Vec<u8>> {
    let bytes = base64::decode(value, base64::STANDARD).filter(|it| is_of_length(it))?;
    (base64::encode(&bytes, base64::STANDARD).as_bytes() == value).then_some(bytes)
}

fn of_hexadecimal(value: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(value.strip_prefix(b"v1=")?).ok()?;
    let digits: Option<Vec<_>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes: Vec<_> = digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect();
    Some(bytes).filter(|it| is_of_length(it))
}

fn is_of_length(bytes: &[u8]) -> bool {
    (1..=SignatureHeader::MAX_BYTES).contains(&bytes.len())
}

fn seeds() -> Vec<Vec<u8>> {
    let headers = Case::cryptapi()
        .into_iter()
        .flat_map(|case| case.request.headers);
    let values = headers
        .filter(|(name, _)| name == "x-ca-signature")
        .map(|(_, value)| value);
    let base64 = values.map(String::into_bytes);
    base64
        .chain([
            b"v1=00ff".to_vec(),
            b"-".to_vec(),
            b"AAEC/w==\nAAEC/w==".to_vec(),
        ])
        .collect()
}
