//! The axum extractor.
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
//! # Nested routers
//!
//! `Router::nest` takes its prefix off the path that an extractor sees, and so off
//! [`Head::target`](postback_core::Head::target). CryptoCloud and Trybit do not sign the path.
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

use std::{fmt, marker::PhantomData, ops::Deref};

use axum_core::{
    extract::{FromRef, FromRequest, Request},
    response::{IntoResponse, Response},
};
use postback_core::{Provider, Rejection, Verified, Verifier};

use crate::{body, head, response};

/// Extractor for a verified postback of `P`; derefs to [`Verified`].
///
/// Needs a `Verifier<P>` in the router's state: as the state itself or, with others, by `FromRef`.
///
/// *Rejects* with [`PostbackRejection`] when
///
/// - the method, content type, content encoding or declared size is not acceptable: before a byte
///   of the body is read;
/// - the body exceeds the verifier's limit or the route's `DefaultBodyLimit`, or breaks off;
/// - the postback is malformed, unsigned, forged, expired or about another invoice.
///
/// A handler that wants to see the reason takes `Result<Postback<P>, PostbackRejection>`, and hands
/// the refusal back as its answer.
#[must_use]
#[derive(Debug)]
pub struct Postback<P: Provider>(Verified<P>);

impl<P: Provider> Postback<P> {
    /// Verifies a request with `verifier`, for an application that chooses it by path or host.
    ///
    /// # Errors
    ///
    /// [`PostbackRejection`], as the extractor does.
    pub async fn receive(
        request: Request,
        verifier: &Verifier<P>,
    ) -> Result<Self, PostbackRejection> {
        let (head, body) = body::split(request);
        let admitted = head::admit(verifier, &head)?;
        let body = body.read(admitted.need()).await?;
        Ok(Self(admitted.verify(body)?))
    }

    /// The answer that tells the provider that the postback has arrived.
    pub fn ack(&self) -> Ack<P> {
        Ack::default()
    }

    /// The proof without the extractor around it.
    pub fn into_verified(self) -> Verified<P> {
        self.0
    }
}

impl<S: Send + Sync, P: Provider> FromRequest<S> for Postback<P>
where
    Verifier<P>: FromRef<S>,
{
    type Rejection = PostbackRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        Self::receive(request, &Verifier::from_ref(state)).await
    }
}

impl<P: Provider> Deref for Postback<P> {
    type Target = Verified<P>;

    fn deref(&self) -> &Verified<P> {
        &self.0
    }
}

/// Why [`Postback`] refused a request. As a response it tells the class and no more, and carries
/// the [`Rejection`] in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostbackRejection(Rejection);

impl PostbackRejection {
    /// The reason.
    #[must_use]
    pub const fn rejection(&self) -> &Rejection {
        &self.0
    }
}

impl From<Rejection> for PostbackRejection {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl fmt::Display for PostbackRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PostbackRejection {}

impl IntoResponse for PostbackRejection {
    fn into_response(self) -> Response {
        response::refusal(self.0)
    }
}

/// The answer that tells the provider `P` that its postback has arrived: [`Provider::ACK`].
#[must_use = "an acknowledgement counts only as the handler's answer"]
#[derive(Debug)]
pub struct Ack<P>(PhantomData<fn() -> P>);

impl<P> Default for Ack<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P: Provider> IntoResponse for Ack<P> {
    fn into_response(self) -> Response {
        response::response(P::ACK)
    }
}
