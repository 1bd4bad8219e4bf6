use std::{
    fmt,
    marker::PhantomData,
    mem,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use postback_core::{Provider, Verifier};
use tower_service::Service;

use crate::{RequestBody, ResponseBody, ResponseFuture, body::BoxError, head};

/// Service that verifies postbacks before it calls the inner service; made by
/// [`PostbackLayer`](crate::PostbackLayer).
pub struct PostbackService<S, P: Provider, Out = RequestBody> {
    inner: S,
    verifier: Verifier<P>,
    out: PhantomData<fn() -> Out>,
}

impl<S, P: Provider, Out> PostbackService<S, P, Out> {
    pub(crate) const fn new(inner: S, verifier: Verifier<P>) -> Self {
        Self {
            inner,
            verifier,
            out: PhantomData,
        }
    }
}

impl<S, P, Out, B, ResBody> Service<Request<B>> for PostbackService<S, P, Out>
where
    S: Service<Request<Out>, Response = Response<ResBody>> + Clone,
    P: Provider,
    Out: From<Bytes>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, P, Out, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone may not be ready: call the instance that is.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let (head, body) = request.into_parts();
        match head::admit(&self.verifier, &head) {
            Ok(admitted) => ResponseFuture::verify(inner, head, admitted, body),
            Err(rejection) => ResponseFuture::reject(rejection),
        }
    }
}

impl<S: Clone, P: Provider, Out> Clone for PostbackService<S, P, Out> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.verifier.clone())
    }
}

impl<S, P: Provider, Out> fmt::Debug for PostbackService<S, P, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostbackService")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}
