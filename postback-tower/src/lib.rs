#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment notifications in tower and axum.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. It refuses a request by its head before it reads the body, and
//! reads the body under the smaller of the verifier's limit and the route's.
//!
//! # Features
//!
//! - `axum`: the `axum` module.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `tracing`: events for the operator; the documentation of `postback-core` lists them.

#[cfg(feature = "axum")]
pub mod axum;
mod body;
mod future;
mod head;
mod layer;
mod response;
mod service;

pub use self::{
    body::{RequestBody, ResponseBody},
    future::ResponseFuture,
    layer::PostbackLayer,
    response::acknowledgement,
    service::PostbackService,
};
