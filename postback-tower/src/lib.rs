#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment notifications in tower and axum.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. It refuses a request by its head before it reads the body, and
//! reads the body under the smaller of the verifier's limit and the route's.
//!
//! - [`PostbackLayer`] guards any service: nothing below it sees a request that is no verified postback.
//! - The `axum` module has the extractors of axum.
//!
//! # The layer over a service
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use postback_core::{SecretKey, Verified, Verifier, cryptocloud::CryptoCloud, testing};
//! use postback_tower::{PostbackLayer, acknowledgement};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! async fn paid(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     if let Some(payment) = request.extensions().get::<Verified<CryptoCloud>>() {
//!         println!("invoice {} was announced", payment.invoice_id());
//!     }
//!     Ok(acknowledgement::<CryptoCloud, _>())
//! }
//!
//! let secret = SecretKey::new("the project's secret key")?;
//! let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
//! let service = PostbackLayer::new(verifier)
//!     .with_request_body::<Bytes>()
//!     .layer(service_fn(paid));
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let deliver = |token: Option<&str>| {
//!     Request::post("/postback")
//!         .header("content-type", "application/json")
//!         .body(Full::<Bytes>::from(testing::sample_json(token)))
//! };
//! // Good until the year 2100.
//! let token = testing::token(&secret, "ILRAJE1Q", 4_102_444_800);
//! let accepted = service.clone().oneshot(deliver(Some(&token))?).await?;
//! assert_eq!(accepted.status(), 200);
//! let refused = service.oneshot(deliver(None)?).await?;
//! assert_eq!(refused.status(), 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
//! ends a body that does not end by itself: it is refused as unreadable, and a handler that runs already is
//! left alone. A `TimeoutLayer` above bounds the handler too, and answers by itself: what it ends in
//! mid-body gets no verdict, and no event.
//!
//! # Features
//!
//! - `axum`: the `axum` module.
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree.
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
    response::{acknowledgement, refusal},
    service::PostbackService,
};
