use axum_core::{
    RequestExt,
    body::Body,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use http_body::Body as _;
use postback_core::{Provider, Rejection, Verified, Verifier};

use crate::{head, response, verify_body::VerifyBody};

postback_core::adapter_types! {
    /// Extractor for a verified postback of `P`.
    ///
    /// It dereferences to [`Verified<P>`](Verified), and that to the payload.
    ///
    /// The extractor takes its `Verifier<P>` out of the router's state by `FromRef`: the verifier
    /// is the state itself, or a part of it. Below a [`PostbackLayer`](crate::PostbackLayer) of the
    /// same verifier it takes the layer's result and reads nothing; below one of another verifier
    /// it verifies again. It consumes the body, so it must be the last argument of a handler.
    ///
    /// *Rejects* with [`PostbackRejection`] when
    ///
    /// - the method, content type, content encoding or declared size is not acceptable: before any
    ///   byte of the body is read;
    /// - the body exceeds the verifier's limit or the route's `DefaultBodyLimit`, or cannot be read
    ///   to its end;
    /// - verification fails: [`Rejection`] lists all reasons.
    ///
    /// A handler that needs the reason takes `Result<Postback<P>, PostbackRejection>`, and returns
    /// the rejection as its response.
    ///
    /// See the [module's documentation](super) for examples.
    pub struct Postback<P>;

    /// Error returned when [`Postback`] or [`FromVerified`] rejects a request.
    ///
    /// As a response it has the status, headers and text of the class, and the [`Rejection`] in its
    /// extensions. The sender does not learn the reason.
    pub struct PostbackRejection;

    /// Response that acknowledges a postback of `P`: [`Provider::ACK`].
    pub struct Ack<P>;

    /// Error returned by a handler that does not acknowledge a verified postback. It asks the
    /// provider to send it again.
    ///
    /// Wraps [`postback_core::Retry`], and implements `From` for every type that converts into it,
    /// so that a handler can use `?`. As a response it has the status and text of the class, and
    /// `Retry-After`; the cause is logged in one event.
    pub struct Retry;
}

impl<P: Provider> Postback<P> {
    /// Verifies a request with `verifier`. For an application that chooses the verifier by path or
    /// host.
    ///
    /// # Errors
    ///
    /// [`PostbackRejection`], in the same cases as the extractor.
    pub async fn receive(
        request: Request,
        verifier: &Verifier<P>,
    ) -> Result<Self, PostbackRejection> {
        match request.extensions().get::<Verified<P>>() {
            Some(verified) if verified.is_from(verifier) => return Ok(Self(verified.clone())),
            _ => {}
        }
        let declared = request.body().size_hint().lower();
        let (head, body) = request.with_limited_body().into_parts();
        let result = match head::admit(verifier, &head) {
            Ok(admitted) => VerifyBody::new(body, declared, admitted).await,
            Err(rejection) => Err(rejection),
        };
        match result {
            Ok((verified, _)) => Ok(Self(verified)),
            Err(rejection) => Err(PostbackRejection::new::<P>(rejection)),
        }
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

/// Extractor for the postback that a [`PostbackLayer`](crate::PostbackLayer) above the handler
/// verified.
///
/// It needs no state and reads no body.
///
/// It takes the result of any layer for `P`, whichever verifier the layer has: of the innermost
/// layer if there are several. [`Verified::project`] is the project. With several projects,
/// [`Tenant`](postback_core::Tenant) gives each project a type of its own.
///
/// *Rejects* with [`PostbackRejection`], as not configured, when no layer for `P` is above the
/// handler.
#[must_use]
#[derive(Debug)]
#[allow(
    clippy::exhaustive_structs,
    reason = "a pattern in a handler's arguments"
)]
pub struct FromVerified<P: Provider>(
    /// The postback.
    pub Postback<P>,
);

impl<S: Send + Sync, P: Provider> FromRequestParts<S> for FromVerified<P> {
    type Rejection = PostbackRejection;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        match head.extensions.get::<Verified<P>>() {
            Some(verified) => Ok(Self(Postback(verified.clone()))),
            None => {
                let rejection = Rejection::not_configured::<P>("a PostbackLayer above the handler");
                Err(PostbackRejection::new::<P>(rejection))
            }
        }
    }
}

impl IntoResponse for PostbackRejection {
    fn into_response(self) -> Response {
        response::rejected(self.reply(), self.rejection().clone())
    }
}

impl<P: Provider> IntoResponse for Ack<P> {
    fn into_response(self) -> Response {
        response::acknowledgement::<P, Body>()
    }
}

impl IntoResponse for Retry {
    fn into_response(self) -> Response {
        response::retry(self.into_inner())
    }
}
