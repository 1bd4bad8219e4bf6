use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use postback_core::{Verified, Verifier};
use postback_tower::{PostbackLayer, acknowledgement};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::{Application, Delivered, Seen, Served, copy_code_to_header, takes_result};

pub(super) async fn serve<P: Served>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let noting = seen.clone();
    let guarded = ServiceBuilder::new()
        .layer(PostbackLayer::new(verifier).with_request_body::<Bytes>())
        .service_fn(move |request| {
            let response = paid::<P>(&noting, &request);
            async { Ok::<_, Infallible>(response) }
        });
    let service = service_fn(move |request: Request<Incoming>| {
        let guarded = guarded.clone();
        async move {
            let takes_result = takes_result(&request);
            let response = guarded.oneshot(request).await;
            if takes_result {
                response.map(copy_code_to_header)
            } else {
                response
            }
        }
    });
    Application::serve_on_hyper(service, seen).await
}

fn paid<P: Served>(seen: &Seen, request: &Request<Bytes>) -> Response<Full<Bytes>> {
    let verified = request.extensions().get::<Verified<P>>();
    let verified = verified.expect("the layer passes only verified requests");
    seen.note(Delivered::new(verified, Some(request.body().clone())));
    acknowledgement::<P, _>()
}
