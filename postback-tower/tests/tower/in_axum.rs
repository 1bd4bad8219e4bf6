//! The layer in axum, and the extractors below it.

use std::future::ready;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn, map_request},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use http::StatusCode;
use postback_core::{
    Provider, Rejection, SecretKey, Tenant, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified, Postback},
};
use tower::{ServiceBuilder, ServiceExt};

use crate::fixtures::{NOW, Unread, post, sample, verifier, verifier_of};

async fn below_layer(
    FromVerified(postback): FromVerified<CryptoCloud>,
    body: Bytes,
) -> Ack<CryptoCloud> {
    assert_eq!(body, sample("s"));
    postback.ack()
}

async fn extracted(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn deliver(router: Router, signer: &str) -> Response {
    let request = post().body(Body::from(sample(signer))).unwrap();
    router.oneshot(request).await.unwrap()
}

#[track_caller]
fn assert_rejected(response: &Response, rejection: &Rejection) {
    assert_eq!(response.status(), rejection.reply().status());
    assert_eq!(response.extensions().get(), Some(rejection));
}

#[tokio::test]
async fn layer_verifies_at_every_position() {
    async fn middleware(request: Request, next: Next) -> Response {
        next.run(request).await
    }
    let layer = || PostbackLayer::new(verifier("s"));
    let route = || Router::new().route("/", any(below_layer));
    let above_middleware = ServiceBuilder::new()
        .layer(layer().with_request_body::<Body>())
        .layer(from_fn(middleware));
    let below_middleware = ServiceBuilder::new()
        .layer(from_fn(middleware))
        .layer(layer());
    for (place, router) in [
        ("Router::layer", route().layer(layer())),
        ("Router::route_layer", route().route_layer(layer())),
        (
            "MethodRouter::layer",
            Router::new().route("/", any(below_layer).layer(layer())),
        ),
        ("above from_fn", route().layer(above_middleware)),
        ("below from_fn", route().layer(below_middleware)),
        (
            "a service of a route",
            Router::new().route_service(
                "/",
                ServiceBuilder::new()
                    .layer(layer())
                    .service(any(below_layer)),
            ),
        ),
    ] {
        let accepted = deliver(router.clone(), "s").await;
        assert_eq!(accepted.status(), StatusCode::OK, "{place}");
        assert_rejected(&deliver(router, "forged").await, &Rejection::BadSignature);
    }
}

/// The layer's result replaces the body, which must not be read.
#[tokio::test]
async fn extractor_takes_result_of_layer_with_same_verifier() {
    let verifier = verifier("s");
    let without_body =
        map_request(|request: Request| ready(request.map(|_| Body::new(Unread { declared: 1 }))));
    let layers = ServiceBuilder::new()
        .layer(PostbackLayer::new(verifier.clone()).with_request_body::<Body>())
        .layer(without_body);
    let router = Router::new()
        .route("/", any(extracted))
        .layer(layers)
        .with_state(verifier);
    let accepted = deliver(router, "s").await;
    assert_eq!(accepted.status(), StatusCode::OK);
}

fn extractor_below<P>(layer: PostbackLayer<P>, verifier: Verifier<CryptoCloud>) -> Router
where
    P: Provider,
{
    Router::new()
        .route("/", any(extracted))
        .layer(layer)
        .with_state(verifier)
}

/// The layer verifies for project A, and the extractor for project B.
#[tokio::test]
async fn result_for_other_project_is_rejected() {
    let router = extractor_below(PostbackLayer::new(verifier("a")), verifier("b"));
    assert_rejected(
        &deliver(router.clone(), "a").await,
        &Rejection::BadSignature,
    );
    assert_rejected(&deliver(router, "b").await, &Rejection::BadSignature);
}

/// Returns a verifier for a project, always with the same secret.
fn of_project(project: &str) -> Verifier<CryptoCloud> {
    Verifier::builder(CryptoCloud::new(), SecretKey::new("s").unwrap())
        .project(project)
        .clock(|| Some(NOW))
        .build()
        .unwrap()
}

async fn text(response: Response) -> Bytes {
    assert_eq!(response.status(), StatusCode::OK);
    to_bytes(response.into_body(), 1_000).await.unwrap()
}

#[tokio::test]
async fn result_of_inner_layer_is_extracted() {
    async fn paid(FromVerified(postback): FromVerified<CryptoCloud>) -> String {
        postback.project().unwrap_or("none").to_owned()
    }
    let router = Router::new()
        .route("/", any(paid))
        .layer(PostbackLayer::new(of_project("inner")))
        .layer(PostbackLayer::new(of_project("outer")));
    assert_eq!(text(deliver(router, "s").await).await, "inner");
}

#[tokio::test]
async fn result_for_other_tenant_is_rejected() {
    #[derive(Debug)]
    enum Eu {}
    #[derive(Debug)]
    enum Us {}
    async fn us(FromVerified(postback): FromVerified<Tenant<Us, CryptoCloud>>) -> String {
        postback.invoice_id().to_owned()
    }
    let eu: Tenant<Eu, _> = Tenant::new("eu", CryptoCloud::new()).unwrap();
    let router = Router::new()
        .route("/", any(us))
        .layer(PostbackLayer::new(verifier_of(eu, "s")));
    assert_rejected(&deliver(router, "s").await, &Rejection::NotConfigured);
}

/// Also if both verifiers have the same secret.
#[tokio::test]
async fn extractor_verifies_again_below_layer_with_other_verifier() {
    async fn paid(postback: Postback<CryptoCloud>) -> String {
        postback.project().unwrap_or("none").to_owned()
    }
    let router = Router::new()
        .route("/", any(paid))
        .layer(PostbackLayer::new(verifier("s")))
        .with_state(of_project("extractor"));
    assert_eq!(text(deliver(router, "s").await).await, "extractor");
}

#[tokio::test]
async fn result_for_other_provider_is_rejected() {
    let trybit = PostbackLayer::new(verifier_of(Trybit::new(), "t"));
    let router = extractor_below(trybit.clone(), verifier("c"));
    assert_rejected(&deliver(router, "t").await, &Rejection::BadSignature);

    let router = Router::new().route("/", any(below_layer)).layer(trybit);
    assert_rejected(&deliver(router, "t").await, &Rejection::NotConfigured);
}

#[tokio::test]
async fn missing_layer_is_not_configured() {
    let router = Router::new().route("/", any(below_layer));
    assert_rejected(&deliver(router, "s").await, &Rejection::NotConfigured);
}
