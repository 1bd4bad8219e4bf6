#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment webhooks ("postbacks") in actix-web.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. [`Postback`] is an extractor: it rejects a request by its head before it
//! reads the body, reads the body as it came, never inflated, under the verifier's limit, and hands the handler
//! a verified, typed value.
//!
//! # One project
//!
//! The verifier is in the application's data, as it is or within `web::Data`. `Orders::credit` of `tests/orders`
//! finds the order, reconciles the payment with its price, records and credits it:
//! <!-- handler: actix_app -->
//! ```
//! # use orders::Orders;
//! use actix_web::web::{self, Data, ServiceConfig};
//! use postback_actix::{Ack, Postback, Retry};
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//!
//! async fn paid(
//!     orders: Data<Orders>,
//!     postback: Postback<CryptoCloud>,
//! ) -> Result<Ack<CryptoCloud>, Retry> {
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack())
//! }
//!
//! fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> impl FnOnce(&mut ServiceConfig) {
//!     move |app| {
//!         app.app_data(Data::new(orders))
//!             .app_data(verifier)
//!             .service(web::resource("/postback").to(paid));
//!     }
//! }
//! ```
//!
//! `web::resource(…).to(…)`, not `web::post()`: so that the extractor rejects wrong methods too.
//!
//! # Why a postback was rejected
//!
//! The response does not say why; the log has the cause. A handler that needs it takes the
//! `Result`:
//! <!-- handler: actix_result -->
//! ```
//! # use orders::Orders;
//! use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError, web::Data};
//! # use actix_web::web::{self, ServiceConfig};
//! use postback_actix::{Postback, PostbackError, Retry};
//! use postback_core::cryptocloud::CryptoCloud;
//! # use postback_core::Verifier;
//!
//! async fn paid(
//!     request: HttpRequest,
//!     orders: Data<Orders>,
//!     postback: Result<Postback<CryptoCloud>, PostbackError>,
//! ) -> Result<HttpResponse, Retry> {
//!     let postback = match postback {
//!         Ok(postback) => postback,
//!         Err(rejected) => {
//!             eprintln!("{}: {rejected}", rejected.rejection().code());
//!             return Ok(rejected.error_response());
//!         }
//!     };
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack().respond_to(&request).map_into_boxed_body())
//! }
//! #
//! # fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> impl FnOnce(&mut ServiceConfig) {
//! #     move |app| {
//! #         app.app_data(Data::new(orders))
//! #             .app_data(verifier)
//! #             .service(web::resource("/postback").to(paid));
//! #     }
//! # }
//! ```
//!
//! # Several projects
//!
//! Two projects of one provider are two verifiers: give them two types with
//! [`Tenant`](postback_core::Tenant), or choose one by path or host and call [`Postback::receive`].
//!
//! # Signed URLs
//!
//! Scopes leave the path as it came, so that a provider that signs its URL finds it again. The middleware
//! `NormalizePath` does not: keep it off these routes.
//!
//! # How long a body may take
//!
//! is not decided here. A deadline around [`Postback::receive`] ends a body that does not end by itself, and
//! leaves the handler its time:
//!
//! ```
//! use std::time::Duration;
//!
//! use actix_web::{HttpRequest, rt::time::timeout, web};
//! use postback_actix::{Postback, PostbackError};
//! use postback_core::{Rejection, Verifier, cryptocloud::CryptoCloud};
//!
//! async fn received(
//!     request: HttpRequest,
//!     payload: web::Payload,
//!     verifier: &Verifier<CryptoCloud>,
//! ) -> Result<Postback<CryptoCloud>, PostbackError> {
//!     let received = Postback::receive(&request, payload.into_inner(), verifier);
//!     match timeout(Duration::from_secs(10), received).await {
//!         Ok(received) => received,
//!         Err(_) => Err(PostbackError::new::<CryptoCloud>(Rejection::BodyUnreadable)),
//!     }
//! }
//! ```
//!
//! What it ends is neither verified nor rejected, and leaves the log event `postback abandoned`. The sender gets its
//! response; of a chunked body the server goes on to discard what still comes, as after every rejection: a proxy in front
//! limits how long a connection may last.
//!
//! # Features
//!
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `tracing` (default): log events for the operator; the documentation of `postback-core` lists them.

mod extractor;
mod response;

pub use self::extractor::{Ack, Postback, PostbackError, Retry};
