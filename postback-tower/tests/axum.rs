//! How the extractor treats bodies. What it decides about their content is core's, and is held
//! against the corpus elsewhere.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
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
use postback_core::{
    Accepts, Answer, Check, Head, MediaType, Provider, Rejection, SecretKey, Verifier,
    cryptocloud::CryptoCloud, testing,
};
use postback_tower::axum::{Ack, Postback};
use tower::ServiceExt;

const NOW: u64 = 1_769_509_400;
const LIMIT: usize = 4_096;

async fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn deliver(content_type: &str, body: Body) -> Response<Body> {
    deliver_under(DefaultBodyLimit::max(LIMIT * 2), content_type, body).await
}

async fn deliver_under(limit: DefaultBodyLimit, content_type: &str, body: Body) -> Response<Body> {
    let verifier = Verifier::builder(CryptoCloud::new(), SecretKey::new("s").unwrap())
        .clock(|| Some(NOW))
        .body_limit(LIMIT);
    let router: Router = Router::new()
        .route("/", any(paid))
        .layer(limit)
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

/// A body without a declared size that never ends, and counts what was read of it.
#[derive(Clone, Default)]
struct Endless {
    read: Arc<AtomicUsize>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let before = self.read.fetch_add(FRAME, Ordering::Relaxed);
        assert!(before < LIMIT * 10, "nobody stops reading");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; FRAME])))))
    }
}

const FRAME: usize = 100;

/// The verifier's limit holds where the route has none, and a smaller one of the route's holds too.
#[tokio::test]
async fn a_stream_over_the_smaller_limit_ends_there() {
    for (route, limit) in [
        (DefaultBodyLimit::disable(), LIMIT),
        (DefaultBodyLimit::max(LIMIT * 2), LIMIT),
        (DefaultBodyLimit::max(LIMIT / 2), LIMIT / 2),
    ] {
        let body = Endless::default();
        let response = deliver_under(route, "application/json", Body::new(body.clone())).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let reported = response.extensions().get();
        assert_eq!(reported, Some(&Rejection::body_too_large(LIMIT)));
        let read = body.read.load(Ordering::Relaxed);
        assert!(
            (limit..=limit + FRAME).contains(&read),
            "{read} bytes under {limit}"
        );
    }
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

/// A gateway that signs the request's target: it notes what it is shown, and refuses everything.
#[derive(Clone, Debug, Default)]
struct Noting {
    target: Arc<Mutex<String>>,
}

impl Provider for Noting {
    type Event = ();
    type Evidence = ();
    type Key = ();

    const NAME: &'static str = "noting";
    const ACK: Answer = Answer::acknowledgement("text/plain", "ok");

    fn accepts(&self) -> Accepts {
        Accepts::Get
    }

    fn inspect(&self, head: &Head<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
        head.target().clone_into(&mut self.target.lock().unwrap());
        Ok(())
    }

    fn verify(&self, (): (), _: Bytes, check: &mut Check<'_, ()>) -> Result<(), Rejection> {
        check.signature(|()| false)
    }
}

/// Path and query, percent-encoding and order as received, whatever form the target has; and no
/// body is read where none is needed.
#[tokio::test]
async fn core_is_shown_path_and_query_as_received() {
    for (uri, target) in [
        ("/cb?b=%2F+%41&a=1", "/cb?b=%2F+%41&a=1"),
        ("http://elsewhere.example/cb?a=1", "/cb?a=1"),
        ("/cb", "/cb"),
    ] {
        let provider = Noting::default();
        let request = Request::get(uri).body(Body::new(Unread { declared: 1 }));
        let verifier = Verifier::new(provider.clone(), ());
        let refused = Postback::receive(request.unwrap(), &verifier)
            .await
            .unwrap_err();
        assert_eq!(refused.rejection(), &Rejection::BadSignature);
        assert_eq!(*provider.target.lock().unwrap(), target);
    }
}
