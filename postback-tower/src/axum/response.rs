use std::{fmt, marker::PhantomData};

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use postback_core::{Provider, Rejection};

use crate::response;

/// Why [`Postback`](super::Postback) refused a request. As a response it tells the class and no more, and carries
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
        response::refusal(self.0).map(Body::from)
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
        response::response(P::ACK).map(Body::from)
    }
}
