use http::Response;
use postback_core::{Answer, Rejection};

/// Writes an answer as an HTTP response.
#[expect(
    clippy::expect_used,
    reason = "answers are constants of providers and core, checked where they are made"
)]
pub(crate) fn response(answer: Answer) -> Response<&'static str> {
    let mut builder = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        builder = builder.header(name, value);
    }
    builder
        .body(answer.body())
        .expect("an answer has a valid status and valid headers")
}

/// Writes a refusal, and leaves the reason in the response's extensions for the operator.
pub(crate) fn refusal(rejection: Rejection) -> Response<&'static str> {
    let mut response = response(rejection.answer());
    response.extensions_mut().insert(rejection);
    response
}
