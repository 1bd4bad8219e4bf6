use std::marker::PhantomData;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError, body::BoxBody,
    http::StatusCode,
};
use postback_core::{Answer, Provider, Rejection};

/// Why [`Postback`](crate::Postback) refused a request. As a response it tells the class and no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct PostbackError(#[from] Rejection);

impl PostbackError {
    /// The reason.
    #[must_use]
    pub const fn rejection(&self) -> &Rejection {
        &self.0
    }
}

impl ResponseError for PostbackError {
    fn status_code(&self) -> StatusCode {
        response(self.0.answer()).status()
    }

    fn error_response(&self) -> HttpResponse {
        response(self.0.answer())
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

impl<P: Provider> Responder for Ack<P> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        response(P::ACK)
    }
}

/// Writes an answer as an HTTP response.
#[expect(
    clippy::expect_used,
    reason = "answers are checked where they are made"
)]
fn response(answer: Answer) -> HttpResponse {
    let status = answer.status().try_into().expect("a valid status");
    let mut builder = HttpResponseBuilder::new(status);
    for header in answer.headers() {
        builder.insert_header(header);
    }
    builder.body(answer.body())
}
