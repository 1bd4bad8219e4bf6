//! How the layer and the extractor treat requests. What is decided about their content is core's,
//! and is held against the corpus elsewhere.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

mod bodies;
mod fixtures;
mod in_axum;
mod in_tower;
mod readiness;
