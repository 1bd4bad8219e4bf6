//! The axum extractors: [`Postback`] verifies, [`FromVerified`] takes what a layer verified.
//!
//! The extractor takes its verifier out of the router's state by `FromRef`, which axum's feature `macros` derives.
//! `Orders::credit` of `tests/orders` finds the order, reconciles the payment with its price, records and credits
//! it:
//! <!-- handler: axum_state -->
//! ```
//! # use orders::Orders;
//! use axum::{Router, extract::{FromRef, State}, routing::any};
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Ack, Postback, Retry};
//!
//! #[derive(Clone, FromRef)]
//! struct Shop {
//!     orders: Orders,
//!     verifier: Verifier<CryptoCloud>,
//! }
//!
//! async fn paid(
//!     State(orders): State<Orders>,
//!     postback: Postback<CryptoCloud>,
//! ) -> Result<Ack<CryptoCloud>, Retry> {
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack())
//! }
//!
//! fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Router {
//!     Router::new().route("/postback", any(paid)).with_state(Shop { orders, verifier })
//! }
//! ```
//! With `post(…)`, axum itself answers other methods; with `any(…)`, the extractor does.
//!
//! # Why a postback was rejected
//!
//! The response does not say why. The log has the cause (feature `tracing`); it is also in the extensions of the
//! response, for middleware. A handler that needs it takes the `Result`:
//! <!-- handler: axum_result -->
//! ```
//! # use orders::Orders;
//! use axum::{
//!     Router,
//!     extract::{FromRef, State},
//!     response::{IntoResponse, Response},
//!     routing::any,
//! };
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Postback, PostbackRejection, Retry};
//!
//! # #[derive(Clone, FromRef)]
//! # struct Shop {
//! #     orders: Orders,
//! #     verifier: Verifier<CryptoCloud>,
//! # }
//! #
//! async fn paid(
//!     State(orders): State<Orders>,
//!     postback: Result<Postback<CryptoCloud>, PostbackRejection>,
//! ) -> Result<Response, Retry> {
//!     let postback = match postback {
//!         Ok(postback) => postback,
//!         Err(rejected) => {
//!             eprintln!("{}: {rejected}", rejected.rejection().code());
//!             return Ok(rejected.into_response());
//!         }
//!     };
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack().into_response())
//! }
//! #
//! # fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Router {
//! #     Router::new().route("/postback", any(paid)).with_state(Shop { orders, verifier })
//! # }
//! ```
//! # Under a layer
//!
//! [`PostbackLayer`](crate::PostbackLayer) guards every route below it. [`FromVerified`] takes its result
//! and needs no state:
//! <!-- handler: axum_from_verified -->
//! ```
//! # use orders::Orders;
//! use axum::{Router, extract::State, routing::any};
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::{PostbackLayer, axum::{Ack, FromVerified, Retry}};
//!
//! async fn paid(
//!     State(orders): State<Orders>,
//!     FromVerified(postback): FromVerified<CryptoCloud>,
//! ) -> Result<Ack<CryptoCloud>, Retry> {
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack())
//! }
//!
//! fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Router {
//!     Router::new()
//!         .route("/postback", any(paid))
//!         .route_layer(PostbackLayer::new(verifier))
//!         .with_state(orders)
//! }
//! ```
//!
//! A `DefaultBodyLimit` holds for the layer where it is added after it, that is, above it.
//!
//! # Nested routers
//!
//! `Router::nest` takes its prefix off the path that an extractor or a layer within it sees, and so off
//! [`RequestHead::target`](postback_core::RequestHead::target); a layer above it sees the whole path. CryptoCloud and Trybit do
//! not sign the path. CryptAPI and BlockBee by GET do: within the nested router, give their verifier the prefix
//! (`CryptApi::stripped_prefix`), and the route a path of its own: of `/shop` and `/shop/` nothing is left to tell
//! them apart by.
//!
//! # Several projects
//!
//! Two projects of one provider are two verifiers: give them two types with [`Tenant`](postback_core::Tenant), or
//! choose one by path and call [`Postback::receive`]. **Look an order up among those of the verifier's own project:**
//! the holder of another project's secret can sign any invoice id.
//!
//! <!-- handler: axum_projects -->
//! ```
//! # use orders::Orders;
//! use std::{collections::HashMap, sync::Arc};
//!
//! use axum::{
//!     Router,
//!     extract::{Path, Request, State},
//!     http::StatusCode,
//!     response::{IntoResponse, Response},
//!     routing::any,
//! };
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Postback, Retry};
//!
//! type Projects = Arc<HashMap<String, Project>>;
//!
//! struct Project {
//!     verifier: Verifier<CryptoCloud>,
//!     /// Of this project alone.
//!     orders: Orders,
//! }
//!
//! async fn paid(
//!     State(projects): State<Projects>,
//!     Path(project): Path<String>,
//!     request: Request,
//! ) -> Result<Response, Retry> {
//!     let Some(Project { verifier, orders }) = projects.get(&project) else {
//!         return Ok(StatusCode::NOT_FOUND.into_response());
//!     };
//!     let postback = match Postback::receive(request, verifier).await {
//!         Ok(postback) => postback,
//!         Err(rejected) => return Ok(rejected.into_response()),
//!     };
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack().into_response())
//! }
//! #
//! # fn app(projects: impl IntoIterator<Item = (&'static str, Orders, Verifier<CryptoCloud>)>) -> Router {
//! #     let projects = projects.into_iter();
//! #     let projects = projects.map(|(name, orders, verifier)| (name.to_owned(), Project { verifier, orders }));
//! #     let projects: Projects = Arc::new(projects.collect());
//! #     Router::new().route("/postback/{project}", any(paid)).with_state(projects)
//! # }
//! ```

mod extractor;
mod response;

pub use self::extractor::{Ack, FromVerified, Postback, PostbackRejection, Retry};
