use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, body, dev::Payload, web};
use bytes::Bytes;
use postback_core::{Provider, Rejection, RequestHead, Verifier};

postback_core::adapter_types! {
    /// Extractor for a verified postback of `P`; derefs to [`Verified`].
    ///
    /// Needs a `Verifier<P>` in the application's data: by `app_data(verifier)`, or by
    /// `app_data(web::Data::new(verifier))`. The nearest counts, the route's before the application's.
    ///
    /// *Rejects* with [`PostbackError`] when
    ///
    /// - neither is there, or both are, for then which is nearer cannot be told: as not configured, and the
    ///   operator's log says what was looked for;
    /// - the method, content type, content encoding or declared size is not acceptable: before a byte of
    ///   the body is read;
    /// - the body exceeds the verifier's limit, or breaks off;
    /// - the postback is malformed, unsigned, forged, expired or about another invoice.
    ///
    /// A handler that wants to see the reason takes `Result<Postback<P>, PostbackError>`, and hands the
    /// refusal back as its answer. It takes no `Option<Postback<P>>`, which would hide a refusal, and no `Either`,
    /// which reads the body first; nor another extractor of the body before this one, which would leave it none.
    ///
    /// `web::PayloadConfig` does not apply: the limit is the verifier's.
    Postback,

    /// Why [`Postback`] refused a request. As a response it tells the class and no more.
    PostbackError,
}

impl<P: Provider> Postback<P> {
    /// Verifies a request with `verifier`, for an application that chooses it by path or host.
    ///
    /// # Errors
    ///
    /// [`PostbackError`], as the extractor does.
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
        let verdict = match verifier.admit(&head) {
            Ok(admitted) => match read(payload, admitted.body_limit()).await {
                Ok(body) => admitted.verify(body),
                Err(rejection) => Err(admitted.reject(rejection)),
            },
            Err(rejection) => Err(rejection),
        };
        verdict.map(Self).map_err(PostbackError::of_provider::<P>)
    }
}

/// Reads the payload as it came: `web::Bytes` would inflate it. Without a limit nothing is read.
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
            // Not either: an outer one of the first kind would hide a nearer one of the second.
            let verifier = request.app_data::<Verifier<P>>();
            let shared = request.app_data::<web::Data<Verifier<P>>>();
            match verifier.xor(shared.map(|shared| shared.get_ref())) {
                Some(verifier) => Self::receive(&request, payload, verifier).await,
                None => {
                    let rejection = Rejection::not_configured::<P>(LOOKED_FOR);
                    Err(PostbackError::of_provider::<P>(rejection))
                }
            }
        })
    }
}

const LOOKED_FOR: &str = "app_data(Verifier<P>) or app_data(web::Data<Verifier<P>>), not both";
