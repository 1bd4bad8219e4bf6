use http::Response;
use postback_core::{Provider, Rejection, Reply, Retry};

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
pub(crate) fn response(answer: Reply) -> Response<&'static str> {
    let mut builder = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        builder = builder.header(name, &*value);
    }
    builder
        .body(answer.body())
        .expect("an answer has a valid status and valid headers")
}

/// Returns the response that makes the provider send the postback again, and leaves one log event with the cause.
///
/// For services below a [`PostbackLayer`](crate::PostbackLayer) that know no axum:
///
/// ```
/// use postback_core::Retry;
/// use postback_tower::retry;
///
/// let response = retry::<String>(Retry::unknown_order("ILRAJE1Q"));
/// assert_eq!(response.status(), 404);
/// assert_eq!(response.headers()["retry-after"], "60");
/// assert_eq!(response.body(), r#"{"error":"Unknown order"}"#);
/// ```
#[must_use = "the provider sends again only if this is the service's answer"]
pub fn retry<B: From<&'static str>>(reason: impl Into<Retry>) -> Response<B> {
    let reason = reason.into();
    reason.log();
    response(reason.reply()).map(B::from)
}

/// Returns the response to a rejected request of `P`: the class of the rejection and no more. The reason is in its
/// extensions, for the operator.
pub(crate) fn rejection<P: Provider, B: From<&'static str>>(rejection: Rejection) -> Response<B> {
    rejected(rejection.reply_to::<P>(), rejection)
}

/// Returns a reply as the response to a rejected request.
pub(crate) fn rejected<B: From<&'static str>>(reply: Reply, rejection: Rejection) -> Response<B> {
    let mut response = response(reply);
    response.extensions_mut().insert(rejection);
    response.map(B::from)
}
