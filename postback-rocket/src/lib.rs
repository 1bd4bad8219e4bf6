#![cfg_attr(docsrs, feature(doc_cfg))]
//! Receives signed payment webhooks ("postbacks") in Rocket.
//!
//! `postback-core` decides whether a postback is genuine; this crate translates between it and the
//! framework, and decides nothing. [`Postback`] is a guard: it rejects a request by its head before it reads the
//! body, reads the body under the verifier's limit, and hands the handler a verified, typed value.
//!
//! # One project
//!
//! The verifier is managed state, and the catchers answer requests that the guard rejects. `Orders::credit` of
//! `tests/orders` finds the order, reconciles the payment with its price, records and credits it:
//! <!-- handler: rocket_app -->
//! ```
//! # use orders::Orders;
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_rocket::{Ack, Postback, Retry};
//! use rocket::{Build, Rocket, State, post, routes};
//!
//! #[post("/", data = "<postback>")]
//! async fn paid(
//!     postback: Postback<CryptoCloud>,
//!     orders: &State<Orders>,
//! ) -> Result<Ack<CryptoCloud>, Retry> {
//!     orders.credit(&postback).await?;
//!     Ok(postback.ack())
//! }
//!
//! fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Rocket<Build> {
//!     rocket::build()
//!         .manage(orders)
//!         .manage(verifier)
//!         .mount("/postback", routes![paid])
//!         .register("/postback", postback_rocket::catchers())
//! }
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
//! use postback_rocket::{Postback, Retry};
//! use rocket::post;
//!
//! #[post("/")]
//! fn paid(postback: Postback<CryptoCloud>) -> Retry {
//!     postback_core::Retry::unknown_order(postback.invoice_id()).into()
//! }
//! ```
//!
//! A gateway that signs its URL sends no body, so its guard is a request guard:
//!
//! ```
//! use postback_core::cryptapi::{CryptApi, Get};
//! use postback_rocket::{Postback, Retry};
//! use rocket::get;
//!
//! /// As long as no order is looked up, nothing is acknowledged: the provider sends again.
//! #[get("/")]
//! fn called_back(postback: Postback<CryptApi<Get>>) -> Retry {
//!     postback_core::Retry::unknown_order(postback.uuid().as_untrusted_str()).into()
//! }
//! # let _ = rocket::routes![called_back];
//! ```
//!
//! With `data` it does not compile:
//!
//! ```compile_fail,E0271
//! use postback_core::cryptapi::{CryptApi, Get};
//! use postback_rocket::{Postback, Retry};
//! use rocket::post;
//!
//! #[post("/", data = "<postback>")]
//! fn called_back(postback: Postback<CryptApi<Get>>) -> Retry {
//!     postback_core::Retry::unknown_order(postback.uuid().as_untrusted_str()).into()
//! }
//! ```
//!
//! # Why a postback was rejected
//!
//! The response does not say why; the log has the cause. A handler that needs it takes the
//! `Result`:
//! <!-- handler: rocket_result -->
//! ```
//! # use orders::Orders;
//! use postback_core::cryptocloud::CryptoCloud;
//! # use postback_core::Verifier;
//! use postback_rocket::{Ack, Postback, PostbackError, Retry};
//! use rocket::{Either, State, post};
//! # use rocket::{Build, Rocket, routes};
//!
//! #[post("/", data = "<postback>")]
//! async fn paid(
//!     postback: Result<Postback<CryptoCloud>, PostbackError>,
//!     orders: &State<Orders>,
//! ) -> Result<Either<Ack<CryptoCloud>, PostbackError>, Retry> {
//!     let postback = match postback {
//!         Ok(postback) => postback,
//!         Err(rejected) => {
//!             eprintln!("{}: {rejected}", rejected.rejection().code());
//!             return Ok(Either::Right(rejected));
//!         }
//!     };
//!     orders.credit(&postback).await?;
//!     Ok(Either::Left(postback.ack()))
//! }
//! #
//! # fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Rocket<Build> {
//! #     rocket::build().manage(orders).manage(verifier).mount("/postback", routes![paid])
//! # }
//! ```
//!
//! Otherwise the answer is a catcher's: Rocket's own, a page that tells the status, or [`catchers`], registered
//! for the base of the routes. A catcher of the application's finds the reason by [`PostbackError::of`].
//!
//! # Several projects
//!
//! Two projects of one provider are two verifiers: give them two types with
//! [`Tenant`](postback_core::Tenant), or choose one by path or host, in a guard that calls
//! [`Postback::receive`]. **Look an order up among those of the verifier's own project:** the holder of another
//! project's secret can sign any invoice id.
//!
//! <!-- handler: rocket_projects -->
//! ```
//! # use orders::Orders;
//! use std::collections::HashMap;
//!
//! use postback_core::{Verifier, cryptocloud::CryptoCloud};
//! use postback_rocket::{Ack, Postback, PostbackError, Retry};
//! use rocket::{
//!     Data, Request,
//!     data::{FromData, Outcome},
//!     http::Status,
//!     post,
//! };
//! # use rocket::{Build, Rocket, routes};
//!
//! /// By their names, which are in the path.
//! struct Projects(HashMap<String, Project>);
//!
//! struct Project {
//!     verifier: Verifier<CryptoCloud>,
//!     /// Of this project alone.
//!     orders: Orders,
//! }
//!
//! struct Received<'r> {
//!     postback: Postback<CryptoCloud>,
//!     orders: &'r Orders,
//! }
//!
//! #[rocket::async_trait]
//! impl<'r> FromData<'r> for Received<'r> {
//!     type Error = PostbackError;
//!
//!     async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
//!         let name = request.param::<&str>(0).and_then(Result::ok);
//!         let projects = request.rocket().state::<Projects>();
//!         let project = name.zip(projects).and_then(|(name, Projects(all))| all.get(name));
//!         let Some(Project { verifier, orders }) = project else {
//!             return Outcome::Forward((data, Status::NotFound));
//!         };
//!         match Postback::receive(request, Some(data), verifier).await {
//!             Ok(postback) => Outcome::Success(Self { postback, orders }),
//!             Err(rejected) => rejected.into_outcome(request),
//!         }
//!     }
//! }
//!
//! #[post("/<_>", data = "<received>")]
//! async fn paid(received: Received<'_>) -> Result<Ack<CryptoCloud>, Retry> {
//!     received.orders.credit(&received.postback).await?;
//!     Ok(received.postback.ack())
//! }
//! #
//! # fn app(projects: impl IntoIterator<Item = (&'static str, Orders, Verifier<CryptoCloud>)>) -> Rocket<Build> {
//! #     let projects = projects.into_iter();
//! #     let projects = projects.map(|(name, orders, verifier)| (name.to_owned(), Project { verifier, orders }));
//! #     rocket::build()
//! #         .manage(Projects(projects.collect()))
//! #         .mount("/postback", routes![paid])
//! #         .register("/postback", postback_rocket::catchers())
//! # }
//! ```
//!
//! This guard has no sentinel: Rocket does not check at launch that the projects are managed.
//!
//! # Signed URLs
//!
//! Mounting leaves the path as it came, so that the URL that was signed is found again. The fairing
//! `AdHoc::uri_normalizer` does not: keep it off these routes. Rocket's own log tells the URL of each request, with the
//! callback secret that makes a CryptAPI callback the shop's, unless its level is `off`; at `critical`, of requests that find no
//! route. At `debug` it tells headers too.
//!
//! # How long a body may take
//!
//! is not decided here. A guard of the application's with a deadline around [`Postback::receive`], as above, ends
//! a body that does not end by itself, and leaves the handler its time; what it ends leaves the log event
//! `postback abandoned`. Before any guard is asked, Rocket waits for the first bytes of a body that is declared: how long a
//! connection may last is for what stands in front to limit.
//!
//! # Clients that shut down their writing side
//!
//! A client may shut down its writing side as soon as it has sent its request. Rocket's server then closes the
//! connection without a response, in many cases, and has no setting against it: put a proxy in front of
//! it that keeps its connections open, such as nginx with `proxy_ignore_client_abort on` (measured: 20 of 20 such
//! clients have their response, and none with nginx's default).
//!
//! # Features
//!
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `tracing` (default): log events for the operator; the documentation of `postback-core` lists them.

mod guard;
mod response;

pub use guard::{Ack, Postback, PostbackError, Retry};
pub use response::catchers;
