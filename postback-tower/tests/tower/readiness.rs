//! Services below the layer that are not always ready.

use std::{convert::Infallible, future::poll_fn, io, task::Poll, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Channel, Full};
use postback_core::cryptocloud::CryptoCloud;
use postback_tower::{PostbackLayer, acknowledgement};
use tokio::time::{sleep, timeout};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt,
    limit::ConcurrencyLimitLayer,
    load_shed::{LoadShedLayer, error::Overloaded},
};

use crate::fixtures::{post, sample, verifier};

async fn paid(_: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    sleep(Duration::from_millis(5)).await;
    Ok(acknowledgement::<CryptoCloud, _>())
}

fn layer() -> PostbackLayer<CryptoCloud, Bytes> {
    PostbackLayer::new(verifier("s")).with_request_body()
}

/// Waits until the service takes a request with a body of type `B`, though not for ever.
async fn ready<B, S>(service: &mut S) -> &mut S
where
    S: Service<Request<B>, Error: std::fmt::Debug>,
{
    let ready = timeout(Duration::from_secs(5), ServiceExt::ready(service)).await;
    ready.unwrap().unwrap()
}

/// Delivers twelve at once, each with a clone of the service, every third of them forged.
async fn all_are_answered<S, B>(service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Send + 'static,
{
    let deliveries: Vec<_> = (0..12)
        .map(|number| {
            let service = service.clone();
            tokio::spawn(async move {
                let (signer, expected) = match number % 3 {
                    0 => ("forged", StatusCode::UNAUTHORIZED),
                    _ => ("s", StatusCode::OK),
                };
                let request = post().body(Full::new(sample(signer))).unwrap();
                let response = service.oneshot(request).await.map_err(Into::into).unwrap();
                assert_eq!(response.status(), expected);
            })
        })
        .collect();
    for delivery in deliveries {
        timeout(Duration::from_secs(5), delivery)
            .await
            .unwrap()
            .unwrap();
    }
}

/// It panics when an instance is called that was not ready.
#[tokio::test]
async fn a_concurrency_limit() {
    let limit = ConcurrencyLimitLayer::new(1);
    all_are_answered(
        ServiceBuilder::new()
            .layer(layer())
            .layer(limit)
            .service_fn(paid),
    )
    .await;
}

/// It panics when an instance is called that was not ready.
#[tokio::test]
async fn a_buffer() {
    let service = ServiceBuilder::new()
        .layer(layer())
        .buffer(1)
        .service_fn(paid);
    all_are_answered(service).await;
}

#[tokio::test]
async fn a_buffer_over_a_concurrency_limit() {
    let limit = ConcurrencyLimitLayer::new(1);
    let service = ServiceBuilder::new().layer(layer()).buffer(1).layer(limit);
    all_are_answered(service.service_fn(paid)).await;
}

/// It refuses whom it was not ready for, and whoever was found ready is served.
#[tokio::test]
async fn a_load_shed() {
    let service = ServiceBuilder::new()
        .layer(layer())
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .service_fn(paid);
    let request = || post().body(Full::new(sample("s"))).unwrap();

    let mut one = service.clone();
    let served = ready::<Full<Bytes>, _>(&mut one).await.call(request());
    let shed = service.clone().oneshot(request()).await.unwrap_err();
    assert!(shed.is::<Overloaded>(), "{shed}");
    assert_eq!(served.await.unwrap().status(), StatusCode::OK);

    let again = service.oneshot(request()).await.unwrap();
    assert_eq!(
        again.status(),
        StatusCode::OK,
        "what was shed holds nothing"
    );
}

/// While one request's body is read, no other has its turn.
#[tokio::test]
async fn a_request_waits_until_the_service_is_ready() {
    let service = ServiceBuilder::new()
        .layer(layer())
        .layer(ConcurrencyLimitLayer::new(1))
        .service_fn(paid);
    let (sender, body) = Channel::<Bytes, io::Error>::new(1);
    let mut first = service.clone();
    let reading = ready::<Channel<Bytes, io::Error>, _>(&mut first)
        .await
        .call(post().body(body).unwrap());

    let mut second = service;
    let pending = poll_fn(|context| {
        let ready = Service::<Request<Full<Bytes>>>::poll_ready(&mut second, context);
        Poll::Ready(ready.is_pending())
    });
    assert!(pending.await);

    // The first is given up in mid-body, and its turn with it.
    drop((reading, sender));
    ready::<Full<Bytes>, _>(&mut second).await;
}

/// Whoever is refused gives its turn back at once, whatever becomes of the response.
#[tokio::test]
async fn a_refusal_holds_no_turn() {
    let mut service = ServiceBuilder::new()
        .layer(layer())
        .layer(ConcurrencyLimitLayer::new(1))
        .service_fn(paid);
    let by_its_head = Request::get("/").body(Full::default()).unwrap();
    let by_its_body = post().body(Full::new(sample("forged"))).unwrap();
    let mut responses = Vec::new();
    for request in [by_its_head, by_its_body] {
        responses.push(
            ready::<Full<Bytes>, _>(&mut service)
                .await
                .call(request)
                .await
                .unwrap(),
        );
    }
    ready::<Full<Bytes>, _>(&mut service).await;
}
