#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment webhooks ("postbacks") in tower and axum.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. It rejects a request by its head before it reads the body, and
//! reads the body under the smaller of the verifier's limit and the route's.
//!
//! - [`PostbackLayer`] guards any service: only verified postbacks reach it.
//! - The `axum` module has the extractors of axum.
//!
//! # The layer over a service
//!
//! A service below the layer takes the verified value from the request's extensions. `Orders::credit` of
//! `tests/orders` finds the order, reconciles the payment with its price, records and credits it; `examples/tower`
//! has the server around this.
//! <!-- handler: tower_layer -->
//! ```
//! # use orders::Orders;
//! use std::{convert::Infallible, error::Error};
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body::Body;
//! use http_body_util::Full;
//! use postback_core::{Verified, Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::{PostbackLayer, ResponseBody, acknowledgement, retry};
//! use tower::{Service, ServiceBuilder};
//!
//! async fn paid(
//!     orders: Orders,
//!     request: Request<Bytes>,
//! ) -> Result<Response<Full<Bytes>>, Infallible> {
//!     let Some(payment) = request.extensions().get::<Verified<CryptoCloud>>() else {
//!         // No layer above: nothing is acknowledged.
//!         let mut response = Response::default();
//!         *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
//!         return Ok(response);
//!     };
//!     Ok(match orders.credit(payment).await {
//!         Ok(()) => acknowledgement::<CryptoCloud, _>(),
//!         Err(error) => retry(error),
//!     })
//! }
//!
//! fn app<B>(
//!     orders: Orders,
//!     verifier: Verifier<CryptoCloud>,
//! ) -> impl Service<
//!     Request<B>,
//!     Response = Response<ResponseBody<Full<Bytes>>>,
//!     Error = Infallible,
//!     Future: Send,
//! > + Clone
//! where
//!     B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
//! {
//!     ServiceBuilder::new()
//!         .layer(PostbackLayer::new(verifier).with_request_body::<Bytes>())
//!         .service_fn(move |request| paid(orders.clone(), request))
//! }
//! ```
//!
//! # Signed URLs
//!
//! A provider that signs its URL is shown path and query as hyper received them, whichever form of target and
//! version of HTTP they came in. What a router took off before is to be told to the provider, as by
//! `CryptApi::stripped_prefix`. Of such a request no body is read, and an empty one is handed on.
//!
//! # How long a body may take
//!
//! is not decided here. `RequestBodyDeadlineLayer` of `tower-http` 0.7, above the layer or the extractor,
//! ends a body that does not end by itself: it is rejected as unreadable, and a handler that runs already is
//! left alone. A `TimeoutLayer` above bounds the handler too, and replies by itself: a body that it ends is neither
//! verified nor rejected, and leaves the log event `postback abandoned`.
//!
//! # Clients that shut down their writing side
//!
//! A client may shut down its writing side as soon as it has sent its request. hyper then closes the connection
//! without a response, in many cases, unless the server is built with `half_close(true)`: build it so, as
//! `examples/tower` and `examples/axum` do. `axum::serve` has no such setting.
//!
//! # Features
//!
//! - `axum`: the `axum` module.
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `tracing` (default): log events for the operator; the documentation of `postback-core` lists them.

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
    response::{acknowledgement, retry},
    service::PostbackService,
};
