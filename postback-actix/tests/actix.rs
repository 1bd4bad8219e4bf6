//! The extractor in applications of actix-web.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use actix_web::{
    App, HttpRequest, HttpResponse, Responder, ResponseError, body,
    dev::{Payload, ServiceResponse},
    http::StatusCode,
    test, web,
};
use bytes::Bytes;
use postback_actix::{Ack, Postback, PostbackError};
use postback_core::{
    Provider, Rejection, SecretKey, Tenant, Verifier,
    cryptapi::{CryptApi, Get},
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};

const NOW: u64 = 1_769_509_400;

fn secret(text: &str) -> SecretKey {
    SecretKey::new(text).unwrap()
}

fn verifier(text: &str) -> Verifier<CryptoCloud> {
    let builder = Verifier::builder(CryptoCloud::new(), secret(text));
    builder.clock(|| Some(NOW)).build().unwrap()
}

fn sample(signer: &str) -> String {
    let token = testing::token(&secret(signer), testing::SAMPLE_INVOICE_ID, NOW + 300);
    testing::sample_json(Some(&token))
}

fn delivery(path: &str, body: impl Into<Bytes>) -> test::TestRequest {
    test::TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "application/json"))
        .set_payload(body)
}

/// Asserts status, headers and text of the response to a rejected request.
async fn assert_rejected(response: ServiceResponse, rejection: &Rejection) {
    let reply = rejection.reply();
    assert_eq!(response.status().as_u16(), reply.status());
    for (name, value) in reply.headers() {
        assert_eq!(response.headers().get(name).unwrap(), &*value, "{name}");
    }
    let text = body::to_bytes(response.into_body()).await.unwrap();
    assert_eq!(text, reply.body());
}

async fn paid<P: Provider>(postback: Postback<P>) -> Ack<P> {
    postback.ack()
}

/// Serves an application and sends it a request.
macro_rules! send {
    ($app:expr, $request:expr) => {{
        let service = test::init_service($app).await;
        test::call_service(&service, $request.to_request()).await
    }};
}

#[actix_web::test]
async fn verifier_is_found_plain_and_in_web_data() {
    let route = || web::resource("/").to(paid::<CryptoCloud>);
    let plain = || App::new().app_data(verifier("s")).service(route());
    let shared = || {
        let data = web::Data::new(verifier("s"));
        App::new().app_data(data).service(route())
    };
    for (genuine, forged) in [
        (
            send!(plain(), delivery("/", sample("s"))),
            send!(plain(), delivery("/", sample("f"))),
        ),
        (
            send!(shared(), delivery("/", sample("s"))),
            send!(shared(), delivery("/", sample("f"))),
        ),
    ] {
        assert_eq!(genuine.status(), StatusCode::OK);
        assert_rejected(forged, &Rejection::BadSignature).await;
    }
}

/// An outer verifier of one kind would hide a nearer one of the other, perhaps of another project.
#[actix_web::test]
async fn verifier_plain_and_in_web_data_is_not_configured() {
    let route = web::resource("/")
        .app_data(web::Data::new(verifier("near")))
        .to(paid::<CryptoCloud>);
    let app = App::new().app_data(verifier("far")).service(route);
    let service = test::init_service(app).await;
    for signer in ["near", "far"] {
        let request = delivery("/", sample(signer)).to_request();
        let response = test::call_service(&service, request).await;
        assert_rejected(response, &Rejection::NotConfigured).await;
    }
}

#[actix_web::test]
async fn nearest_verifier_is_used() {
    let route = web::resource("/")
        .app_data(verifier("near"))
        .to(paid::<CryptoCloud>);
    let app = App::new().app_data(verifier("far")).service(route);
    let service = test::init_service(app).await;
    for (signer, expected) in [("near", 200), ("far", 401)] {
        let request = delivery("/", sample(signer)).to_request();
        let status = test::call_service(&service, request).await.status();
        assert_eq!(status, expected, "{signer}");
    }
}

/// A verifier of another provider does not count.
#[actix_web::test]
async fn missing_verifier_is_not_configured() {
    let route = || web::resource("/").to(paid::<CryptoCloud>);
    let other = Verifier::new(Trybit::new(), secret("s"));
    let none = send!(App::new().service(route()), delivery("/", sample("s")));
    assert_rejected(none, &Rejection::NotConfigured).await;
    let other = App::new().app_data(other).service(route());
    let other = send!(other, delivery("/", sample("s")));
    assert_rejected(other, &Rejection::NotConfigured).await;
}

