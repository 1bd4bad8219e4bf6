use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, body, dev::Payload, web};
use bytes::Bytes;
use postback_core::{Provider, Rejection, RequestHead, Verifier};

postback_core::adapter_types! {
    /// Extractor for a verified postback of `P`.
    ///
    /// It dereferences to [`Verified<P>`](postback_core::Verified), and that to the payload.
    ///
    /// The extractor takes its `Verifier<P>` out of the application data: `app_data(verifier)`, or
    /// `app_data(web::Data::new(verifier))`. The nearest counts, so that a route can override the
    /// application. The body is limited by the verifier; `web::PayloadConfig` does not apply.
    ///
    /// *Rejects* with [`PostbackError`] when
    ///
    /// - the application data has no `Verifier<P>`, or has one of each kind, because it is not
    ///   known which of both is nearer: as not configured;
    /// - the method, content type, content encoding or declared size is not acceptable: before any
    ///   byte of the body is read;
    /// - the body exceeds the verifier's limit, or cannot be read to its end;
    /// - verification fails: [`Rejection`] lists all reasons.
    ///
    /// A handler that needs the reason takes `Result<Postback<P>, PostbackError>`, and returns the
    /// error as its response. Do not take `Option<Postback<P>>`, which hides a rejection, or
    /// `Either`, which reads the body before the extractor does. Another extractor that reads the
    /// body leaves none for this one.
    ///
    /// See the [crate's documentation](crate) for examples.
    pub struct Postback<P>;

    /// Error returned when [`Postback`] rejects a request.
    ///
    /// As a response it has the status, headers and text of the class. The sender does not learn
    /// the reason.
    pub struct PostbackError;

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
    /// [`PostbackError`], in the same cases as the extractor, but never as not configured.
    pub async fn receive(
        request: &HttpRequest,
        payload: Payload,
        verifier: &Verifier<P>,
    ) -> Result<Self, PostbackError> {
        // Not the whole URI: proxies put scheme and host there.
        let target = request.uri().path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
            let values = request.headers().get_all(name);
            values.for_each(|value| visit(value.as_bytes()));
        };
        let head = RequestHead::new(request.method().as_str(), target, &headers);
        let result = match verifier.admit(&head) {
            Ok(admitted) => match read(payload, admitted.body_limit()).await {
                Ok(body) => admitted.verify(body),
                Err(rejection) => Err(admitted.reject(rejection)),
            },
            Err(rejection) => Err(rejection),
        };
        result.map(Self).map_err(PostbackError::new::<P>)
    }
}

/// Reads the payload as received: `web::Bytes` would decompress it. Reads nothing without a limit.
async fn read(payload: Payload, limit: Option<usize>) -> Result<Bytes, Rejection> {
    let Some(limit) = limit else {
        return Ok(Bytes::new());
    };
    match body::to_bytes_limited(body::BodyStream::new(payload), limit).await {
        Ok(body) => body.map_err(|_| Rejection::BodyUnreadable),
        Err(_) => Err(Rejection::body_too_large(limit)),
    }
}

impl<P: Provider> FromRequest for Postback<P> {
    type Error = PostbackError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PostbackError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            // Not both: an outer one of the first kind would hide a nearer one of the second.
            let verifier = request.app_data::<Verifier<P>>();
            let shared = request.app_data::<web::Data<Verifier<P>>>();
            match verifier.xor(shared.map(|shared| shared.get_ref())) {
                Some(verifier) => Self::receive(&request, payload, verifier).await,
                None => {
                    let rejection = Rejection::not_configured::<P>(LOOKED_FOR);
                    Err(PostbackError::new::<P>(rejection))
                }
            }
        })
    }
}

const LOOKED_FOR: &str = "app_data(Verifier<P>) or app_data(web::Data<Verifier<P>>), not both";
