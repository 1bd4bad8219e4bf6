//! What applications of actix-web do around the extractor.

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

/// The one status, text and headers of a refusal.
async fn assert_refused(response: ServiceResponse, rejection: &Rejection) {
    let answer = rejection.reply();
    assert_eq!(response.status().as_u16(), answer.status());
    for (name, value) in answer.headers() {
        assert_eq!(response.headers().get(name).unwrap(), &*value, "{name}");
    }
    let text = body::to_bytes(response.into_body()).await.unwrap();
    assert_eq!(text, answer.body());
}

async fn paid<P: Provider>(postback: Postback<P>) -> Ack<P> {
    postback.ack()
}

/// Serves one application, and sends it one request.
macro_rules! send {
    ($app:expr, $request:expr) => {{
        let service = test::init_service($app).await;
        test::call_service(&service, $request.to_request()).await
    }};
}

#[actix_web::test]
async fn a_verifier_is_found_as_it_is_and_within_data() {
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
        assert_refused(forged, &Rejection::BadSignature).await;
    }
}

/// An outer one of one kind would hide a nearer one of the other, of another project maybe.
#[actix_web::test]
async fn two_kinds_of_configuration_are_none() {
    let route = web::resource("/")
        .app_data(web::Data::new(verifier("near")))
        .to(paid::<CryptoCloud>);
    let app = App::new().app_data(verifier("far")).service(route);
    let service = test::init_service(app).await;
    for signer in ["near", "far"] {
        let request = delivery("/", sample(signer)).to_request();
        let response = test::call_service(&service, request).await;
        assert_refused(response, &Rejection::NotConfigured).await;
    }
}

#[actix_web::test]
async fn the_nearest_verifier_counts() {
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

/// One of another gateway does not count.
#[actix_web::test]
async fn without_a_verifier_it_is_not_configured() {
    let route = || web::resource("/").to(paid::<CryptoCloud>);
    let other = Verifier::new(Trybit::new(), secret("s"));
    let none = send!(App::new().service(route()), delivery("/", sample("s")));
    assert_refused(none, &Rejection::NotConfigured).await;
    let other = App::new().app_data(other).service(route());
    let other = send!(other, delivery("/", sample("s")));
    assert_refused(other, &Rejection::NotConfigured).await;
}

#[actix_web::test]
async fn a_handler_may_see_why() {
    async fn told(postback: Result<Postback<CryptoCloud>, PostbackError>) -> HttpResponse {
        match postback {
            Ok(_) => HttpResponse::NoContent().finish(),
            Err(refusal) => {
                assert_eq!(refusal.rejection(), &Rejection::BadSignature);
                assert_eq!(refusal.to_string(), Rejection::BadSignature.to_string());
                assert_eq!(refusal.status_code(), StatusCode::UNAUTHORIZED);
                refusal.error_response()
            }
        }
    }
    let app = || {
        App::new()
            .app_data(verifier("s"))
            .service(web::resource("/").to(told))
    };
    let genuine = send!(app(), delivery("/", sample("s")));
    assert_eq!(genuine.status(), StatusCode::NO_CONTENT);
    let forged = send!(app(), delivery("/", sample("f")));
    assert_refused(forged, &Rejection::BadSignature).await;
}

/// The explicit call, for a secret that is chosen by path.
#[actix_web::test]
async fn a_verifier_may_be_chosen_by_path() {
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
    let others = send!(app(), delivery("/us", sample("eu")));
    assert_refused(others, &Rejection::BadSignature).await;
}

enum Eu {}

#[actix_web::test]
async fn a_tenant_has_a_verifier_of_its_own() {
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

/// Compression is on in this build, as it is by default in applications.
#[actix_web::test]
async fn a_body_that_is_called_compressed_is_refused() {
    let route = web::resource("/").to(paid::<CryptoCloud>);
    let app = App::new().app_data(verifier("s")).service(route);
    let request = delivery("/", sample("s")).insert_header(("content-encoding", "gzip"));
    assert_refused(send!(app, request), &Rejection::UnsupportedMediaType).await;
}

#[actix_web::test]
async fn the_limit_is_the_verifiers() {
    let route = || web::resource("/").to(paid::<CryptoCloud>);
    let app = |limit| {
        let builder = Verifier::builder(CryptoCloud::new(), secret("s")).body_limit(limit);
        let verifier = builder.clock(|| Some(NOW)).build().unwrap();
        App::new().app_data(verifier).service(route())
    };
    let length = sample("s").len();
    let enough = send!(app(length), delivery("/", sample("s")));
    assert_eq!(enough.status(), StatusCode::OK);
    let one_less = length.saturating_sub(1);
    let short = send!(app(one_less), delivery("/", sample("s")));
    assert_refused(short, &Rejection::body_too_large(one_less)).await;
}

/// Scopes leave the path as it came: the URL that was signed is found again.
#[actix_web::test]
async fn a_signed_url_is_whole_within_scopes() {
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
