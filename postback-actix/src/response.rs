use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError, body::BoxBody,
    http::StatusCode,
};
use postback_core::{Provider, Reply};

use crate::{Ack, PostbackError, Retry};

impl ResponseError for PostbackError {
    fn status_code(&self) -> StatusCode {
        response(self.reply()).status()
    }

    fn error_response(&self) -> HttpResponse {
        response(self.reply())
    }
}

impl ResponseError for Retry {
    fn status_code(&self) -> StatusCode {
        response(self.get_ref().reply()).status()
    }

    fn error_response(&self) -> HttpResponse {
        self.get_ref().log();
        response(self.get_ref().reply())
    }
}

impl<P: Provider> Responder for Ack<P> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        response(P::ACK)
    }
}

/// Converts a reply into an HTTP response.
#[expect(
    clippy::expect_used,
    reason = "replies are constants of providers and core, checked where they are made"
)]
fn response(reply: Reply) -> HttpResponse {
    let status = reply.status().try_into().expect("a valid status");
    let mut builder = HttpResponseBuilder::new(status);
    for (name, value) in reply.headers() {
        builder.insert_header((name, &*value));
    }
    builder.body(reply.body())
}
