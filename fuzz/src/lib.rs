//! Parts that the fuzz targets share: genuine deliveries, independent implementations that decide
//! the same questions as the crates, and limits of memory and time.
//!
//! A target is a file in `fuzz_targets`. It panics if an input breaks an invariant.

pub mod adapters;
pub mod base64;
pub mod callback;
pub mod changes;
#[path = "../../tests/src/corpus.rs"]
pub mod corpus;
pub mod cost;
pub mod json;
pub mod key;
pub mod log;
pub mod pairs;
pub mod payload;
pub mod payment;
pub mod seeds;
pub mod settings;
pub mod token;
