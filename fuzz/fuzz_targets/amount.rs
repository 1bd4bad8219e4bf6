//! Amounts: a text is an amount if it is a JSON number within the limits, and amounts compare as
//! whole numbers of their smallest unit do.

#![no_main]

use std::hash::{DefaultHasher, Hash, Hasher};

use libfuzzer_sys::fuzz_target;
use num_bigint::{BigInt, BigUint};
use postback_core::Amount;
use postback_fuzz::seeds;
use serde_json::value::RawValue;

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (one, other) = text.split_once('\n').unwrap_or((text, "1"));
    let (Some((one, units)), Some((other, other_units))) = (parsed(one), parsed(other)) else {
        return;
    };
    assert_eq!(one.cmp(&other), units.cmp(&other_units), "{one:?} {other:?}");
    assert_eq!(one == other, units == other_units);
    if one == other {
        assert_eq!(hash(&one), hash(&other));
    }
});

/// Parses an amount, and returns it with its value in units of 10^-228.
fn parsed(text: &str) -> Option<(Amount, BigInt)> {
    let units = units(text);
    let amount: Option<Amount> = text.parse().ok();
    assert_eq!(amount.is_some(), units.is_some(), "{text:?}");
    let (amount, units) = (amount?, units?);
    assert_eq!(amount.as_received(), text);
    assert_eq!(amount.is_zero(), units == BigInt::ZERO);
    assert_eq!(amount.is_negative(), text.starts_with('-'));
    let plain = amount.to_string();
    assert!(
        plain
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte)),
        "{plain}"
    );
    if plain.len() <= Amount::MAX_LENGTH {
        assert_eq!(plain.parse().as_ref(), Ok(&amount));
    }
    Some((amount, units))
}

fn units(text: &str) -> Option<BigInt> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let is_number = text.starts_with(|it: char| it == '-' || it.is_ascii_digit());
    if raw.get() != text || !is_number || text.len() > Amount::MAX_LENGTH {
        return None;
    }
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    if exponent.unsigned_abs() > u64::from(Amount::MAX_EXPONENT) {
        return None;
    }
    let scale = SMALLEST + exponent - i64::try_from(fraction.len()).ok()?;
    Some(digits * BigInt::from(BigUint::from(10_u32).pow(u32::try_from(scale).ok()?)))
}

/// Number of decimal places of the smallest unit: the longest fraction and the largest exponent.
const SMALLEST: i64 = 228;

fn hash(amount: &Amount) -> u64 {
    let mut hasher = DefaultHasher::new();
    amount.hash(&mut hasher);
    hasher.finish()
}

fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "0.000113\n1.13e-04",
        "-0\n0",
        "1E+2\n100.0",
        "0.5e1\n5",
        "1e100\n-1e-100",
        "01",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}
