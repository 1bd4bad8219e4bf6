//! Signed JSON of CryptAPI: a callback is accepted, read and bound as its body says by the rules of
//! the provider's documentation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::MediaType;
use postback_fuzz::{
    callback::{self, Fields, POST_JSON},
    corpus::Mode,
    pairs, seeds,
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let result = callback::verify_body(&POST_JSON, MediaType::Json, data);
    callback::check(&result, Fields::of_json(data).as_ref());
});

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = callback::seeds(Mode::PostJson);
    let members: serde_json::Map<_, _> = pairs::pairs(&callback::bound_query())
        .into_iter()
        .filter_map(|(name, value)| Some((name?, value?.into())))
        .collect();
    seeds.push(serde_json::Value::from(members).to_string().into());
    seeds
}
