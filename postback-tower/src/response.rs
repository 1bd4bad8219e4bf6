use http::Response;
use postback_core::{Answer, Provider, Rejection};

/// The response that tells the provider `P` that its postback has arrived: [`Provider::ACK`].
///
/// For services below a [`PostbackLayer`](crate::PostbackLayer) that know no axum.
///
/// ```
/// use postback_core::cryptocloud::CryptoCloud;
/// use postback_tower::acknowledgement;
///
/// let response = acknowledgement::<CryptoCloud, String>();
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.body(), r#"{"message":"Postback received"}"#);
/// ```
#[must_use = "an acknowledgement counts only as the service's answer"]
pub fn acknowledgement<P: Provider, B: From<&'static str>>() -> Response<B> {
    response(P::ACK).map(B::from)
}

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

/// The response that tells a provider the class of a refusal and no more, with the reason in its extensions for the
/// operator.
///
/// For services below a [`PostbackLayer`](crate::PostbackLayer) that know no axum, whose store fails for example:
///
/// ```
/// use postback_core::Rejection;
/// use postback_tower::refusal;
///
/// let response = refusal::<String>(Rejection::StoreUnavailable);
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "60");
/// assert_eq!(response.extensions().get(), Some(&Rejection::StoreUnavailable));
/// ```
#[must_use = "a refusal counts only as the service's answer"]
pub fn refusal<B: From<&'static str>>(rejection: Rejection) -> Response<B> {
    let mut response = response(rejection.answer());
    response.extensions_mut().insert(rejection);
    response.map(B::from)
}
