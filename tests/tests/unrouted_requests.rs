//! Requests that a router or server rejects before they reach the route: they leave no log event of
//! ours, and the guide lists their causes.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{fs, path::Path};

use actix_web::{App, HttpResponse, web};
use axum::{Router, routing::post};
use http::StatusCode;
use postback_conformance::{
    deliveries,
    driver::{Application, Seen},
    framework_differences::{HALF_CLOSED, UNROUTED_REQUESTS},
    log::Log,
    raw::Connection,
};
use postback_core::cryptocloud::CryptoCloud;
use tracing::Level;

/// Returns the status of the response, and that of a request that reaches the route.
async fn statuses(application: &Application, sent: &str) -> [StatusCode; 2] {
    let query = "a".repeat(70_000);
    let line = |sent: &str| sent.replace("(70,000 bytes)", &query);
    let mut statuses = Vec::new();
    for sent in [sent, "POST /shop/postback"] {
        let head = format!(
            "{} HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n",
            line(sent)
        );
        let mut connection = Connection::open(application.address()).await;
        connection.send(head).await;
        statuses.push(connection.response(false).await.status);
    }
    statuses.try_into().unwrap()
}

fn on_actix() -> Application {
    async fn paid(_: postback_actix::Postback<CryptoCloud>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    let application = move || {
        let scope = web::scope("/shop").route("/postback", web::post().to(paid));
        App::new().app_data(deliveries::verifier()).service(scope)
    };
    Application::serve_on_actix(application, Seen::default())
}

async fn on_axum() -> Application {
    async fn paid(_: postback_tower::axum::Postback<CryptoCloud>) {}
    let shop = Router::new().route("/postback", post(paid));
    let router = Router::new().nest("/shop", shop);
    Application::serve(router.with_state(deliveries::verifier()), Seen::default()).await
}

async fn on_rocket() -> Application {
    #[rocket::post("/postback", data = "<_postback>")]
    fn paid(_postback: postback_rocket::Postback<CryptoCloud>) {}
    let application = rocket::build()
        .manage(deliveries::verifier())
        .mount("/shop", rocket::routes![paid])
        .register("/shop", postback_rocket::catchers());
    Application::serve_on_rocket(application, Seen::default()).await
}

#[tokio::test]
async fn unrouted_request_gets_status_of_table() {
    // Status of a request without a content type, from the adapter.
    let ours = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    for row in UNROUTED_REQUESTS {
        let (log, _guard) = Log::begin_at(Level::INFO);
        let (actix, axum, rocket) = (on_actix(), on_axum().await, on_rocket().await);
        let mut reached = 0_usize;
        for (application, expected) in [
            (&actix, row.on_actix),
            (&axum, row.on_axum),
            (&rocket, row.on_rocket),
        ] {
            let statuses = statuses(application, row.sent).await;
            assert_eq!(statuses, [expected.unwrap_or(ours), ours], "{row:?}");
            reached = reached.saturating_add(if expected.is_none() { 2 } else { 1 });
        }
        // One event for each request that reaches the route.
        assert_eq!(log.events().len(), reached, "{row:?}: {}", log.text());
    }
}

#[test]
fn guide_lists_each_row_of_tables() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/src/errors.md");
    let guide = fs::read_to_string(guide).unwrap();
    let guide = guide.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in UNROUTED_REQUESTS {
        let status = |status: Option<StatusCode>| {
            status.map_or_else(|| "reaches it".to_owned(), |it| it.as_u16().to_string())
        };
        let (actix, axum, rocket) = (
            status(row.on_actix),
            status(row.on_axum),
            status(row.on_rocket),
        );
        let line = format!(
            "| `{}` | {actix} | {axum} | {rocket} | {} |",
            row.sent, row.look_for
        );
        assert!(guide.contains(&line), "{line}");
    }
    for row in HALF_CLOSED {
        let line = format!(
            "| {} | {} |",
            row.server,
            if row.replies { "yes" } else { "no" }
        );
        assert!(guide.contains(&line), "{line}");
    }
}
