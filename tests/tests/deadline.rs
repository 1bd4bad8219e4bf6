//! Deadlines for endless bodies: compositions with `tower-http`, over real sockets.

use std::{convert::Infallible, future::ready, time::Duration};

use axum::{Router, routing::any};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use postback_conformance::{
    deliveries::{self, verifier},
    driver::{Application, Seen},
    raw::RawResponse,
    receiver,
};
use postback_core::{cryptocloud::CryptoCloud, testing};
use postback_tower::{
    PostbackLayer, acknowledgement,
    axum::{Ack, Postback},
};
use tokio::time::sleep;
use tower::ServiceBuilder;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};

const DEADLINE: Duration = Duration::from_millis(200);

async fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

fn acknowledge(
    _: Request<Bytes>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(acknowledgement::<CryptoCloud, _>()))
}

async fn send_endless_body(application: &Application) -> RawResponse {
    receiver::drip(application, "/", DEADLINE).await
}

#[tokio::test]
async fn endless_body_is_unreadable_after_body_deadline_above_extractor() {
    let router = Router::new()
        .route("/", any(paid))
        .with_state(verifier())
        .layer(RequestBodyDeadlineLayer::new(DEADLINE));
    let application = Application::serve(router, Seen::default()).await;
    receiver::assert_unreadable(&send_endless_body(&application).await);
}

#[tokio::test]
async fn endless_body_is_unreadable_after_body_deadline_above_layer() {
    let router = Router::new()
        .route("/", any(paid))
        .layer(PostbackLayer::new(verifier()))
        .with_state(verifier())
        .layer(RequestBodyDeadlineLayer::new(DEADLINE));
    let application = Application::serve(router, Seen::default()).await;
    receiver::assert_unreadable(&send_endless_body(&application).await);
}

/// A deadline for the body does not limit the handler.
#[tokio::test]
async fn handler_outlives_body_deadline() {
    async fn slow(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
        sleep(DEADLINE * 2).await;
        postback.ack()
    }
    let route = || Router::new().route("/", any(slow)).with_state(verifier());
    for router in [route(), route().layer(PostbackLayer::new(verifier()))] {
        let router = router.layer(RequestBodyDeadlineLayer::new(DEADLINE));
        let application = Application::serve(router, Seen::default()).await;
        let request = deliveries::sample("/", testing::SAMPLE_INVOICE_ID, &[]);
        let outcome = application.send(&request).await;
        assert_eq!(outcome.status, StatusCode::OK);
    }
}

/// The middleware responds after a deadline for the whole request.
#[tokio::test]
async fn endless_body_times_out_after_request_deadline_above_layer() {
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            DEADLINE,
        ))
        .layer(PostbackLayer::new(verifier()).with_request_body::<Bytes>())
        .service_fn(acknowledge);
    let application = Application::serve_on_hyper(service, Seen::default()).await;
    let response = send_endless_body(&application).await;
    assert_eq!(response.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(response.body, "");
}

#[tokio::test]
async fn endless_body_times_out_after_request_deadline_above_extractor() {
    let router = Router::new()
        .route("/", any(paid))
        .with_state(verifier())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            DEADLINE,
        ));
    let application = Application::serve(router, Seen::default()).await;
    let response = send_endless_body(&application).await;
    assert_eq!(response.status, StatusCode::REQUEST_TIMEOUT);
}
