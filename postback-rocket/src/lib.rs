#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment notifications in Rocket.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. [`Postback`] is a guard: it refuses a request by its head before it reads the
//! body, reads the body under the verifier's limit, and hands the handler a verified, typed value.
//!
//! # One project
//!
//! The verifier is managed state, and the catchers answer what the guard refuses:
//!
//! ```
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
//! use postback_rocket::{Ack, Postback};
//! use rocket::{
//!     http::{ContentType, Status},
//!     local::blocking::Client,
//!     post, routes,
//! };
//!
//! #[post("/", data = "<postback>")]
//! fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
//!     println!("invoice {} was announced", postback.invoice_id());
//!     postback.ack()
//! }
//!
//! let secret = SecretKey::new("the project's secret key")?;
//! let app = rocket::build()
//!     .manage(Verifier::new(CryptoCloud::new(), secret.clone()))
//!     .mount("/postback", routes![paid])
//!     .register("/postback", postback_rocket::catchers());
//!
//! let client = Client::untracked(app)?;
//! // Good until the year 2100.
//! let token = testing::token(&secret, "ILRAJE1Q", 4_102_444_800);
//! let deliver = |token: Option<&str>| {
//!     let request = client.post("/postback").header(ContentType::JSON);
//!     request.body(testing::sample_json(token)).dispatch()
//! };
//! assert_eq!(deliver(Some(&token)).status(), Status::Ok);
//! assert_eq!(deliver(None).status(), Status::Unauthorized);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A route has one method. A request with another finds none, and is refused by Rocket itself, as not found. Two are
//! shown to us as GET, and are judged as it: HEAD, where there is no route for it, and a form posted with
//! `_method=get` in front.
//!
//! A gateway that posts signs the body, so the guard is a data guard. This does not compile, for want of
//! `data = "<postback>"`:
//!
//! ```compile_fail,E0271
//! use postback_core::cryptocloud::CryptoCloud;
//! use postback_rocket::{Ack, Postback};
//! use rocket::post;
//!
//! #[post("/")]
//! fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
//!     postback.ack()
//! }
//! ```
//!
//! A gateway that signs its URL sends no body, so its guard is a request guard:
//!
//! ```
//! use postback_core::cryptapi::{CryptApi, Get};
//! use postback_rocket::{Ack, Postback};
//! use rocket::get;
//!
//! #[get("/")]
//! fn called_back(postback: Postback<CryptApi<Get>>) -> Ack<CryptApi<Get>> {
//!     postback.ack()
//! }
//! # let _ = rocket::routes![called_back];
//! ```
//!
//! With `data` it does not compile:
//!
//! ```compile_fail,E0271
//! use postback_core::cryptapi::{CryptApi, Get};
//! use postback_rocket::{Ack, Postback};
//! use rocket::post;
//!
//! #[post("/", data = "<postback>")]
//! fn called_back(postback: Postback<CryptApi<Get>>) -> Ack<CryptApi<Get>> {
//!     postback.ack()
//! }
//! ```
//!
//! # Why a postback was refused
//!
//! A handler that takes the `Result` sees the reason, and hands the refusal back as its answer:
//!
//! ```
//! use postback_core::cryptocloud::CryptoCloud;
//! use postback_rocket::{Ack, Postback, PostbackError};
//! use rocket::post;
//!
//! #[post("/", data = "<postback>")]
//! fn paid(
//!     postback: Result<Postback<CryptoCloud>, PostbackError>,
//! ) -> Result<Ack<CryptoCloud>, PostbackError> {
//!     if let Err(refusal) = &postback {
//!         eprintln!("{}: {refusal}", refusal.rejection().code());
//!     }
//!     Ok(postback?.ack())
//! }
//! # let _ = rocket::routes![paid];
//! ```
//!
//! Otherwise the answer is a catcher's: Rocket's own, a page that tells the status, or [`catchers`], registered
//! for the base of the routes. A catcher of the application's finds the reason by [`PostbackError::of`].
//!
//! # Several projects
//!
//! Two projects of one gateway are two verifiers: give them two types with
//! [`Tenant`](postback_core::Tenant), or choose one by path or host, in a guard that calls
//! [`Postback::receive`]:
//!
//! ```
//! use std::collections::HashMap;
//!
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_rocket::{Ack, Postback, PostbackError};
//! use rocket::{
//!     Data, Request,
//!     data::{FromData, Outcome},
//!     http::Status,
//!     post,
//! };
//!
//! /// By the names of their projects, which stand in the path.
//! struct Verifiers(HashMap<String, Verifier<CryptoCloud>>);
//!
//! struct Chosen(Postback<CryptoCloud>);
//!
//! #[rocket::async_trait]
//! impl<'r> FromData<'r> for Chosen {
//!     type Error = PostbackError;
//!
//!     async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
//!         let project = request.param(0).and_then(Result::ok);
//!         let verifiers = request.rocket().state();
//!         let verifier = project.zip(verifiers).and_then(|(project, Verifiers(all))| {
//!             let project: &str = project;
//!             all.get(project)
//!         });
//!         let Some(verifier) = verifier else {
//!             return Outcome::Forward((data, Status::NotFound));
//!         };
//!         match Postback::receive(request, Some(data), verifier).await {
//!             Ok(postback) => Outcome::Success(Self(postback)),
//!             Err(refusal) => refusal.into_outcome(request),
//!         }
//!     }
//! }
//!
//! #[post("/<_>", data = "<chosen>")]
//! fn paid(chosen: Chosen) -> Ack<CryptoCloud> {
//!     chosen.0.ack()
//! }
//! # let _ = rocket::routes![paid];
//! ```
//!
//! The guard has no sentinel then: that the verifiers are managed is its own to see to.
//!
//! # Signed URLs
//!
//! Mounting leaves the path as it came, so that the URL that was signed is found again. The fairing
//! `AdHoc::uri_normalizer` does not: keep it off these routes. Rocket's own log tells the URL of each request, with the nonce that makes a CryptAPI callback the shop's,
//! unless its level is `off`; at `critical`, of requests that find no route. At `debug` it tells headers too.
//!
//! # How long a body may take
//!
//! is not decided here. A guard of the application's with a deadline around [`Postback::receive`], as above, ends
//! a body that does not end by itself, and leaves the handler its time; what it ends gets no verdict, and leaves
//! no event. Before any guard is asked, Rocket waits for the first bytes of a body that is declared: how long a
//! connection may last is for what stands in front to limit.
//!
//! # Features
//!
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `tracing`: events for the operator; the documentation of `postback-core` lists them.

mod guard;
mod response;

pub use guard::{Ack, Postback, PostbackError};
pub use response::catchers;