#[actix_web::test]
async fn handler_receives_rejection_as_result() {
    async fn paid(postback: Result<Postback<CryptoCloud>, PostbackError>) -> HttpResponse {
        match postback {
            Ok(_) => HttpResponse::NoContent().finish(),
            Err(error) => {
                assert_eq!(error.rejection(), &Rejection::BadSignature);
                assert_eq!(error.to_string(), Rejection::BadSignature.to_string());
                assert_eq!(error.status_code(), StatusCode::UNAUTHORIZED);
                error.error_response()
            }
        }
    }
    let app = || {
        App::new()
            .app_data(verifier("s"))
            .service(web::resource("/").to(paid))
    };
    let genuine = send!(app(), delivery("/", sample("s")));
    assert_eq!(genuine.status(), StatusCode::NO_CONTENT);
    let forged = send!(app(), delivery("/", sample("f")));
    assert_rejected(forged, &Rejection::BadSignature).await;
}

#[actix_web::test]
async fn verifier_is_chosen_by_path() {
    async fn chosen(
        request: HttpRequest,
        project: web::Path<String>,
        payload: web::Payload,
    ) -> Result<HttpResponse, PostbackError> {
        let payload: Payload = payload.into_inner();
        let postback = Postback::receive(&request, payload, &verifier(&project)).await?;
        Ok(postback.ack().respond_to(&request))
    }
    let app = || App::new().service(web::resource("/{project}").to(chosen));
    let own = send!(app(), delivery("/eu", sample("eu")));
    assert_eq!(own.status(), StatusCode::OK);
    let other = send!(app(), delivery("/us", sample("eu")));
    assert_rejected(other, &Rejection::BadSignature).await;
}

enum Eu {}

#[actix_web::test]
async fn tenant_has_own_verifier() {
    let provider = Tenant::<Eu, _>::new("eu", CryptoCloud::new()).unwrap();
    let eu = Verifier::builder(provider, secret("eu"));
    let eu = eu.clock(|| Some(NOW)).build().unwrap();
    let app = App::new()
        .app_data(eu)
        .app_data(verifier("us"))
        .service(web::resource("/eu").to(paid::<Tenant<Eu, CryptoCloud>>))
        .service(web::resource("/us").to(paid::<CryptoCloud>));
    let service = test::init_service(app).await;
    for (path, signer, expected) in [("/eu", "eu", 200), ("/eu", "us", 401), ("/us", "us", 200)] {
        let request = delivery(path, sample(signer)).to_request();
        let status = test::call_service(&service, request).await.status();
        assert_eq!(status, expected, "{path} {signer}");
    }
}

/// Compression is enabled in this build, as it is by default in applications.
#[actix_web::test]
async fn content_encoding_is_rejected() {
    let route = web::resource("/").to(paid::<CryptoCloud>);
    let app = App::new().app_data(verifier("s")).service(route);
    let request = delivery("/", sample("s")).insert_header(("content-encoding", "gzip"));
    assert_rejected(send!(app, request), &Rejection::UnsupportedMediaType).await;
}

#[actix_web::test]
async fn body_limit_of_verifier_applies() {
    let route = || web::resource("/").to(paid::<CryptoCloud>);
    let app = |limit| {
        let builder = Verifier::builder(CryptoCloud::new(), secret("s")).body_limit(limit);
        let verifier = builder.clock(|| Some(NOW)).build().unwrap();
        App::new().app_data(verifier).service(route())
    };
    let length = sample("s").len();
    let accepted = send!(app(length), delivery("/", sample("s")));
    assert_eq!(accepted.status(), StatusCode::OK);
    let smaller = length.saturating_sub(1);
    let rejected = send!(app(smaller), delivery("/", sample("s")));
    assert_rejected(rejected, &Rejection::body_too_large(smaller)).await;
}

#[actix_web::test]
async fn signed_url_is_verified_below_nested_paths() {
    let key = testing::SigningKey::generate().unwrap();
    let provider = CryptApi::get(["https://shop.example"]).unwrap();
    let verifier = Verifier::new(provider, key.public_key().unwrap());
    let route = web::resource("/cryptapi").to(paid::<CryptApi<Get>>);
    let app = App::new()
        .app_data(verifier)
        .service(web::scope("/shop").service(web::scope("/eu").service(route)));
    let target = format!("/shop/eu/cryptapi?{}", testing::SAMPLE_CALLBACK);
    let signature = key.sign(format!("https://shop.example{target}")).unwrap();
    let request = test::TestRequest::get()
        .uri(&target)
        .insert_header(("x-ca-signature", signature));
    let response = send!(app, request);
    assert_eq!(response.status(), StatusCode::OK);
    let text = body::to_bytes(response.into_body()).await.unwrap();
    assert_eq!(text, "*ok*");
}
