//! `Retry` through each adapter: its status, its delay and its log event.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{convert::Infallible, time::Duration};

use actix_web::{App, web};
use axum::{Router, body::Body, extract::State, routing::any};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use postback_conformance::{deliveries, log::Log};
use postback_core::{
    Retry, RetryReason, Verifier,
    cryptocloud::CryptoCloud,
    reconcile::{Price, ReconcileError},
    testing,
};
use postback_tower::PostbackLayer;
use tower::{ServiceBuilder, ServiceExt};
use tracing::{Level, subscriber::DefaultGuard};

/// An error, its status, its `Retry-After` and its log event.
type Row = (fn() -> Retry, u16, &'static str, &'static str);

/// All variants, with and without their optional data.
const TABLE: [Row; 9] = [
    (
        || Retry::effect_failed("no mail today"),
        503,
        "60",
        r#"ERROR postback: postback not acknowledged code="effect_failed" cause="no mail today""#,
    ),
    (
        || Retry::in_flight(Duration::from_millis(41_001)),
        409,
        "42",
        r#"WARN postback: postback not acknowledged code="in_flight""#,
    ),
    (
        || Retry::in_flight(Duration::ZERO),
        409,
        "1",
        r#"WARN postback: postback not acknowledged code="in_flight""#,
    ),
    (
        || RetryReason::LeaseExpired.into(),
        503,
        "60",
        r#"ERROR postback: postback not acknowledged code="lease_expired""#,
    ),
    (
        || Retry::misconfigured("no origin").with_id("u-1"),
        503,
        "60",
        r#"ERROR postback: postback not acknowledged code="misconfigured" id="u-1" cause="no origin""#,
    ),
    (
        || not_comparable().into(),
        503,
        "60",
        r#"ERROR postback: postback not acknowledged code="price_not_comparable" cause="cryptocloud states no amounts in EUR: expected a price in a currency that it states, or in a coin""#,
    ),
    (
        || Retry::store_unavailable("the disk is full").with_id("ILRAJE1Q"),
        503,
        "60",
        r#"ERROR postback: postback not acknowledged code="store_unavailable" id="ILRAJE1Q" cause="the disk is full""#,
    ),
    (
        || Retry::unknown_order("ILRAJE1Q"),
        404,
        "60",
        r#"WARN postback: postback not acknowledged code="unknown_order" id="ILRAJE1Q""#,
    ),
    (
        || Retry::not_bound("u-1", "another coin"),
        404,
        "60",
        r#"WARN postback: postback not acknowledged code="unknown_order" id="u-1" cause="another coin""#,
    ),
];

/// Returns the error of a price in euros.
fn not_comparable() -> ReconcileError {
    let price = Price::new("1".parse().unwrap(), "EUR").unwrap();
    let request = deliveries::sample("/", testing::SAMPLE_INVOICE_ID, &[]);
    let payment = request.verify(&deliveries::verifier()).unwrap();
    payment.reconcile(&price).unwrap_err()
}

/// Begins to capture the log of one request.
fn log() -> (Log, DefaultGuard) {
    Log::begin_at(Level::INFO)
}

fn body() -> Bytes {
    let request = deliveries::sample("/", testing::SAMPLE_INVOICE_ID, &[]);
    request.body
}

#[track_caller]
fn assert_row((_, status, delay, event): &Row, response: (u16, Option<&str>), log: &Log) {
    assert_eq!(response, (*status, Some(*delay)), "{event}");
    let text = log.text();
    let lines = text.lines().map(str::trim_start);
    let events: Vec<_> = lines
        .filter(|line| !line.contains("postback verified"))
        .collect();
    let [line] = &*events else {
        unreachable!("{event}: {events:?}");
    };
    assert_eq!(line, event);
}

#[actix_web::test]
async fn retry_through_actix_replies_and_logs_once() {
    async fn paid(
        _: postback_actix::Postback<CryptoCloud>,
        row: web::Data<fn() -> Retry>,
    ) -> Result<postback_actix::Ack<CryptoCloud>, postback_actix::Retry> {
        Err(row().into())
    }
    for row in TABLE {
        let app = App::new()
            .app_data(deliveries::verifier())
            .app_data(web::Data::new(row.0))
            .service(web::resource("/").to(paid));
        let service = actix_web::test::init_service(app).await;
        let (log, _guard) = log();
        let request = actix_web::test::TestRequest::post()
            .insert_header(("content-type", "application/json"))
            .set_payload(body());
        let response = actix_web::test::call_service(&service, request.to_request()).await;
        let delay = response.headers().get("retry-after");
        let delay = delay.map(|delay| delay.to_str().unwrap());
        assert_row(&row, (response.status().as_u16(), delay), &log);
    }
}

fn request() -> http::request::Builder {
    Request::post("/").header("content-type", "application/json")
}

fn shown<B>(response: &Response<B>) -> (u16, Option<&str>) {
    let delay = response.headers().get("retry-after");
    let delay = delay.map(|delay| delay.to_str().unwrap());
    (response.status().as_u16(), delay)
}

#[derive(Clone, axum::extract::FromRef)]
struct OfAxum {
    row: fn() -> Retry,
    verifier: Verifier<CryptoCloud>,
}

#[tokio::test]
async fn retry_through_axum_replies_and_logs_once() {
    async fn paid(
        State(row): State<fn() -> Retry>,
        _: postback_tower::axum::Postback<CryptoCloud>,
    ) -> Result<postback_tower::axum::Ack<CryptoCloud>, postback_tower::axum::Retry> {
        Err(row().into())
    }
    for row in TABLE {
        let state = OfAxum {
            row: row.0,
            verifier: deliveries::verifier(),
        };
        let router = Router::new().route("/", any(paid)).with_state(state);
        let (log, _guard) = log();
        let request = request().body(Body::from(body())).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_row(&row, shown(&response), &log);
    }
}

#[tokio::test]
async fn retry_through_rocket_replies_and_logs_once() {
    #[rocket::post("/", data = "<_postback>")]
    fn paid(
        _postback: postback_rocket::Postback<CryptoCloud>,
        row: &rocket::State<fn() -> Retry>,
    ) -> Result<postback_rocket::Ack<CryptoCloud>, postback_rocket::Retry> {
        Err(row().into())
    }
    for row in TABLE {
        let config = rocket::Config {
            log_level: rocket::config::LogLevel::Off,
            ..rocket::Config::default()
        };
        let application = rocket::custom(config)
            .manage(deliveries::verifier())
            .manage(row.0)
            .mount("/", rocket::routes![paid]);
        let client = rocket::local::asynchronous::Client::untracked(application);
        let client = client.await.unwrap();
        let (log, _guard) = log();
        let request = client.post("/").header(rocket::http::ContentType::JSON);
        let response = request.body(body()).dispatch().await;
        let delay = response.headers().get_one("retry-after");
        assert_row(&row, (response.status().code, delay), &log);
    }
}

#[tokio::test]
async fn retry_through_tower_replies_and_logs_once() {
    for row in TABLE {
        let service = ServiceBuilder::new()
            .layer(PostbackLayer::new(deliveries::verifier()).with_request_body::<Bytes>())
            .service_fn(async |_: Request<Bytes>| {
                Ok::<_, Infallible>(postback_tower::retry::<Full<Bytes>>(row.0()))
            });
        let (log, _guard) = log();
        let request = request().body(Full::new(body())).unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_row(&row, shown(&response), &log);
    }
}
