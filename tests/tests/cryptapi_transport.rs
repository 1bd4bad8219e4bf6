//! Signed URLs through HTTP servers and routers: the adapter recovers the URL that was signed.

use axum::{Router, routing::any};
use bytes::Bytes;
use http::{Request, StatusCode};
use postback_conformance::{
    client::Client,
    corpus::Case,
    driver::{Application, Driver, Seen},
    fixtures::{ORIGIN, callback_signed_for, cryptapi, sign, trusting},
    raw::{Connection, RawResponse},
};
use postback_core::{
    cryptapi::{CryptApi, Get},
    testing::SAMPLE_CALLBACK,
};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified, Postback},
};

/// The callback is signed by OpenSSL.
#[tokio::test]
async fn signed_url_verifies_over_http2() {
    let case = Case::cryptapi_named("GET confirmed");
    for driver in Driver::ALL {
        let application = driver.serve(case.cryptapi_get()).await;
        let url = format!("http://{}{}", application.address(), case.request.target);
        let mut request = Request::get(url);
        for (name, value) in case
            .request
            .headers
            .iter()
            .filter(|(name, _)| name != "host")
        {
            request = request.header(name, value);
        }
        let response = Client::http2()
            .send(request.body(Bytes::new()).unwrap())
            .await;
        let (status, headers, body) = response.unwrap();
        assert_eq!((status, &*body), (StatusCode::OK, "*ok*"), "{driver:?}");
        assert_eq!(headers["content-type"], "text/plain");
        assert_eq!(application.seen().len(), 1);
    }
}

async fn exchange(application: &Application, request: String) -> RawResponse {
    let mut connection = Connection::open(application.address()).await;
    assert!(connection.send(request).await);
    connection.response(false).await
}

#[tokio::test]
async fn absolute_target_verifies_by_path_and_query() {
    let target = format!("/callback?order_id=1&{SAMPLE_CALLBACK}");
    let signature = sign(format!("{ORIGIN}{target}"));
    for driver in Driver::ALL {
        let application = driver.serve(trusting(cryptapi())).await;
        for authority in ["", "http://elsewhere.example", "https://shop.example"] {
            let request = format!(
                "GET {authority}{target} HTTP/1.1\r\nHost: internal:8080\r\n\
                 X-Ca-Signature: {signature}\r\n\r\n"
            );
            let response = exchange(&application, request).await;
            assert_eq!(response.status, 200, "{driver:?} {authority}");
            assert_eq!(response.body, "*ok*");
        }
        let other = sign(format!("http://elsewhere.example{target}"));
        let request = format!(
            "GET http://elsewhere.example{target} HTTP/1.1\r\nHost: elsewhere.example\r\n\
             X-Ca-Signature: {other}\r\n\r\n"
        );
        let response = exchange(&application, request).await;
        assert_eq!(response.status, 401, "{driver:?}");
        assert_eq!(application.seen().len(), 3);
    }
}

/// The head holds the whole signed message, so that the adapter does not wait for a body. Rocket
/// reads the first 14 bytes of it, which is a row of [`DIFFERENCES`].
///
/// [`DIFFERENCES`]: postback_conformance::framework_differences::DIFFERENCES
#[tokio::test]
async fn body_of_get_is_not_read() {
    let target = format!("/callback?order_id=1&{SAMPLE_CALLBACK}");
    let signature = sign(format!("{ORIGIN}{target}"));
    for driver in Driver::ALL {
        let application = driver.serve(trusting(cryptapi())).await;
        for (length, begun) in [
            ("Content-Length: 1000000000", "fourteen bytes"),
            ("Transfer-Encoding: chunked", "e\r\nfourteen bytes\r\n"),
        ] {
            let request = format!(
                "GET {target} HTTP/1.1\r\nHost: shop\r\nX-Ca-Signature: {signature}\r\n\
                 {length}\r\n\r\n{begun}"
            );
            let response = exchange(&application, request).await;
            assert_eq!(response.status, 200, "{driver:?} {length}");
        }
        let seen = application.seen();
        assert_eq!(seen.len(), 2, "{driver:?}");
        for delivered in seen {
            assert!(
                delivered.body.is_none_or(|body| body.is_empty()),
                "{driver:?}"
            );
        }
    }
}

