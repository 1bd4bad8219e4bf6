//! One request through core, the tower layer and the axum extractor, in this process.

use std::{
    convert::Infallible,
    future::{self, Future, Ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use postback_core::{Provider, Rejection, RequestHead, Verified, Verifier};
use postback_tower::{PostbackLayer, RequestBody, axum::Postback};
use tower_layer::Layer as _;
use tower_service::Service;

/// Verifies a request by core, and checks that the layer and the extractor return the same, with
/// the body in frames of `frame` bytes. `same` compares two payloads.
///
/// # Errors
///
/// The rejection.
///
/// # Panics
///
/// If an adapter returns another result than core.
pub fn verify<P: Provider>(
    verifier: &Verifier<P>,
    request: &Request<Bytes>,
    frame: usize,
    same: impl Fn(&P::Payload, &P::Payload) -> bool,
) -> Result<Verified<P>, Rejection> {
    let by_core = by_core(verifier, request);
    let frames = || request.clone().map(|body| Frames { body, frame });
    for by_adapter in [
        by_layer(verifier, frames()),
        by_extractor(verifier, frames()),
    ] {
        match (&by_core, &by_adapter) {
            (Ok(one), Ok(other)) => assert!(same(one.payload(), other.payload())),
            (one, other) => assert_eq!(one.as_ref().err(), other.as_ref().err()),
        }
    }
    by_core
}

fn by_core<P: Provider>(
    verifier: &Verifier<P>,
    request: &Request<Bytes>,
) -> Result<Verified<P>, Rejection> {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
        for value in request.headers().get_all(name) {
            visit(value.as_bytes());
        }
    };
    let head = RequestHead::new(request.method().as_str(), target, &headers);
    verifier.admit(&head)?.verify(request.body().clone())
}

fn by_layer<P: Provider>(
    verifier: &Verifier<P>,
    request: Request<Frames>,
) -> Result<Verified<P>, Rejection> {
    let mut service = PostbackLayer::new(verifier.clone()).layer(Handler::<P>::default());
    let Ok(mut response) = block_on(service.call(request));
    let extensions = response.extensions_mut();
    match extensions.remove() {
        Some(verified) => {
            assert_eq!(response.status(), 200);
            Ok(verified)
        }
        None => {
            let rejection: Rejection = extensions.remove().expect("a rejection in the extensions");
            assert_eq!(response.status(), rejection.reply_to::<P>().status());
            Err(rejection)
        }
    }
}

fn by_extractor<P: Provider>(
    verifier: &Verifier<P>,
    request: Request<Frames>,
) -> Result<Verified<P>, Rejection> {
    let request = request.map(axum_core::body::Body::new);
    match block_on(Postback::receive(request, verifier)) {
        Ok(postback) => Ok(postback.into_verified()),
        Err(rejection) => Err(rejection.rejection().clone()),
    }
}

/// Runs a future that waits for nothing.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Service below the layer, which returns what the layer verified.
struct Handler<P>(std::marker::PhantomData<P>);

impl<P> Default for Handler<P> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<P> Clone for Handler<P> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<P: Provider> Service<Request<RequestBody>> for Handler<P> {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let mut response = Response::new(());
        if let Some(verified) = request.extensions_mut().remove::<Verified<P>>() {
            response.extensions_mut().insert(verified);
        }
        future::ready(Ok(response))
    }
}

/// Body in frames of a size.
struct Frames {
    body: Bytes,
    frame: usize,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.frame.clamp(1, self.body.len().max(1));
        Poll::Ready(match self.body.is_empty() {
            true => None,
            false => Some(Ok(Frame::data(self.body.split_to(length)))),
        })
    }
}
