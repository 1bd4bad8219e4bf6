//! The receiver's routes, apart from the process around them.

use std::{convert::Infallible, future::ready, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use postback_core::{
    Provider, Verified, Verifier,
    cryptocloud::{CryptoCloud, Payment, Trybit},
};
use postback_tower::{PostbackLayer, ResponseBody, acknowledgement};
use receiver::Print;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::timeout::RequestBodyDeadlineLayer;

/// What the routes answer with.
pub type Answer = Response<ResponseBody<Full<Bytes>>>;

/// `/postback/cryptocloud` and `/postback/trybit`; a body may take `deadline` to arrive.
pub fn routes(
    cryptocloud: Verifier<CryptoCloud>,
    trybit: Verifier<Trybit>,
    print: Print,
    deadline: Duration,
) -> impl Service<Request<Incoming>, Response = Answer, Error = Infallible, Future: Send> + Clone {
    let cryptocloud = guarded(cryptocloud, print.clone(), deadline);
    let trybit = guarded(trybit, print, deadline);
    service_fn(move |request: Request<Incoming>| {
        let (cryptocloud, trybit) = (cryptocloud.clone(), trybit.clone());
        async move {
            match request.uri().path() {
                "/postback/cryptocloud" => cryptocloud.oneshot(request).await,
                "/postback/trybit" => trybit.oneshot(request).await,
                _ => Ok(empty(StatusCode::NOT_FOUND)),
            }
        }
    })
}

/// The deadline stands above the layer, which reads the body, and ends that alone: the handler has
/// the time that it needs.
fn guarded<P: Provider<Event = Payment>>(
    verifier: Verifier<P>,
    print: Print,
    deadline: Duration,
) -> impl Service<Request<Incoming>, Response = Answer, Error = Infallible, Future: Send> + Clone {
    ServiceBuilder::new()
        .layer(RequestBodyDeadlineLayer::new(deadline))
        .layer(PostbackLayer::new(verifier).with_request_body::<Bytes>())
        .service_fn(move |request| ready(Ok(paid::<P>(&print, &request))))
}

fn paid<P: Provider<Event = Payment>>(
    print: &Print,
    request: &Request<Bytes>,
) -> Response<Full<Bytes>> {
    let printed = request
        .extensions()
        .get::<Verified<P>>()
        .map(|verified| receiver::print_payment::<P>(print, verified));
    match printed {
        Some(Ok(())) => acknowledgement::<P, _>(),
        _ => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn empty<B: Default>(status: StatusCode) -> Response<B> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
