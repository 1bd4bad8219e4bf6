//! The extractor in applications of axum: projects, limits, nested routes, key rotation and
//! middleware.

use std::{
    collections::HashMap,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, FromRef, Path, Request, State},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{any, post},
};
use bytes::Bytes;
use http::StatusCode;
use postback_core::{
    KeyRing, Rejection, Tenant, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};
use postback_tower::axum::{Ack, Postback, PostbackRejection};
use tokio::task::yield_now;
use tower::ServiceExt;

use crate::fixtures::{self, NOW, builder, builder_of, secret, verifier};

async fn acknowledge(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

/// Delivers a body with its length, and returns the status and the body of the response.
async fn deliver(router: &Router, path: &str, body: Bytes) -> (StatusCode, Bytes) {
    let request = fixtures::post()
        .uri(path)
        .header("content-length", body.len())
        .body(Body::from(body))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    (status, to_bytes(response.into_body(), 1_024).await.unwrap())
}

/// Delivers the documented sample, signed with a secret, and returns the status of the response.
async fn sample(router: &Router, path: &str, signer: &str) -> StatusCode {
    deliver(router, path, fixtures::sample(signer)).await.0
}

#[tokio::test]
async fn verifier_chosen_by_path_verifies_own_project_only() {
    type Projects = Arc<HashMap<String, Verifier<CryptoCloud>>>;

    async fn paid(
        State(projects): State<Projects>,
        Path(project): Path<String>,
        request: Request,
    ) -> Result<Response, PostbackRejection> {
        let Some(verifier) = projects.get(&project) else {
            return Ok(StatusCode::NOT_FOUND.into_response());
        };
        let postback = Postback::receive(request, verifier).await?;
        assert_eq!(postback.project(), Some(&*project));
        Ok(postback.ack().into_response())
    }

    let projects = ["a", "b"].map(|project| {
        let verifier = builder(secret(project)).project(project).build().unwrap();
        (project.to_owned(), verifier)
    });
    let router = Router::new()
        .route("/postback/{project}", post(paid))
        .with_state(Arc::new(HashMap::from(projects)));

    assert_eq!(sample(&router, "/postback/a", "a").await, 200);
    assert_eq!(sample(&router, "/postback/b", "b").await, 200);
    assert_eq!(sample(&router, "/postback/a", "b").await, 401);
    assert_eq!(sample(&router, "/postback/b", "a").await, 401);
    assert_eq!(sample(&router, "/postback/c", "a").await, 404);
}

#[tokio::test]
async fn state_holds_verifiers_of_several_projects_and_providers() {
    #[derive(Debug)]
    enum Eu {}
    #[derive(Debug)]
    enum Us {}

    #[derive(Clone, FromRef)]
    struct Verifiers {
        eu: Verifier<Tenant<Eu, CryptoCloud>>,
        us: Verifier<Tenant<Us, CryptoCloud>>,
        trybit: Verifier<Trybit>,
    }

    async fn eu(postback: Postback<Tenant<Eu, CryptoCloud>>) -> impl IntoResponse {
        postback.ack()
    }
    async fn us(postback: Postback<Tenant<Us, CryptoCloud>>) -> impl IntoResponse {
        postback.ack()
    }
    async fn trybit(postback: Postback<Trybit>) -> impl IntoResponse {
        postback.ack()
    }

    let eu_provider = Tenant::new("eu", CryptoCloud::new()).unwrap();
    let us_provider = Tenant::new("us", CryptoCloud::new()).unwrap();
    let router = Router::new()
        .route("/eu", post(eu))
        .route("/us", post(us))
        .route("/trybit", post(trybit))
        .with_state(Verifiers {
            eu: builder_of(eu_provider, secret("eu")).build().unwrap(),
            us: builder_of(us_provider, secret("us")).build().unwrap(),
            trybit: builder_of(Trybit::new(), secret("trybit")).build().unwrap(),
        });

    for own in ["eu", "us", "trybit"] {
        for other in ["eu", "us", "trybit"] {
            let status = sample(&router, &format!("/{other}"), own).await;
            let expected = if own == other { 200 } else { 401 };
            assert_eq!(status, expected, "{own} delivered to {other}");
        }
    }
}

/// The body is over the limit of the route in `/short`, and over that of the verifier in `/ours`.
#[tokio::test]
async fn smaller_body_limit_of_route_and_verifier_applies() {
    let body = fixtures::sample("s");
    let route = |limit| {
        post(acknowledge)
            .layer(DefaultBodyLimit::max(limit))
            .with_state(verifier("s"))
    };
    let tight = builder(secret("s")).body_limit(body.len() - 1).build();
    let router = Router::new()
        .route("/enough", route(body.len()))
        .route("/short", route(body.len() - 1))
        .route(
            "/ours",
            post(acknowledge)
                .layer(DefaultBodyLimit::disable())
                .with_state(tight.unwrap()),
        );

    let (status, _) = deliver(&router, "/enough", body.clone()).await;
    assert_eq!(status, 200);
    for path in ["/short", "/ours"] {
        let (status, response) = deliver(&router, path, body.clone()).await;
        assert_eq!(status, 413, "{path}");
        assert_eq!(response, r#"{"error":"Postback too large"}"#, "{path}");
    }
}

#[tokio::test]
async fn nested_route_verifies() {
    let shop = Router::new().route("/postback", any(acknowledge));
    let router = Router::new()
        .nest("/shop", Router::new().nest("/payments", shop))
        .with_state(verifier("s"));

    let path = "/shop/payments/postback?ignored=1";
    assert_eq!(sample(&router, path, "s").await, 200);
    assert_eq!(sample(&router, path, "forged").await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_during_requests_loses_no_delivery() {
    let verifier = verifier("old");
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .with_state(verifier.clone());
    let (delivered, done) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );

    let old_requests = tokio::spawn({
        let (router, delivered, done) = (router.clone(), Arc::clone(&delivered), Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                let status = sample(&router, "/postback", "old").await;
                assert_eq!(status, 200, "a retired key verifies until its time");
                delivered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    // The requests run while the keys are replaced.
    while delivered.load(Ordering::Relaxed) == 0 && !old_requests.is_finished() {
        yield_now().await;
    }
    let new = || KeyRing::new("new", secret("new"));
    assert_eq!(sample(&router, "/postback", "new").await, 401);
    for _ in 0..50 {
        verifier.replace_keys(new().with_retired("old", secret("old"), NOW + 1));
        assert_eq!(sample(&router, "/postback", "new").await, 200);
        verifier.replace_keys(secret("old"));
        assert_eq!(sample(&router, "/postback", "new").await, 401);
    }
    done.store(true, Ordering::Relaxed);
    old_requests.await.unwrap();

    verifier.replace_keys(new().with_retired("old", secret("old"), NOW));
    assert_eq!(sample(&router, "/postback", "old").await, 401);
    assert_eq!(sample(&router, "/postback", "new").await, 200);
}

/// Middleware reads the exact rejection, while the sender gets its class.
#[tokio::test]
async fn rejection_is_in_response_extensions() {
    let seen: Arc<Mutex<Option<Rejection>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .layer(map_response(move |response: Response| {
            *noted.lock().unwrap() = response.extensions().get().cloned();
            ready(response)
        }))
        .with_state(verifier("s"));

    assert_eq!(sample(&router, "/postback", "forged").await, 401);
    assert_eq!(*seen.lock().unwrap(), Some(Rejection::BadSignature));
}

#[tokio::test]
async fn failed_clock_is_rejected() {
    let broken = builder(secret("s")).clock(|| None).build().unwrap();
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .with_state(broken);
    let body = fixtures::sample("s");
    let (status, response) = deliver(&router, "/postback", body).await;
    assert_eq!(status, 500);
    assert_eq!(response, r#"{"error":"Not configured"}"#);
}
