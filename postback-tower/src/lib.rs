#![cfg_attr(docsrs, feature(doc_cfg))]
//! Tower middleware and axum extractors that verify signed payment webhooks ("postbacks").
//!
//! - [`PostbackLayer`] wraps any tower service: only verified postbacks reach the service.
//! - The `axum` module has extractors for axum, with the feature `axum`.
//!
//! The layer and the extractor `Postback` reject a request by its head before they read its body,
//! and read the body under the verifier's limit. With the feature `axum`, a smaller
//! `DefaultBodyLimit` of the route also applies: to the extractor, and to a layer as
//! [`PostbackLayer`] describes.
//!
//! Configuration and verification are in `postback-core`: see its
//! [`Verifier`](postback_core::Verifier).
//!
//! # Example
//!
//! A service below the layer finds the [`Verified`](postback_core::Verified) postback in the
//! extensions of the request. `Orders` is the application's: `credit` finds the order, reconciles
//! the payment with its price, records the payment and credits the order. The repository has a
//! complete program in `examples/tower`.
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
//! # Rejections
//!
//! The layer replies to a rejected request itself, and does not call the service. The response
//! names the class of the rejection. The reason is logged (feature `tracing`), and is in the
//! extensions of the response for middleware above the layer:
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use postback_core::{Rejection, Retry, SecretKey, Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::{PostbackLayer, RequestBody, retry};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! async fn paid(_: Request<RequestBody>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(retry(Retry::store_unavailable("this example has no store")))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("a secret of this example")?);
//! let service = ServiceBuilder::new()
//!     .layer(PostbackLayer::new(verifier))
//!     .service_fn(paid);
//!
//! let request = Request::post("/postback")
//!     .header("content-type", "application/json")
//!     .body(Full::<Bytes>::from(r#"{"status":"success","invoice_id":"ILRAJE1Q"}"#))?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), 401);
//! assert_eq!(response.extensions().get(), Some(&Rejection::Unsigned));
//! # Ok(())
//! # }
//! ```
//!
//! # Signed URLs
//!
//! For a provider that signs the URL, the path and the query are verified as received, whatever the
//! form of the request target and the version of HTTP. If a router above the layer removes a prefix
//! from the path, configure the provider with it: `CryptApi::stripped_prefix`. The body of a
//! request whose URL is signed is not read, and the service receives an empty one.
//!
//! # Timeouts
//!
//! Neither the layer nor the extractors set a deadline for the body. Use `RequestBodyDeadlineLayer`
//! of `tower-http` 0.7 above them: a body that misses the deadline is rejected as unreadable, and a
//! running handler is not affected.
//!
//! A `TimeoutLayer` above them also limits the handler, and replies itself. If it drops a request
//! whose body is still being read, the request is neither verified nor rejected, and the log event
//! is `postback abandoned`.
//!
//! # Half-closed connections
//!
//! A client may shut down its writing side as soon as it has sent the request. hyper then often
//! closes the connection without a response, unless the server is built with `half_close(true)`.
//! Set it, as `examples/tower` and `examples/axum` do. `axum::serve` has no such setting.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `axum` | no | the `axum` module |
//! | `cryptapi` | yes | CryptAPI and BlockBee; the only feature that adds C code to the dependencies |
//! | `cryptocloud` | yes | CryptoCloud and Trybit |
//! | `tracing` | yes | log events, which `postback-core` documents |

#[cfg(feature = "axum")]
pub mod axum;
mod body;
mod future;
mod head;
mod layer;
mod response;
mod service;
mod verify_body;

pub use self::{
    body::{RequestBody, ResponseBody},
    future::ResponseFuture,
    layer::PostbackLayer,
    response::{acknowledgement, retry},
    service::PostbackService,
};
