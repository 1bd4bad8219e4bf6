//! Signed forms of CryptAPI: a callback is accepted, read and bound as its body says by the rules
//! of the provider's documentation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::MediaType;
use postback_fuzz::{
    callback::{self, Fields, POST_FORM},
    corpus::Mode,
    seeds,
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let result = callback::verify_body(&POST_FORM, MediaType::Form, data);
    callback::check(&result, Fields::of_form(data).as_ref());
});

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = callback::seeds(Mode::PostForm);
    seeds.push(callback::bound_query().into());
    seeds
}
