//! A body that never ends is ended by a deadline above us: compositions with `tower-http`, over real
//! sockets.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    convert::Infallible,
    future::ready,
    time::{Duration, Instant},
};

use axum::{Router, routing::any};
use bytes::Bytes;
use conformance::{
    driver::{Application, Seen},
    raw::{Connection, RawResponse},
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use postback_core::{Rejection, SecretKey, Verifier, cryptocloud::CryptoCloud};
use postback_tower::{
    PostbackLayer, acknowledgement,
    axum::{Ack, Postback},
};
use tower::ServiceBuilder;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};

const DEADLINE: Duration = Duration::from_millis(200);
const BETWEEN_BYTES: Duration = Duration::from_millis(10);

fn verifier() -> Verifier<CryptoCloud> {
    Verifier::new(CryptoCloud::new(), SecretKey::new("s").unwrap())
}

async fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

fn acknowledge(
    _: Request<Bytes>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(acknowledgement::<CryptoCloud, _>()))
}

/// Sends a byte of a body at a time, for ever, and waits for the answer.
async fn drip(application: &Application) -> RawResponse {
    let begun = Instant::now();
    let mut connection = Connection::open(application.address()).await;
    let head = "POST / HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    assert!(connection.send(head).await);
    let response = connection
        .response_while_sending("1\r\n \r\n", BETWEEN_BYTES)
        .await;
    assert!(begun.elapsed() >= DEADLINE, "not for its deadline");
    response
}

#[track_caller]
fn assert_unreadable(response: &RawResponse) {
    let answer = Rejection::BodyUnreadable.answer();
    assert_eq!(response.status, answer.status());
    assert_eq!(response.body, answer.body());
}

/// A deadline for the body alone leaves the handler the time that it needs; `examples/tower` holds the
/// layer on hyper to it.
#[tokio::test]
async fn a_deadline_for_the_body_above_the_extractor() {
    let router = Router::new()
        .route("/", any(paid))
        .with_state(verifier())
        .layer(RequestBodyDeadlineLayer::new(DEADLINE));
    let application = Application::serve(router, Seen::default()).await;
    assert_unreadable(&drip(&application).await);
}

#[tokio::test]
async fn a_deadline_for_the_body_above_the_layer_in_axum() {
    let router = Router::new()
        .route("/", any(paid))
        .layer(PostbackLayer::new(verifier()))
        .with_state(verifier())
        .layer(RequestBodyDeadlineLayer::new(DEADLINE));
    let application = Application::serve(router, Seen::default()).await;
    assert_unreadable(&drip(&application).await);
}

/// A deadline for everything, answered by the middleware itself.
#[tokio::test]
async fn a_deadline_for_the_whole_request_above_the_layer_on_hyper() {
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            DEADLINE,
        ))
        .layer(PostbackLayer::new(verifier()).with_request_body::<Bytes>())
        .service_fn(acknowledge);
    let application = Application::serve_on_hyper(service, Seen::default()).await;
    let response = drip(&application).await;
    assert_eq!(response.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(response.body, "");
}

#[tokio::test]
async fn a_deadline_for_the_whole_request_above_the_extractor() {
    let router = Router::new()
        .route("/", any(paid))
        .with_state(verifier())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            DEADLINE,
        ));
    let application = Application::serve(router, Seen::default()).await;
    let response = drip(&application).await;
    assert_eq!(response.status, StatusCode::REQUEST_TIMEOUT);
}
