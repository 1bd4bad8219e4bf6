use axum_core::{
    RequestExt,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
};
use http::request::Parts;
use http_body::Body;
use postback_core::{Provider, Rejection, Verified, Verifier};

use crate::{body::Reading, head};

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
    /// - the postback is malformed, unsigned, forged, expired or about another invoice.
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

    /// Error returned by a handler so that the provider sends the postback again.
    ///
    /// Wraps [`postback_core::Retry`], and implements `From` for every type that converts into it,
    /// so that a handler can use `?`. As a response it has the status and text of the class, and
    /// `Retry-After`; the cause is logged in one event.
    pub struct Retry;
}

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
        match request.extensions().get::<Verified<P>>() {
            Some(verified) if verified.is_from(verifier) => return Ok(Self(verified.clone())),
            _ => {}
        }
        let declared = request.body().size_hint().lower();
        let (head, body) = request.with_limited_body().into_parts();
        let result = match head::admit(verifier, &head) {
            Ok(admitted) => match Reading::new(body, declared, admitted.body_limit()).await {
                Ok(body) => admitted.verify(body),
                Err(rejection) => Err(admitted.reject(rejection)),
            },
            Err(rejection) => Err(rejection),
        };
        result.map(Self).map_err(PostbackRejection::new::<P>)
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

/// Extractor for the postback that a [`PostbackLayer`](crate::PostbackLayer) above the handler let
/// through. It needs no state and reads no body.
///
/// It takes the result of any layer for `P`, whichever verifier it asked, the innermost if there are
/// several; [`Verified::project`] tells the project. With several projects, [`Tenant`](postback_core::Tenant)
/// gives each a type of its own.
///
/// *Rejects* with [`PostbackRejection`], as not configured, when no layer for `P` stands above the
/// handler. One for another gateway does not count.
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
