//! Inner services that are not always ready.

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

/// Waits up to five seconds until the service is ready for a request with a body of type `B`.
async fn ready<B, S>(service: &mut S) -> &mut S
where
    S: Service<Request<B>, Error: std::fmt::Debug>,
{
    let ready = timeout(Duration::from_secs(5), ServiceExt::ready(service)).await;
    ready.unwrap().unwrap()
}

/// Sends twelve requests concurrently, each to a clone of the service; every third is forged.
async fn assert_responds_to_all<S, B>(service: S)
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

/// The inner service panics when an instance is called that is not ready.
#[tokio::test]
async fn concurrency_limit_is_called_when_ready() {
    let limit = ConcurrencyLimitLayer::new(1);
    assert_responds_to_all(
        ServiceBuilder::new()
            .layer(layer())
            .layer(limit)
            .service_fn(paid),
    )
    .await;
}

/// The inner service panics when an instance is called that is not ready.
#[tokio::test]
async fn buffer_is_called_when_ready() {
    let service = ServiceBuilder::new()
        .layer(layer())
        .buffer(1)
        .service_fn(paid);
    assert_responds_to_all(service).await;
}

#[tokio::test]
async fn buffer_over_concurrency_limit_is_called_when_ready() {
    let limit = ConcurrencyLimitLayer::new(1);
    let service = ServiceBuilder::new().layer(layer()).buffer(1).layer(limit);
    assert_responds_to_all(service.service_fn(paid)).await;
}

/// The instance that was ready is called; the other request is shed.
#[tokio::test]
async fn load_shed_is_called_when_ready() {
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
        "the shed request holds no permit"
    );
}

/// The request whose body is being read holds the only permit.
#[tokio::test]
async fn request_waits_until_service_is_ready() {
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

    // Dropping the first request releases its permit.
    drop((reading, sender));
    ready::<Full<Bytes>, _>(&mut second).await;
}

/// The permit is released before the response is dropped.
#[tokio::test]
async fn rejected_request_holds_no_permit() {
    let mut service = ServiceBuilder::new()
        .layer(layer())
        .layer(ConcurrencyLimitLayer::new(1))
        .service_fn(paid);
    let rejected_by_head = Request::get("/").body(Full::default()).unwrap();
    let rejected_by_body = post().body(Full::new(sample("forged"))).unwrap();
    let mut responses = Vec::new();
    for request in [rejected_by_head, rejected_by_body] {
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
