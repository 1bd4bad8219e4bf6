//! What applications do around the extractor.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    collections::HashMap,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Path, Request, State},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{any, post},
};
use bytes::Bytes;
use http::StatusCode;
use postback_conformance::driver::{Application, Outcome, Seen};
use postback_core::{
    KeyRing, Rejection, SecretKey, Tenant, Verifier, VerifierBuilder,
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};
use postback_tower::axum::{Ack, Postback, PostbackRejection};

const NOW: u64 = 1_769_509_400;

fn secret(text: &str) -> SecretKey {
    SecretKey::new(text).unwrap()
}

fn token(text: &str) -> String {
    testing::token(&secret(text), testing::SAMPLE_INVOICE_ID, NOW + 300)
}

fn builder(keys: impl Into<KeyRing<SecretKey>>) -> VerifierBuilder<CryptoCloud> {
    Verifier::builder(CryptoCloud::new(), keys).clock(|| Some(NOW))
}

fn verifier(text: &str) -> Verifier<CryptoCloud> {
    builder(secret(text)).build().unwrap()
}

async fn acknowledge(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn serve(router: Router) -> Application {
    Application::serve(router, Seen::default()).await
}

async fn deliver(application: &Application, path: &str, body: impl Into<Bytes>) -> Outcome {
    let request = http::Request::post(format!("http://{}{path}", application.address()))
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap();
    application.send_request(request).await
}

/// Delivers the documented sample with a token made from `text`.
async fn sample(application: &Application, path: &str, text: &str) -> StatusCode {
    let body = testing::sample_json(Some(&token(text)));
    deliver(application, path, body).await.status
}

#[tokio::test]
async fn a_secret_chosen_by_path_vouches_for_its_own_project_only() {
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
    let application = serve(router).await;

    assert_eq!(sample(&application, "/postback/a", "a").await, 200);
    assert_eq!(sample(&application, "/postback/b", "b").await, 200);
    assert_eq!(sample(&application, "/postback/a", "b").await, 401);
    assert_eq!(sample(&application, "/postback/b", "a").await, 401);
    assert_eq!(sample(&application, "/postback/c", "a").await, 404);
}

#[tokio::test]
async fn two_projects_and_two_gateways_live_in_one_state() {
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

    let eu_verifier =
        Verifier::builder(Tenant::new("eu", CryptoCloud::new()).unwrap(), secret("eu"));
    let us_verifier =
        Verifier::builder(Tenant::new("us", CryptoCloud::new()).unwrap(), secret("us"));
    let trybit_verifier = Verifier::builder(Trybit::new(), secret("trybit"));
    let router = Router::new()
        .route("/eu", post(eu))
        .route("/us", post(us))
        .route("/trybit", post(trybit))
        .with_state(Verifiers {
            eu: eu_verifier.clock(|| Some(NOW)).build().unwrap(),
            us: us_verifier.clock(|| Some(NOW)).build().unwrap(),
            trybit: trybit_verifier.clock(|| Some(NOW)).build().unwrap(),
        });
    let application = serve(router).await;

    for own in ["eu", "us", "trybit"] {
        for other in ["eu", "us", "trybit"] {
            let status = sample(&application, &format!("/{other}"), own).await;
            let expected = if own == other { 200 } else { 401 };
            assert_eq!(status, expected, "{own} delivered to {other}");
        }
    }
}

/// `/short` is under the verifier's limit and over the route's, `/ours` the other way round.
#[tokio::test]
async fn the_smaller_of_the_routes_limit_and_ours_holds() {
    let body = testing::sample_json(Some(&token("s")));
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
    let application = serve(router).await;

    let enough = deliver(&application, "/enough", body.clone()).await;
    assert_eq!(enough.status, 200);
    for path in ["/short", "/ours"] {
        let rejected = deliver(&application, path, body.clone()).await;
        assert_eq!(rejected.status, 413, "{path}");
        assert_eq!(rejected.body, r#"{"error":"Postback too large"}"#, "{path}");
    }
}

/// Nothing that CryptoCloud signs depends on where the route is mounted.
#[tokio::test]
async fn nested_routers_make_no_difference() {
    let shop = Router::new().route("/postback", any(acknowledge));
    let router = Router::new()
        .nest("/shop", Router::new().nest("/payments", shop))
        .with_state(verifier("s"));
    let application = serve(router).await;

    let path = "/shop/payments/postback?ignored=1";
    assert_eq!(sample(&application, path, "s").await, 200);
    assert_eq!(sample(&application, path, "forged").await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_replaced_while_requests_run() {
    let verifier = verifier("old");
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .with_state(verifier.clone());
    let application = Arc::new(serve(router).await);
    let done = Arc::new(AtomicBool::new(false));

    let old_requests = tokio::spawn({
        let (application, done) = (Arc::clone(&application), Arc::clone(&done));
        async move {
            let mut delivered = 0;
            while !done.load(Ordering::Relaxed) {
                let status = sample(&application, "/postback", "old").await;
                assert_eq!(status, 200, "a retired key verifies until its time");
                delivered += 1;
            }
            delivered
        }
    });
    let new = || KeyRing::new("new", secret("new"));
    assert_eq!(sample(&application, "/postback", "new").await, 401);
    for _ in 0..50 {
        verifier.replace_keys(new().with_retired("old", secret("old"), NOW + 1));
        assert_eq!(sample(&application, "/postback", "new").await, 200);
        verifier.replace_keys(secret("old"));
        assert_eq!(sample(&application, "/postback", "new").await, 401);
    }
    done.store(true, Ordering::Relaxed);
    assert!(old_requests.await.unwrap() > 0);

    verifier.replace_keys(new().with_retired("old", secret("old"), NOW));
    assert_eq!(sample(&application, "/postback", "old").await, 401);
    assert_eq!(sample(&application, "/postback", "new").await, 200);
}

/// Middleware reads the reason where the sender reads the class.
#[tokio::test]
async fn a_refusal_stands_in_the_responses_extensions() {
    let seen: Arc<Mutex<Option<Rejection>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .layer(map_response(move |response: Response| {
            *noted.lock().unwrap() = response.extensions().get().cloned();
            ready(response)
        }))
        .with_state(verifier("s"));
    let application = serve(router).await;

    assert_eq!(sample(&application, "/postback", "forged").await, 401);
    assert_eq!(*seen.lock().unwrap(), Some(Rejection::BadSignature));
}

#[tokio::test]
async fn a_clock_that_fails_refuses() {
    let broken = builder(secret("s")).clock(|| None).build().unwrap();
    let router = Router::new()
        .route("/postback", post(acknowledge))
        .with_state(broken);
    let application = serve(router).await;
    let body = testing::sample_json(Some(&token("s")));
    let rejected = deliver(&application, "/postback", body).await;
    assert_eq!(rejected.status, 500);
    assert_eq!(rejected.body, r#"{"error":"Not configured"}"#);
}
