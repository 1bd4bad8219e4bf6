//! How the extractor treats bodies. What it decides about their content is core's, and is held
//! against the corpus elsewhere.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::DefaultBodyLimit,
    http::{Request, Response, StatusCode},
    routing::any,
};
use http_body::{Frame, SizeHint};
use http_body_util::Channel;
use postback_core::{Rejection, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
use postback_tower::axum::{Ack, Postback};
use tower::ServiceExt;

const NOW: u64 = 1_769_509_400;
const LIMIT: usize = 4_096;

async fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn deliver(content_type: &str, body: Body) -> Response<Body> {
    let verifier = Verifier::builder(CryptoCloud::new(), SecretKey::new("s").unwrap())
        .clock(|| Some(NOW))
        .body_limit(LIMIT);
    let router: Router = Router::new()
        .route("/", any(paid))
        // Two limits wrap the body twice.
        .layer(DefaultBodyLimit::max(LIMIT * 2))
        .with_state(verifier.build().unwrap());
    let request = Request::post("/").header("content-type", content_type);
    router.oneshot(request.body(body).unwrap()).await.unwrap()
}

async fn refusal(content_type: &str, body: Body) -> (StatusCode, Option<Rejection>, Bytes) {
    let response = deliver(content_type, body).await;
    let rejection = response.extensions().get().cloned();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1_000).await.unwrap();
    (status, rejection, body)
}

fn sample() -> String {
    let secret = SecretKey::new("s").unwrap();
    let token = testing::token(&secret, testing::SAMPLE_INVOICE_ID, NOW + 300);
    testing::sample_json(Some(&token))
}

#[tokio::test]
async fn a_body_in_single_bytes_is_one_body() {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    let send = async move {
        for byte in sample().into_bytes() {
            sender.send_data(Bytes::from(vec![byte])).await.unwrap();
        }
    };
    let (response, ()) = tokio::join!(deliver("application/json", Body::new(body)), send);
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_unreadable_however_good_its_beginning() {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    sender.send_data(sample().into()).await.unwrap();
    sender.abort(io::Error::from(io::ErrorKind::ConnectionReset));
    let (status, rejection, text) = refusal("application/json", Body::new(body)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(rejection, Some(Rejection::BodyUnreadable));
    assert_eq!(text, r#"{"error":"Malformed postback"}"#);
}

/// No size is declared, and the stream would never end.
#[tokio::test]
async fn a_stream_over_the_limit_ends_there() {
    struct Endless;

    impl HttpBody for Endless {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 100])))))
        }
    }

    let (status, rejection, _) = refusal("application/json", Body::new(Endless)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(rejection, Some(Rejection::body_too_large(LIMIT)));
}

/// A body that must not be read, and says how long it is.
struct Unread {
    declared: u64,
}

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        panic!("the body was read")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.declared)
    }
}

#[tokio::test]
async fn a_head_that_is_refused_leaves_the_body_unread() {
    let body = Body::new(Unread { declared: 1 });
    let (status, rejection, _) = refusal("text/plain", body).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(rejection, Some(Rejection::UnsupportedMediaType));
}

/// The route's limit, twice the verifier's here, is not ours to see; the size that it leaves is.
#[tokio::test]
async fn a_declared_size_over_the_routes_limit_leaves_the_body_unread() {
    let declared = LIMIT as u64 * 2 + 1;
    let (status, rejection, _) = refusal("application/json", Body::new(Unread { declared })).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(rejection, Some(Rejection::body_too_large(LIMIT)));
}
