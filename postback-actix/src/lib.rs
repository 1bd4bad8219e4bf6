#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment notifications in actix-web.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. [`Postback`] is an extractor: it refuses a request by its head before it
//! reads the body, reads the body as it came, never inflated, under the verifier's limit, and hands the handler
//! a verified, typed value.
//!
//! # One project
//!
//! The verifier stands in the application's data, as it is or within `web::Data`:
//!
//! ```
//! use actix_web::{App, http::StatusCode, test, web};
//! use postback_actix::{Ack, Postback};
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
//!
//! async fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
//!     println!("invoice {} was announced", postback.invoice_id());
//!     postback.ack()
//! }
//!
//! # actix_web::rt::System::new().block_on(async {
//! let secret = SecretKey::new("the project's secret key")?;
//! let app = App::new()
//!     .app_data(Verifier::new(CryptoCloud::new(), secret.clone()))
//!     .service(web::resource("/postback").to(paid));
//!
//! let service = test::init_service(app).await;
//! // Good until the year 2100.
//! let token = testing::token(&secret, "ILRAJE1Q", 4_102_444_800);
//! let deliver = |token: Option<&str>| {
//!     test::TestRequest::post()
//!         .uri("/postback")
//!         .insert_header(("content-type", "application/json"))
//!         .set_payload(testing::sample_json(token))
//!         .to_request()
//! };
//! let accepted = test::call_service(&service, deliver(Some(&token))).await;
//! assert_eq!(accepted.status(), StatusCode::OK);
//! let refused = test::call_service(&service, deliver(None)).await;
//! assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
//! # Ok::<(), postback_core::ConfigError>(())
//! # })?;
//! # Ok::<(), postback_core::ConfigError>(())
//! ```
//!
//! `web::resource(…).to(…)`, not `web::post()`: so that the extractor refuses wrong methods too.
//!
//! # Why a postback was refused
//!
//! A handler that takes the `Result` sees the reason, and hands the refusal back as its answer:
//!
//! ```
//! use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
//! use postback_actix::{Postback, PostbackError};
//! use postback_core::cryptocloud::CryptoCloud;
//!
//! async fn paid(
//!     request: HttpRequest,
//!     postback: Result<Postback<CryptoCloud>, PostbackError>,
//! ) -> HttpResponse {
//!     match postback {
//!         Ok(postback) => postback.ack().respond_to(&request).map_into_boxed_body(),
//!         Err(refusal) => {
//!             eprintln!("{}: {refusal}", refusal.rejection().code());
//!             refusal.error_response()
//!         }
//!     }
//! }
//! # let _ = actix_web::App::new().service(actix_web::web::resource("/").to(paid));
//! ```
//!
//! # Several projects
//!
//! Two projects of one gateway are two verifiers: give them two types with
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
//!         Err(_) => Err(Rejection::BodyUnreadable.into()),
//!     }
//! }
//! ```
//!
//! What it ends gets no verdict, and leaves no event. The sender gets its answer; of a chunked body the server
//! goes on to discard what still comes, as after every refusal: how long a connection may last is for what
//! stands in front to limit.
//!
//! # Features
//!
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `tracing`: events for the operator; the documentation of `postback-core` lists them.

mod extractor;
mod response;

pub use self::extractor::{Ack, Postback, PostbackError};
