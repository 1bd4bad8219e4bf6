//! Deliveries that are abandoned before they are verified or rejected leave one log event.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, rt::time::timeout, web};
use axum::{Router, routing::any};
use bytes::Bytes;
use postback_conformance::{
    deliveries,
    driver::{Application, Driver, Seen},
    log::Log,
    raw::{Connection, within_deadline},
};
use postback_core::{Admitted, Rejection, RequestHead, cryptocloud::CryptoCloud};
use postback_tower::PostbackLayer;
use rocket::{
    Data,
    data::{FromData, Outcome},
    http::Status,
};
use tokio::time::sleep;
use tower_http::timeout::TimeoutLayer;
use tracing::Level;

const ABANDONED: &str = r#"WARN postback: postback abandoned provider="cryptocloud""#;

const HEAD: &str = "POST /postback HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
    Content-Length: 1000\r\n\r\n";

/// Returns the log events of one delivery, as soon as there is one.
async fn lines(log: &Log) -> Vec<String> {
    within_deadline(async {
        while log.events().is_empty() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    // A second event would follow within this time.
    sleep(Duration::from_millis(100)).await;
    log.events()
}

fn admitted() -> Admitted<CryptoCloud> {
    let headers = [("Content-Type", "application/json")];
    let head = RequestHead::new("POST", "/", &headers);
    deliveries::verifier().admit(&head).unwrap()
}

#[test]
fn dropped_request_is_logged_once() {
    let (log, _guard) = Log::begin_at(Level::INFO);
    drop(admitted());
    assert_eq!(log.events(), [ABANDONED]);
}

#[test]
fn rejected_request_is_not_logged_as_abandoned() {
    let (log, _guard) = Log::begin_at(Level::INFO);
    let rejected = [
        admitted().verify(Bytes::new()).err(),
        admitted().verify_complete(Bytes::new()).err(),
        Some(admitted().reject(Rejection::BodyUnreadable)),
        Some(admitted().not_configured("a guard")),
    ];
    assert!(rejected.iter().all(Option::is_some), "{rejected:?}");
    let lines = log.events();
    let is_rejected = |line: &&String| line.contains("postback rejected");
    assert_eq!(
        lines.iter().filter(is_rejected).count(),
        rejected.len(),
        "{lines:?}"
    );
    assert_eq!(lines.len(), rejected.len(), "{lines:?}");
}

/// The client disconnects after half of the body.
#[tokio::test]
async fn disconnected_client_is_logged_once() {
    for driver in Driver::ALL {
        for reset in [true, false] {
            let (log, _guard) = Log::begin_at(Level::INFO);
            let application = driver.serve(deliveries::verifier()).await;
            let mut connection = Connection::open(application.address()).await;
            connection.send(HEAD).await;
            connection.send("{\"status\":\"success\",".repeat(10)).await;
            sleep(Duration::from_millis(50)).await;
            match reset {
                true => connection.reset(),
                false => drop(connection),
            }
            let lines = lines(&log).await;
            let [line] = &*lines else {
                unreachable!("{driver:?}, {reset}: {lines:?}");
            };
            // A server drops the handler of a closed connection, or lets it read the error.
            let is_logged = line == ABANDONED || line.contains(r#"code="body_unreadable""#);
            assert!(is_logged, "{driver:?}, {reset}: {line}");
        }
    }
}

/// Guard that receives the postback with a deadline.
struct WithinDeadline;

#[rocket::async_trait]
impl<'r> FromData<'r> for WithinDeadline {
    type Error = ();

    async fn from_data(request: &'r rocket::Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let verifier = deliveries::verifier();
        let received = postback_rocket::Postback::receive(request, Some(data), &verifier);
        match timeout(Duration::from_millis(50), received).await {
            Ok(_) => Outcome::Success(Self),
            Err(_) => Outcome::Error((Status::GatewayTimeout, ())),
        }
    }
}

async fn in_rocket() -> Application {
    #[rocket::post("/postback", data = "<_received>")]
    fn paid(_received: WithinDeadline) {}
    let application = rocket::build().mount("/", rocket::routes![paid]);
    Application::serve_on_rocket(application, Seen::default()).await
}

/// The deadline of the application passes after half of the body.
#[tokio::test]
async fn passed_deadline_is_logged_once() {
    async fn received(request: HttpRequest, payload: web::Payload) -> HttpResponse {
        let verifier = deliveries::verifier();
        let received = postback_actix::Postback::receive(&request, payload.into_inner(), &verifier);
        let received = timeout(Duration::from_millis(50), received).await;
        assert!(received.is_err(), "the deadline passes");
        HttpResponse::GatewayTimeout().finish()
    }
    let deadline = || {
        TimeoutLayer::with_status_code(http::StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(50))
    };
    let of_layer = || {
        let layer = PostbackLayer::new(deliveries::verifier());
        Router::new()
            .fallback(any(async || "verified"))
            .layer(layer)
            .layer(deadline())
    };
    let of_extractor = || {
        async fn paid(_: postback_tower::axum::Postback<CryptoCloud>) {}
        let router = Router::new().fallback(any(paid));
        router.with_state(deliveries::verifier()).layer(deadline())
    };
    for name in ["actix-web", "axum, extractor", "axum, layer", "Rocket"] {
        let (log, _guard) = Log::begin_at(Level::INFO);
        let application = match name {
            "actix-web" => {
                let application = move || App::new().default_service(web::to(received));
                Application::serve_on_actix(application, Seen::default())
            }
            "axum, extractor" => Application::serve(of_extractor(), Seen::default()).await,
            "axum, layer" => Application::serve(of_layer(), Seen::default()).await,
            _ => in_rocket().await,
        };
        let mut connection = Connection::open(application.address()).await;
        connection.send(HEAD).await;
        // Rocket waits for the first bytes of the body.
        connection.send("{\"status\":\"success\",").await;
        assert_eq!(connection.response(false).await.status, 504, "{name}");
        assert_eq!(lines(&log).await, [ABANDONED], "{name}");
    }
}
