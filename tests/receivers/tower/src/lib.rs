//! The routes of the receiver.

mod serve;

use std::{convert::Infallible, future::ready, io, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use postback_core::{Provider, Verified, Verifier};
use postback_tower::{PostbackLayer, ResponseBody, acknowledgement};
use receiver::{CryptApiVerifier, Print, Verifiers, print_callback, print_payment};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn, util::BoxCloneSyncService};
use tower_http::timeout::RequestBodyDeadlineLayer;

pub use self::serve::serve;

/// Response of the routes.
pub type Reply = Response<ResponseBody<Full<Bytes>>>;

/// Returns the routes `/postback/cryptapi`, `/postback/cryptocloud` and `/postback/trybit`.
/// Verified postbacks are passed to `print`, and a body must arrive within `deadline`.
pub fn routes(
    verifiers: Verifiers,
    print: &Print,
    deadline: Duration,
) -> impl Service<Request<Incoming>, Response = Reply, Error = Infallible, Future: Send> + Clone + use<>
{
    let cryptapi = match verifiers.cryptapi {
        CryptApiVerifier::Get(verifier) => guarded(verifier, print, deadline, print_callback),
        CryptApiVerifier::Post(verifier) => guarded(verifier, print, deadline, print_callback),
    };
    let cryptocloud = guarded(verifiers.cryptocloud, print, deadline, print_payment);
    let trybit = guarded(verifiers.trybit, print, deadline, print_payment);
    service_fn(move |request: Request<Incoming>| {
        let route = match request.uri().path() {
            "/postback/cryptapi" => Some(cryptapi.clone()),
            "/postback/cryptocloud" => Some(cryptocloud.clone()),
            "/postback/trybit" => Some(trybit.clone()),
            _ => None,
        };
        async move {
            match route {
                Some(route) => route.oneshot(request).await,
                None => Ok(empty(StatusCode::NOT_FOUND)),
            }
        }
    })
}

type Route = BoxCloneSyncService<Request<Incoming>, Reply, Infallible>;

/// Guards a route. The deadline is above the layer, which reads the body, and does not bound the
/// handler.
fn guarded<P: Provider>(
    verifier: Verifier<P>,
    print: &Print,
    deadline: Duration,
    output: fn(&Print, &Verified<P>) -> io::Result<()>,
) -> Route {
    let print = print.clone();
    let service = ServiceBuilder::new()
        .layer(RequestBodyDeadlineLayer::new(deadline))
        .layer(PostbackLayer::new(verifier).with_request_body::<Bytes>())
        .service_fn(move |request: Request<Bytes>| {
            let verified = request.extensions().get::<Verified<P>>();
            ready(Ok(match verified.map(|it| output(&print, it)) {
                Some(Ok(())) => acknowledgement::<P, Full<Bytes>>(),
                _ => empty(StatusCode::INTERNAL_SERVER_ERROR),
            }))
        });
    BoxCloneSyncService::new(service)
}

fn empty<B: Default>(status: StatusCode) -> Response<B> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
