#![cfg_attr(docsrs, feature(doc_cfg))]
//! Rocket guard that verifies signed payment webhooks ("postbacks").
//!
//! [`Postback`] gives a handler a verified, typed payment. It rejects a request by its head before
//! it reads the body, and reads the body under the smaller of the verifier's limit and Rocket's
//! limit `postback`. Configuration and verification are in `postback-core`: see its
//! [`Verifier`](postback_core::Verifier).
//!
//! # Example
//!
//! The verifier is managed state, and the catchers reply to requests that the guard rejects.
//! `Orders` is the application's: `credit` finds the order, reconciles the payment with its price,
//! records the payment and credits the order. The repository has a complete program in
//! `examples/rocket`.
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
//! Rocket itself replies to a request with another method, as not found. It presents two other
//! kinds of requests as GET: HEAD, if no route has that method, and a posted form that begins with
//! `_method=get`.
//!
//! A provider that posts signs the body, so its guard is a data guard. The route does not compile
//! without `data = "<postback>"`:
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
//! A provider that signs the URL sends no body, so its guard is a request guard:
//!
//! ```
//! use postback_core::cryptapi::{CryptApi, Get};
//! use postback_rocket::{Postback, Retry};
//! use rocket::get;
//!
//! /// It finds no order, so it acknowledges nothing.
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
//! # Rejections
//!
//! The response names the class of the rejection. The reason is logged (feature `tracing`):
//!
//! ```
//! use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
//! use postback_rocket::{Postback, Retry};
//! use rocket::{http::{ContentType, Status}, local::blocking::Client, post, routes};
//!
//! #[post("/", data = "<_postback>")]
//! fn paid(_postback: Postback<CryptoCloud>) -> Retry {
//!     postback_core::Retry::store_unavailable("this example has no store").into()
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("a secret of this example")?);
//! let app = rocket::build()
//!     .manage(verifier)
//!     .mount("/postback", routes![paid])
//!     .register("/postback", postback_rocket::catchers());
//! # let app = app.configure(rocket::Config {
//! #     log_level: rocket::config::LogLevel::Off,
//! #     ..Default::default()
//! # });
//!
//! let client = Client::untracked(app)?;
//! let request = client
//!     .post("/postback")
//!     .header(ContentType::JSON)
//!     .body(r#"{"status":"success","invoice_id":"ILRAJE1Q"}"#);
//! let response = request.dispatch();
//! assert_eq!(response.status(), Status::Unauthorized);
//! let body = response.into_string();
//! assert_eq!(body.as_deref(), Some(r#"{"error":"Unverified postback"}"#));
//! # Ok(())
//! # }
//! ```
//!
//! Without the [`catchers`] the response is Rocket's own page for the status. A catcher of the
//! application finds the reason with [`PostbackError::of`]. A handler that needs it takes the
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
//! # Several projects
//!
//! Each project of a provider has a verifier of its own. Either give the projects different types
//! with [`Tenant`](postback_core::Tenant), or choose the verifier by path or host in a guard that
//! calls [`Postback::receive`].
//!
//! **Look an order up only among those of the verifier's own project:** the holder of another
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
//! # fn app(
//! #     projects: impl IntoIterator<Item = (&'static str, Orders, Verifier<CryptoCloud>)>,
//! # ) -> Rocket<Build> {
//! #     let project = |(name, orders, verifier): (&str, Orders, Verifier<CryptoCloud>)| {
//! #         (name.to_owned(), Project { verifier, orders })
//! #     };
//! #     rocket::build()
//! #         .manage(Projects(projects.into_iter().map(project).collect()))
//! #         .mount("/postback", routes![paid])
//! #         .register("/postback", postback_rocket::catchers())
//! # }
//! ```
//!
//! This guard is not a sentinel: Rocket does not check at launch that the projects are managed.
//!
//! # Signed URLs
//!
//! The guard sees the whole path wherever its route is mounted, as it was signed. The fairing
//! `AdHoc::uri_normalizer` rewrites the path: do not use it on these routes, because a signed URL
//! that it has changed is rejected.
//!
//! **Rocket logs the URL of each request, with the callback secret of a CryptAPI callback,** unless
//! its log level is `critical` or `off`. At `critical` it still logs URLs that match no route, and
//! at `debug` it also logs headers.
//!
//! # Timeouts
//!
//! The guard sets no deadline for the body. Put one around [`Postback::receive`] in a guard of the
//! application, as above: it covers the body, and not the handler. The log event of a
//! request that misses the deadline is `postback abandoned`, because `receive` was dropped before
//! it verified or rejected the request.
//!
//! Rocket waits for the first bytes of a declared body before it calls any guard. Put a proxy in
//! front of the server that limits how long a connection may last.
//!
//! # Half-closed connections
//!
//! A client may shut down its writing side as soon as it has sent the request. Rocket's server then
//! often closes the connection without a response, and has no setting for it. Put a proxy in front
//! of it that keeps its own connections open, for example nginx with `proxy_ignore_client_abort
//! on`. In a test 20 of 20 such clients received their response with this setting, and none with
//! nginx's default.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `cryptapi` | yes | CryptAPI and BlockBee; the only feature that adds C code to the dependencies |
//! | `cryptocloud` | yes | CryptoCloud and Trybit |
//! | `tracing` | yes | log events, which `postback-core` documents |

mod guard;
mod response;

pub use guard::{Ack, Postback, PostbackError, Retry};
pub use response::catchers;
