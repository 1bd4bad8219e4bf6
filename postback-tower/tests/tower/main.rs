//! The layer and the extractors in applications. Verification of the content is tested in core and
//! with the corpus.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

mod axum_application;
mod bodies;
mod fixtures;
mod in_axum;
mod in_tower;
mod readiness;
