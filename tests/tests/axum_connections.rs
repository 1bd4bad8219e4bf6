//! The extractor of axum over real connections: the body limit of a route, and key rotation.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use postback_conformance::{
    corpus::Request,
    deliveries,
    driver::{Application, Seen},
    fixtures::secret,
    raw::Connection,
};
use postback_core::{KeyRing, Verifier, cryptocloud::CryptoCloud, testing::SAMPLE_INVOICE_ID};
use postback_tower::axum::{Ack, Postback};

/// Unix time until which a retired key is trusted.
const IN_2096: u64 = 4_000_000_000;

async fn acknowledge(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn serve(router: Router) -> Application {
    Application::serve(router, Seen::default()).await
}

/// Returns the documented sample, signed with a secret.
fn sample(target: &str, signer: &str) -> Request {
    deliveries::signed_sample(&secret(signer), target, SAMPLE_INVOICE_ID, &[])
}

/// Sends a delivery in chunks of 100 bytes, and returns the status of the response.
async fn chunked(application: &Application, request: &Request) -> u16 {
    let mut connection = Connection::open(application.address()).await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: application\r\nContent-Type: application/json\r\n\
            Transfer-Encoding: chunked\r\n\r\n",
        request.target
    );
    connection.send(head).await;
    for chunk in request.body.chunks(100) {
        connection.send(format!("{:x}\r\n", chunk.len())).await;
        connection.send(chunk).await;
        connection.send("\r\n").await;
    }
    connection.send("0\r\n\r\n").await;
    connection.response(false).await.status.as_u16()
}

#[tokio::test]
async fn smaller_body_limit_of_route_and_verifier_applies() {
    let length = sample("/", "s").body.len();
    let route = |route_limit, verifier_limit| {
        let verifier = Verifier::builder(CryptoCloud::new(), secret("s"));
        post(acknowledge)
            .layer(DefaultBodyLimit::max(route_limit))
            .with_state(verifier.body_limit(verifier_limit).build().unwrap())
    };
    let router = Router::new()
        .route("/enough", route(length, length))
        .route("/route", route(length - 1, length))
        .route("/verifier", route(length, length - 1));
    let application = serve(router).await;
    for (target, expected) in [("/enough", 200), ("/route", 413), ("/verifier", 413)] {
        let request = sample(target, "s");
        assert_eq!(
            application.send(&request).await.status,
            expected,
            "{target}"
        );
        assert_eq!(chunked(&application, &request).await, expected, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_of_keys_loses_no_concurrent_delivery() {
    let verifier = Verifier::new(CryptoCloud::new(), secret("old"));
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .with_state(verifier.clone());
    let application = Arc::new(serve(router).await);
    let done = Arc::new(AtomicBool::new(false));

    let old_deliveries = tokio::spawn({
        let (application, done) = (Arc::clone(&application), Arc::clone(&done));
        async move {
            let mut delivered = 0;
            while !done.load(Ordering::Relaxed) {
                let status = application.send(&sample("/postback", "old")).await.status;
                assert_eq!(status, 200, "a retired key is trusted until its time");
                delivered += 1;
            }
            delivered
        }
    });
    let new = || KeyRing::new("new", secret("new"));
    for _ in 0..50 {
        verifier.replace_keys(new().with_retired("old", secret("old"), IN_2096));
        assert_eq!(
            application.send(&sample("/postback", "new")).await.status,
            200
        );
        verifier.replace_keys(secret("old"));
        assert_eq!(
            application.send(&sample("/postback", "new")).await.status,
            401
        );
    }
    done.store(true, Ordering::Relaxed);
    assert!(old_deliveries.await.unwrap() > 0);
}
