//! The corpus, parsed, and the fields that it expects, as the package of the same name has them.

#[path = "../../src/corpus.rs"]
pub mod corpus;
#[path = "../../src/expected_fields.rs"]
pub mod expected_fields;
