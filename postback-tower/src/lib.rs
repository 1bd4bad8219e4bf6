#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment notifications in axum.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. It refuses a request by its head before it reads the body, and
//! reads the body under the smaller of the verifier's limit and the route's.
//!
//! See the [`axum`] module for the extractor.
//!
//! # Features
//!
//! - `axum`: the [`axum`] module.
//! - `cryptocloud` (default): CryptoCloud and Trybit.

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "axum")]
mod body;
#[cfg(feature = "axum")]
mod head;
#[cfg(feature = "axum")]
mod response;
