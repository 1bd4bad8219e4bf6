//! The payload that stores hold in the targets, and inputs that are free of it.

use libfuzzer_sys::arbitrary::{Arbitrary, Unstructured};

/// Text of each payload, which no error shows.
pub const PAYLOAD: &str = "the payload of a buyer";

/// Reads an input, or returns `None` if it is too short or contains the payload. Fuzzing finds the
/// payload's text by the comparisons with it, and puts it into other fields.
pub fn input_without_payload<'a, T: Arbitrary<'a>>(data: &'a [u8]) -> Option<T> {
    let mut parts = data.windows(PAYLOAD.len());
    match parts.any(|part| part == PAYLOAD.as_bytes()) {
        true => None,
        false => T::arbitrary_take_rest(Unstructured::new(data)).ok(),
    }
}
