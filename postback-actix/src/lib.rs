#![cfg_attr(docsrs, feature(doc_cfg))]
//! actix-web extractor that verifies signed payment webhooks ("postbacks").
//!
//! [`Postback`] gives a handler a verified, typed payment. It rejects a request by its head before
//! it reads the body, and reads the body under the verifier's limit, as received and without
//! decompression. Configuration and verification are in `postback-core`: see its
//! [`Verifier`](postback_core::Verifier).
//!
//! # Example
//!
//! The verifier is in the application data. `Orders` is the application's: `credit` finds the
//! order, reconciles the payment with its price, records the payment and credits the order. The
//! repository has a complete program in `examples/actix`.
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
//! With `web::resource(…).to(…)`, the extractor rejects other methods; with `web::post()`,
//! actix-web itself does.
//!
//! # Rejections
//!
//! The response names the class of the rejection. The reason is logged (feature `tracing`):
//!
//! ```
//! use actix_web::{App, test, web};
//! use postback_actix::{Ack, Postback, Retry};
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
//!
//! async fn paid(_: Postback<CryptoCloud>) -> Result<Ack<CryptoCloud>, Retry> {
//!     Err(postback_core::Retry::store_unavailable("this example has no store").into())
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("a secret of this example")?);
//! let route = web::resource("/postback").to(paid);
//! let app = test::init_service(App::new().app_data(verifier).service(route)).await;
//!
//! let request = test::TestRequest::post()
//!     .uri("/postback")
//!     .insert_header(("content-type", "application/json"))
//!     .set_payload(r#"{"status":"success","invoice_id":"ILRAJE1Q"}"#);
//! let response = test::call_service(&app, request.to_request()).await;
//! assert_eq!(response.status(), 401);
//! let body = test::read_body(response).await;
//! assert_eq!(body, r#"{"error":"Unverified postback"}"#);
//! # Ok(())
//! # }
//! ```
//!
//! A handler that needs the reason takes the `Result`:
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
//! Each project of a provider has a verifier of its own. Either give the projects different types
//! with [`Tenant`](postback_core::Tenant), or choose the verifier by path or host and call
//! [`Postback::receive`].
//!
//! **Look an order up only among those of the verifier's own project:** the holder of another
//! project's secret can sign any invoice id.
//!
//! # Signed URLs
//!
//! Within a `web::scope` the extractor sees the whole path, as it was signed. The middleware
//! `NormalizePath` rewrites the path: do not use it on these routes, because a signed URL that it
//! has changed is rejected.
//!
//! # Timeouts
//!
//! The extractor sets no deadline for the body. Put one around [`Postback::receive`]: it covers the
//! body, and not the handler.
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
//! A request that misses the deadline gets 400. Its log event is `postback abandoned`, because
//! `receive` was dropped before it verified or rejected the request. After the response the server
//! still discards the rest of a chunked body, as after every rejection. Put a proxy in front of the
//! server that limits how long a connection may last.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `cryptapi` | yes | CryptAPI and BlockBee; the only feature that adds C code to the dependencies |
//! | `cryptocloud` | yes | CryptoCloud and Trybit |
//! | `tracing` | yes | log events, which `postback-core` documents |

mod extractor;
mod response;

pub use self::extractor::{Ack, Postback, PostbackError, Retry};
