//! Signed URLs of CryptAPI: a callback is accepted, read and bound as its query says by the rules
//! of the provider's documentation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_fuzz::{
    callback::{self, Fields},
    corpus::Mode,
    seeds,
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let Ok(query) = std::str::from_utf8(data) else {
        return;
    };
    callback::check(&callback::verify_query(query), Some(&Fields::of_query(query)));
});

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = callback::seeds(Mode::Get);
    seeds.push(callback::bound_query().into());
    seeds
}
