//! The axum extractors: [`Postback`] verifies, [`FromVerified`] takes what a layer verified.
//!
//! ```
//! use axum::{Router, routing::post};
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Ack, Postback};
//!
//! async fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
//!     println!("invoice {} was announced", postback.invoice_id());
//!     postback.ack()
//! }
//!
//! let secret = SecretKey::new("the project's secret key")?;
//! let app: Router = Router::new()
//!     .route("/postback", post(paid))
//!     .with_state(Verifier::new(CryptoCloud::new(), secret));
//! # Ok::<(), postback_core::ConfigError>(())
//! ```
//!
//! With `post(…)`, axum itself answers other methods; with `any(…)`, the extractor does.
//!
//! # Beside state of your own
//!
//! The extractor takes its verifier out of the router's state by `FromRef`, which axum's feature
//! `macros` derives:
//!
//! ```
//! use axum::{Router, extract::{FromRef, State}, routing::any};
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Ack, Postback};
//!
//! #[derive(Clone)]
//! struct Orders;
//!
//! #[derive(Clone, FromRef)]
//! struct Shop {
//!     orders: Orders,
//!     verifier: Verifier<CryptoCloud>,
//! }
//!
//! async fn paid(State(orders): State<Orders>, postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
//!     postback.ack()
//! }
//!
//! let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("the project's secret key")?);
//! let app: Router = Router::new()
//!     .route("/postback", any(paid))
//!     .with_state(Shop { orders: Orders, verifier });
//! # Ok::<(), postback_core::ConfigError>(())
//! ```
//!
//! # Why a postback was refused
//!
//! The sender is not told. The reason stands in the extensions of the response, for middleware that
//! logs; or a handler takes the `Result`:
//!
//! ```
//! use axum::response::{IntoResponse, Response};
//! use postback_core::cryptocloud::CryptoCloud;
//! use postback_tower::axum::{Postback, PostbackRejection};
//!
//! async fn paid(postback: Result<Postback<CryptoCloud>, PostbackRejection>) -> Response {
//!     match postback {
//!         Ok(postback) => postback.ack().into_response(),
//!         Err(refusal) => {
//!             eprintln!("{}: {refusal}", refusal.rejection().code());
//!             refusal.into_response()
//!         }
//!     }
//! }
//! # axum::Router::<postback_core::Verifier<CryptoCloud>>::new()
//! #     .route("/postback", axum::routing::any(paid));
//! ```
//!
//! # Under a layer
//!
//! [`PostbackLayer`](crate::PostbackLayer) guards every route below it. [`FromVerified`] takes its result
//! and needs no state:
//!
//! ```
//! use axum::{Router, routing::any};
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::{PostbackLayer, axum::{Ack, FromVerified}};
//!
//! async fn paid(FromVerified(postback): FromVerified<CryptoCloud>) -> Ack<CryptoCloud> {
//!     println!("invoice {} was announced", postback.invoice_id());
//!     postback.ack()
//! }
//!
//! let secret = SecretKey::new("the project's secret key")?;
//! let app: Router = Router::new()
//!     .route("/postback", any(paid))
//!     .route_layer(PostbackLayer::new(Verifier::new(CryptoCloud::new(), secret)));
//! # Ok::<(), postback_core::ConfigError>(())
//! ```
//!
//! A `DefaultBodyLimit` holds for the layer where it is added after it, that is, above it.
//!
//! # Nested routers
//!
//! `Router::nest` takes its prefix off the path that an extractor or a layer within it sees, and so off
//! [`Head::target`](postback_core::Head::target); a layer above it sees the whole path. CryptoCloud and Trybit do
//! not sign the path. CryptAPI and BlockBee by GET do: within the nested router, give their verifier the prefix
//! (`CryptApi::stripped_prefix`), and the route a path of its own: of `/shop` and `/shop/` nothing is left to tell
//! them apart by.
//!
//! # Several projects
//!
//! Two projects of one gateway are two verifiers: give them two types with [`Tenant`](postback_core::Tenant), or choose
//! one by path and call [`Postback::receive`]:
//!
//! ```
//! use std::{collections::HashMap, sync::Arc};
//!
//! use axum::{
//!     Router,
//!     extract::{Path, Request, State},
//!     http::StatusCode,
//!     response::{IntoResponse, Response},
//!     routing::post,
//! };
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_tower::axum::{Postback, PostbackRejection};
//!
//! type Projects = Arc<HashMap<String, Verifier<CryptoCloud>>>;
//!
//! async fn paid(
//!     State(projects): State<Projects>,
//!     Path(project): Path<String>,
//!     request: Request,
//! ) -> Result<Response, PostbackRejection> {
//!     let Some(verifier) = projects.get(&project) else {
//!         return Ok(StatusCode::NOT_FOUND.into_response());
//!     };
//!     let postback = Postback::receive(request, verifier).await?;
//!     Ok(postback.ack().into_response())
//! }
//!
//! let app: Router<Projects> = Router::new().route("/postback/{project}", post(paid));
//! ```

mod extractor;
mod response;

pub use self::extractor::{Ack, FromVerified, Postback, PostbackRejection};