/// Servers do not normalise the URL.
#[tokio::test]
async fn signed_url_arrives_in_signed_spelling() {
    for parameter in [
        "a=%2f%2F%7e~",
        "a=1+2%202",
        "a[0]=1&a%5B1%5D=2",
        "a=\u{e4}",
        "a=%",
        "&&a==",
        "a='(*)!;,:@/?$",
        "a={b}|c",
        "a=%00",
    ] {
        // actix-web accepts no URL that is not ASCII: a row of the table of differences.
        let drivers = match parameter.is_ascii() {
            true => &Driver::ALL[..],
            false => &Driver::ON_HYPER[..],
        };
        let target = format!("//callback/../x;y=1/%2e?{parameter}&{SAMPLE_CALLBACK}");
        let signature = sign(format!("{ORIGIN}{target}"));
        for &driver in drivers {
            let application = driver.serve(trusting(cryptapi())).await;
            let request = format!(
                "GET {target} HTTP/1.1\r\nHost: shop\r\nX-Ca-Signature: {signature}\r\n\r\n"
            );
            let response = exchange(&application, request).await;
            assert_eq!(response.status, 200, "{driver:?} {parameter}");
        }
    }
}

async fn by_extractor(postback: Postback<CryptApi<Get>>) -> Ack<CryptApi<Get>> {
    postback.ack()
}

async fn by_layer(FromVerified(postback): FromVerified<CryptApi<Get>>) -> Ack<CryptApi<Get>> {
    postback.ack()
}

/// Returns the status of a callback that is signed for the origin and the path.
async fn status_at(application: &Application, origin: &str, path: &str) -> u16 {
    let target = format!("{path}?{SAMPLE_CALLBACK}");
    let request = callback_signed_for(&format!("{origin}{target}"), &target);
    application.send(&request).await.status.as_u16()
}

/// axum strips the prefix of a nested router for extractors and layers inside it.
#[tokio::test]
async fn nested_route_verifies_with_stripped_prefix() {
    let origins = [ORIGIN, "https://www.shop.example"];
    let whole = CryptApi::get(origins).unwrap();
    let nested = whole.clone().stripped_prefix("/shop/eu").unwrap();
    for (provider, expected) in [(nested, 200), (whole, 401)] {
        let layer = PostbackLayer::new(trusting(provider.clone()));
        let within = Router::new()
            .route("/extractor", any(by_extractor))
            .merge(Router::new().route("/layer", any(by_layer)).layer(layer))
            .with_state(trusting(provider));
        let router = Router::new().nest("/shop/eu", within);
        let application = Application::serve(router, Seen::default()).await;
        for path in ["/shop/eu/extractor", "/shop/eu/layer"] {
            for origin in origins {
                let status = status_at(&application, origin, path).await;
                assert_eq!(status, expected, "{origin}{path}");
            }
        }
    }
}

/// A layer above the nested router sees the whole path.
#[tokio::test]
async fn layer_above_nested_router_verifies_full_path() {
    let nested = cryptapi().stripped_prefix("/shop").unwrap();
    for (provider, expected) in [(cryptapi(), 200), (nested, 401)] {
        let within = Router::new().route("/layer", any(by_layer));
        let router = Router::new()
            .nest("/shop", within)
            .layer(PostbackLayer::new(trusting(provider)));
        let application = Application::serve(router, Seen::default()).await;
        let status = status_at(&application, ORIGIN, "/shop/layer").await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn only_configured_origins_verify() {
    let origins = [ORIGIN, "https://www.shop.example", "http://127.0.0.1:3000"];
    let provider = CryptApi::get(origins).unwrap();
    for driver in Driver::ALL {
        let application = driver.serve(trusting(provider.clone())).await;
        let others = ["https://shop.example.evil", "https://api.shop.example"];
        for origin in origins.into_iter().chain(others) {
            let status = status_at(&application, origin, "/callback").await;
            let expected = if origins.contains(&origin) { 200 } else { 401 };
            assert_eq!(status, expected, "{driver:?} {origin}");
        }
    }
}
