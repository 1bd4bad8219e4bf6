//! Where the layer fits in axum, and what extractors below it take from it.

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

async fn guarded(
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
fn assert_refused(response: &Response, rejection: &Rejection) {
    assert_eq!(response.status(), rejection.reply().status());
    assert_eq!(response.extensions().get(), Some(rejection));
}

#[tokio::test]
async fn the_layer_fits_wherever_a_layer_may_stand() {
    async fn middleware(request: Request, next: Next) -> Response {
        next.run(request).await
    }
    let layer = || PostbackLayer::new(verifier("s"));
    let route = || Router::new().route("/", any(guarded));
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
            Router::new().route("/", any(guarded).layer(layer())),
        ),
        ("above from_fn", route().layer(above_middleware)),
        ("below from_fn", route().layer(below_middleware)),
        (
            "a service of a route",
            Router::new().route_service(
                "/",
                ServiceBuilder::new().layer(layer()).service(any(guarded)),
            ),
        ),
    ] {
        let accepted = deliver(router.clone(), "s").await;
        assert_eq!(accepted.status(), StatusCode::OK, "{place}");
        assert_refused(&deliver(router, "forged").await, &Rejection::BadSignature);
    }
}

/// The extractor would find a body that must not be read.
#[tokio::test]
async fn the_result_of_the_same_verifier_is_not_asked_for_twice() {
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

fn extracted_under<P>(layer: PostbackLayer<P>, verifier: Verifier<CryptoCloud>) -> Router
where
    P: Provider,
{
    Router::new()
        .route("/", any(extracted))
        .layer(layer)
        .with_state(verifier)
}

/// The layer lets project A's postback through; the extractor asks for project B's.
#[tokio::test]
async fn the_result_of_another_projects_verifier_does_not_count() {
    let router = extracted_under(PostbackLayer::new(verifier("a")), verifier("b"));
    assert_refused(
        &deliver(router.clone(), "a").await,
        &Rejection::BadSignature,
    );
    assert_refused(&deliver(router, "b").await, &Rejection::BadSignature);
}

/// A verifier of a name of its own, and the same secret.
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
async fn of_two_layers_the_inner_one_vouches() {
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
async fn a_tenants_proof_never_passes_for_anothers() {
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
    assert_refused(&deliver(router, "s").await, &Rejection::NotConfigured);
}

/// Even with the same secret, it is the extractor's verifier that vouches.
#[tokio::test]
async fn under_another_verifier_the_extractor_verifies_again() {
    async fn paid(postback: Postback<CryptoCloud>) -> String {
        postback.project().unwrap_or("none").to_owned()
    }
    let scoped = of_project("extractor");
    let router = Router::new()
        .route("/", any(paid))
        .layer(PostbackLayer::new(verifier("s")))
        .with_state(scoped);
    assert_eq!(text(deliver(router, "s").await).await, "extractor");
}

#[tokio::test]
async fn trybits_proof_never_passes_for_cryptoclouds() {
    let trybit = PostbackLayer::new(verifier_of(Trybit::new(), "t"));
    let router = extracted_under(trybit.clone(), verifier("c"));
    assert_refused(&deliver(router, "t").await, &Rejection::BadSignature);

    let router = Router::new().route("/", any(guarded)).layer(trybit);
    assert_refused(&deliver(router, "t").await, &Rejection::NotConfigured);
}

#[tokio::test]
async fn without_a_layer_there_is_nothing_verified_to_take() {
    let router = Router::new().route("/", any(guarded));
    assert_refused(&deliver(router, "s").await, &Rejection::NotConfigured);
}
