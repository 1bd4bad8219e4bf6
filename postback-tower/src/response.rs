use http::Response;
use postback_core::{Provider, Rejection, Reply, Retry};

/// Returns the response that acknowledges a postback of `P`: [`Provider::ACK`].
///
/// For services below a [`PostbackLayer`](crate::PostbackLayer) that do not use axum.
///
/// ```
/// use postback_core::cryptocloud::CryptoCloud;
/// use postback_tower::acknowledgement;
///
/// let response = acknowledgement::<CryptoCloud, String>();
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.body(), r#"{"message":"Postback received"}"#);
/// ```
#[must_use = "a postback is acknowledged only if the service returns this"]
pub fn acknowledgement<P: Provider, B: From<&'static str>>() -> Response<B> {
    response(P::ACK).map(B::from)
}

/// Returns the response that asks the provider to send the postback again, and logs the cause in
/// one event.
///
/// For services below a [`PostbackLayer`](crate::PostbackLayer) that do not use axum.
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
#[must_use = "the provider is asked to send again only if the service returns this"]
pub fn retry<B: From<&'static str>>(reason: impl Into<Retry>) -> Response<B> {
    let reason = reason.into();
    reason.log();
    response(reason.reply()).map(B::from)
}

/// Returns the response to a rejected request of `P`. It names the class of the rejection; the
/// rejection itself is in its extensions.
pub(crate) fn rejection<P: Provider, B: From<&'static str>>(rejection: Rejection) -> Response<B> {
    rejected(rejection.reply_to::<P>(), rejection)
}

/// Returns a reply as the response to a rejected request.
pub(crate) fn rejected<B: From<&'static str>>(reply: Reply, rejection: Rejection) -> Response<B> {
    let mut response = response(reply);
    response.extensions_mut().insert(rejection);
    response.map(B::from)
}

/// Converts a reply into an HTTP response.
#[expect(
    clippy::expect_used,
    reason = "replies are constants of providers and core, checked where they are made"
)]
fn response(reply: Reply) -> Response<&'static str> {
    let mut builder = Response::builder().status(reply.status());
    for (name, value) in reply.headers() {
        builder = builder.header(name, &*value);
    }
    builder
        .body(reply.body())
        .expect("a reply has a valid status and valid headers")
}
