//! Extractors for axum: [`Postback`] verifies the request, and [`FromVerified`] takes the result of
//! a [`PostbackLayer`](crate::PostbackLayer).
//!
//! # Example
//!
//! [`Postback`] takes its verifier out of the router's state by `FromRef`, which axum's feature
//! `macros` derives. `Orders` is the application's: `credit` finds the order, reconciles the
//! payment with its price, records the payment and credits the order. The repository has a complete
//! program in `examples/axum`.
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
//!
//! With `any`, the extractor rejects other methods; with `post`, axum itself does.
//!
//! # Rejections
//!
//! The response names the class of the rejection. The reason is logged (feature `tracing`), and is
//! in the extensions of the response for middleware:
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::any};
//! use postback_core::{Rejection, SecretKey, Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Postback, Retry};
//! use tower::ServiceExt;
//!
//! async fn paid(_: Postback<CryptoCloud>) -> Retry {
//!     postback_core::Retry::store_unavailable("this example has no store").into()
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("a secret of this example")?);
//! let app = Router::new().route("/postback", any(paid)).with_state(verifier);
//!
//! let request = Request::post("/postback")
//!     .header("content-type", "application/json")
//!     .body(Body::from(r#"{"status":"success","invoice_id":"ILRAJE1Q"}"#))?;
//! let response = app.oneshot(request).await?;
//! assert_eq!(response.status(), 401);
//! assert_eq!(response.extensions().get(), Some(&Rejection::Unsigned));
//! # Ok(())
//! # }
//! ```
//!
//! A handler that needs the reason takes the `Result`:
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
//!
//! # Below a layer
//!
//! [`PostbackLayer`](crate::PostbackLayer) verifies the requests of every route below it.
//! [`FromVerified`] takes the result and needs no state:
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
//! A `DefaultBodyLimit` also applies to the layer if it is above it, that is, added after it.
//!
//! # Nested routers
//!
//! `Router::nest` removes its prefix from the path that extractors and layers inside the nested
//! router see; a layer above it sees the whole path.
//!
//! CryptAPI and BlockBee by GET sign the path. Inside a nested router, configure their verifier
//! with the prefix (`CryptApi::stripped_prefix`), and give the route a path of its own: at the root
//! of a router that is nested under `/shop`, the paths `/shop` and `/shop/` look the same.
//! CryptoCloud and Trybit do not sign the path.
//!
//! # Several projects
//!
//! Each project of a provider has a verifier of its own. Either give the projects different types
//! with [`Tenant`](postback_core::Tenant), or choose the verifier by path and call
//! [`Postback::receive`].
//!
//! **Look an order up only among those of the verifier's own project:** the holder of another
//! project's secret can sign any invoice id.
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
//! # fn app(
//! #     projects: impl IntoIterator<Item = (&'static str, Orders, Verifier<CryptoCloud>)>,
//! # ) -> Router {
//! #     let project = |(name, orders, verifier): (&str, Orders, Verifier<CryptoCloud>)| {
//! #         (name.to_owned(), Project { verifier, orders })
//! #     };
//! #     let projects: Projects = Arc::new(projects.into_iter().map(project).collect());
//! #     Router::new().route("/postback/{project}", any(paid)).with_state(projects)
//! # }
//! ```

pub(crate) mod default_body_limit;
mod extractor;

pub use self::extractor::{Ack, FromVerified, Postback, PostbackRejection, Retry};
