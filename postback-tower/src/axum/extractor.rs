use axum_core::{
    RequestExt,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
};
use http::request::Parts;
use http_body::Body;
use postback_core::{Provider, Rejection, Verified, Verifier};

use crate::{body::Reading, head};

postback_core::adapter_types! {
    /// Extractor for a verified postback of `P`; derefs to [`Verified`].
    ///
    /// Needs a `Verifier<P>` in the router's state: as the state itself or, with others, by `FromRef`.
    /// Under a [`PostbackLayer`](crate::PostbackLayer) of the same verifier it takes the layer's result and
    /// reads nothing; under one of another verifier it verifies again.
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
    Postback,

    /// Why [`Postback`] refused a request. As a response it tells the class and no more, and carries the
    /// [`Rejection`] in its extensions.
    PostbackRejection,
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
        let verdict = match head::admit(verifier, &head) {
            Ok(admitted) => match Reading::new(body, declared, admitted.body_limit()).await {
                Ok(body) => admitted.verify(body),
                Err(rejection) => Err(admitted.reject(rejection)),
            },
            Err(rejection) => Err(rejection),
        };
        verdict
            .map(Self)
            .map_err(PostbackRejection::of_provider::<P>)
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
                Err(PostbackRejection::of_provider::<P>(rejection))
            }
        }
    }
}
