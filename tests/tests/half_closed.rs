//! Clients that shut down their writing side after the request.

use std::time::Duration;

use actix_web::{App, HttpResponse, ResponseError, web};
use axum::{Router, routing::any};
use postback_conformance::{
    deliveries,
    driver::{Application, Seen},
    framework_differences::HALF_CLOSED,
    log::Log,
    printed_server,
    raw::Connection,
};
use postback_core::{Verified, cryptocloud::CryptoCloud};
use postback_store::sqlite::SqliteStore;
use postback_tower::axum::Retry;
use tokio::{join, time::sleep};
use tracing::Level;

const CLIENTS: usize = 20;

const INVOICE_ID: &str = "HALFCLSD";

printed_server!(example_axum);
printed_server!(example_tower);

/// Duration of the handler, so that the server reads the end of its input before it responds.
const DELAY: Duration = Duration::from_millis(50);

/// Returns the number of clients that get a response, which must have this status.
async fn responses(application: &Application, target: &str, status: u16) -> usize {
    let request = deliveries::sample(target, INVOICE_ID, &[]);
    let mut connections = Vec::new();
    for _ in 0..CLIENTS {
        let mut connection = Connection::open(application.address()).await;
        assert!(connection.send(request.raw(&request.target)).await);
        connection.finish().await;
        connections.push(connection);
    }
    let mut responses = 0_usize;
    for mut connection in connections {
        if let Some(response) = connection.next_response(false).await {
            assert_eq!(response.status.as_u16(), status);
            responses = responses.saturating_add(1);
        }
    }
    responses
}

/// Returns the reply of a handler without orders, which acknowledges nothing.
async fn unknown(postback: &Verified<CryptoCloud>) -> postback_core::Retry {
    sleep(DELAY).await;
    postback_core::Retry::unknown_order(postback.invoice_id())
}

fn on_actix() -> Application {
    async fn paid(postback: postback_actix::Postback<CryptoCloud>) -> HttpResponse {
        postback_actix::Retry::from(unknown(&postback).await).error_response()
    }
    let app = move || {
        App::new()
            .app_data(deliveries::verifier())
            .default_service(web::to(paid))
    };
    Application::serve_on_actix(app, Seen::default())
}

fn router() -> Router {
    async fn paid(postback: postback_tower::axum::Postback<CryptoCloud>) -> Retry {
        unknown(&postback).await.into()
    }
    Router::new()
        .fallback(any(paid))
        .with_state(deliveries::verifier())
}

async fn on_rocket() -> Application {
    #[rocket::post("/<_..>", data = "<postback>")]
    async fn paid(postback: postback_rocket::Postback<CryptoCloud>) -> postback_rocket::Retry {
        unknown(&postback).await.into()
    }
    let application = rocket::build().manage(deliveries::verifier());
    let application = application.mount("/", rocket::routes![paid]);
    Application::serve_on_rocket(application, Seen::default()).await
}

#[tokio::test]
async fn half_closed_client_gets_response_where_table_says() {
    for row in HALF_CLOSED {
        let (log, _guard) = Log::begin_at(Level::INFO);
        let application = match row.server {
            "actix-web" => on_actix(),
            "axum::serve" => Application::serve(router(), Seen::default()).await,
            // With the accept loop of `receiver-tower`.
            "hyper, built with half_close" => {
                Application::serve_on_hyper(router(), Seen::default()).await
            }
            "Rocket" => on_rocket().await,
            other => unreachable!("{other}"),
        };
        let responses = responses(&application, "/postback/cryptocloud", 404).await;
        assert_eq!(responses == CLIENTS, row.replies, "{row:?}: {responses}");
        // Each request that reaches the application leaves a log event, with or without a response.
        let events = log.events();
        let is_found = |line: &&String| {
            line.contains("postback verified") || line.contains("postback abandoned")
        };
        let found = events.iter().filter(is_found).count();
        assert!(found >= responses, "{row:?}: {found}");
    }
}

/// The handlers wait for another writer of the database.
#[tokio::test]
async fn half_closed_client_gets_response_from_printed_servers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let orders =
        "CREATE TABLE orders (invoice_id TEXT, price TEXT, currency TEXT, credits INTEGER);
        INSERT INTO orders VALUES ('HALFCLSD', '0.000113', 'BNB', 0)";
    sqlx::raw_sql(orders).execute(store.pool()).await.unwrap();
    let other = SqliteStore::open(&file).await.unwrap();
    let axum = Application::listen(Seen::default(), |listener| {
        example_axum::printed(listener, store.clone(), deliveries::verifier())
    });
    let tower = Application::listen(Seen::default(), |listener| {
        example_tower::printed(listener, store.clone(), deliveries::verifier())
    });
    for (name, application) in [("axum", axum.await), ("tower", tower.await)] {
        let writing = other.begin().await.unwrap();
        let written = async {
            sleep(DELAY).await;
            drop(writing);
        };
        let (responses, ()) = join!(responses(&application, "/postback", 200), written);
        assert_eq!(responses, CLIENTS, "{name}");
    }
}
