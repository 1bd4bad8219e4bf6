//! The layer above services that use no framework.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Future, Ready, ready},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use postback_core::{Provider, Rejection, SecretKey, Verified, Verifier, cryptocloud::CryptoCloud};
use postback_tower::{PostbackLayer, RequestBody, ResponseBody, acknowledgement};
use tokio::time::timeout;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::fixtures::{TargetProvider, Unread, post, sample, verifier};

type Acknowledged = Result<Response<Full<Bytes>>, Infallible>;

async fn collect<B: Body<Data = Bytes, Error = Infallible>>(response: Response<B>) -> Bytes {
    let body = response.into_body().collect().await;
    let Ok(body) = body;
    body.to_bytes()
}

#[tokio::test]
async fn verified_request_reaches_service_byte_for_byte() {
    async fn paid(request: Request<RequestBody>) -> Acknowledged {
        let verified = request.extensions().get::<Verified<CryptoCloud>>();
        assert_eq!(verified.unwrap().invoice_id(), "ILRAJE1Q");
        assert_eq!(request.headers().get("x-other").unwrap(), "1");
        assert_eq!(request.uri(), "/a?b=1");
        let mut body = request.into_body();
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(sample("s").len() as u64));
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), sample("s"));
        assert!(body.is_end_stream(), "trailers are dropped");
        assert!(body.frame().await.is_none());
        Ok(acknowledgement::<CryptoCloud, _>())
    }

    let service = PostbackLayer::new(verifier("s")).layer(service_fn(paid));
    let mut trailers = HeaderMap::new();
    trailers.insert("x-signature", HeaderValue::from_static("forged"));
    let body = Full::new(sample("s")).with_trailers(ready(Some(Ok(trailers))));
    let request = post().uri("/a?b=1").header("x-other", "1").body(body);
    let response = service.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(collect(response).await, CryptoCloud::ACK.body());
}

async fn must_not_be_called(_: Request<RequestBody>) -> Acknowledged {
    panic!("a rejected request reached the service")
}

#[tokio::test]
async fn rejected_request_does_not_reach_service() {
    let service = PostbackLayer::new(verifier("s")).layer(service_fn(must_not_be_called));
    let request = post().body(Full::new(sample("forged"))).unwrap();
    let response = service.oneshot(request).await.unwrap();
    let reply = Rejection::BadSignature.reply();
    assert_eq!(response.status(), reply.status());
    for (name, value) in reply.headers() {
        assert_eq!(response.headers().get(name).unwrap(), &*value);
    }
    assert_eq!(response.extensions().get(), Some(&Rejection::BadSignature));
    assert_eq!(
        response.body().size_hint().exact(),
        Some(reply.body().len() as u64)
    );
    assert!(!response.body().is_end_stream());
    assert_eq!(collect(response).await, reply.body());
}

#[tokio::test]
async fn error_of_service_is_returned_unchanged() {
    let service = PostbackLayer::new(verifier("s")).layer(service_fn(|_: Request<RequestBody>| {
        ready(Err::<Response<String>, _>("broken"))
    }));
    let request = post().body(Full::new(sample("s"))).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap_err(), "broken");
}

#[test]
fn future_completes_when_polled_after_panic_of_service() {
    let panics = |_: Request<RequestBody>| -> Ready<Acknowledged> { panic!("the service panics") };
    let mut service = PostbackLayer::new(verifier("s")).layer(service_fn(panics));
    let mut response = pin!(service.call(post().body(Full::new(sample("s"))).unwrap()));
    let mut context = Context::from_waker(Waker::noop());

    let panicked = catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(&mut context)));
    assert!(panicked.is_err());
    let Poll::Ready(Ok(response)) = response.poll(&mut context) else {
        panic!("the future is pending without a waker");
    };
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.extensions().get::<Rejection>(), None);
}

/// Body with frames that are not contiguous, and a wrong hint about its end.
struct ChainedFrames(VecDeque<Bytes>);

impl Body for ChainedFrames {
    type Data = bytes::buf::Chain<Bytes, Bytes>;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Self::Data>>>> {
        let piece = self.0.pop_front().map(|mut first| {
            let second = first.split_off(first.len() / 2);
            Ok(Frame::data(first.chain(second)))
        });
        Poll::Ready(piece)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn body_of_chained_frames_is_read_to_its_end() {
    let service = PostbackLayer::new(verifier("s"))
        .with_request_body::<Bytes>()
        .layer(service_fn(|request: Request<Bytes>| {
            assert_eq!(*request.body(), sample("s"));
            ready(Acknowledged::Ok(acknowledgement::<CryptoCloud, _>()))
        }));
    let pieces = sample("s").chunks(10).map(Bytes::copy_from_slice).collect();
    let request = post().body(ChainedFrames(pieces)).unwrap();
    // More frames than are read in one poll: the future has to wake itself.
    let response = timeout(Duration::from_secs(5), service.oneshot(request)).await;
    assert_eq!(response.unwrap().unwrap().status(), StatusCode::OK);
}

/// The default that axum assumes where no limit is set does not apply to other services.
#[tokio::test]
async fn body_limit_that_axum_assumes_is_ignored() {
    let verifier = Verifier::builder(CryptoCloud::new(), SecretKey::new("s").unwrap())
        .clock(|| Some(crate::fixtures::NOW))
        .body_limit(4_000_000);
    let service = PostbackLayer::new(verifier.build().unwrap()).layer(service_fn(
        |_: Request<RequestBody>| ready(Acknowledged::Ok(acknowledgement::<CryptoCloud, _>())),
    ));
    let mut body = sample("s").to_vec();
    body.resize(3_000_000, b' ');
    let request = post().body(Full::new(Bytes::from(body))).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// A service that forwards the request would declare a body that it does not send.
#[tokio::test]
async fn unneeded_body_is_neither_read_nor_forwarded_nor_declared() {
    let provider = TargetProvider {
        is_genuine: true,
        ..TargetProvider::default()
    };
    let service = PostbackLayer::new(Verifier::new(provider, ()))
        .with_request_body::<Bytes>()
        .layer(service_fn(|request: Request<Bytes>| {
            assert_eq!(*request.body(), "");
            let names: Vec<_> = request.headers().keys().collect();
            assert_eq!(names, ["x-other"]);
            ready(Acknowledged::Ok(acknowledgement::<TargetProvider, _>()))
        }));
    let request = Request::get("/")
        .header("content-length", "1")
        .header("transfer-encoding", "chunked")
        .header("trailer", "x-signature")
        .header("x-other", "1");
    let response = service
        .oneshot(request.body(Unread { declared: 1 }).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// The bytes are complete, no trailers follow, and a wrong length would truncate the body of a
/// service that forwards the request.
#[tokio::test]
async fn framing_headers_are_removed_except_right_content_length() {
    let right = sample("s").len().to_string();
    let wrong = "5".to_owned();
    for (lengths, forwarded) in [
        (vec![&right], Some(&right)),
        (vec![&wrong], None),
        (vec![&right, &wrong], None),
        (vec![], None),
    ] {
        let expected = forwarded.cloned();
        let service = PostbackLayer::new(verifier("s")).layer(service_fn(
            move |request: Request<RequestBody>| {
                let headers = request.headers();
                assert!(!headers.contains_key("transfer-encoding"));
                assert!(!headers.contains_key("trailer"));
                let length = headers.get("content-length");
                let length = length.map(|length| length.to_str().unwrap());
                assert_eq!(length, expected.as_deref());
                ready(Acknowledged::Ok(acknowledgement::<CryptoCloud, _>()))
            },
        ));
        let mut request = post()
            .header("transfer-encoding", "chunked")
            .header("trailer", "x-signature");
        for length in lengths {
            request = request.header("content-length", length);
        }
        let request = request.body(Full::new(sample("s"))).unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
}

/// Percent-encoding and order are as received, in every form of the request target.
#[tokio::test]
async fn verifier_receives_path_and_query_as_received() {
    for (uri, target) in [
        ("/cb?b=%2F+%41&a=1", "/cb?b=%2F+%41&a=1"),
        ("http://elsewhere.example/cb?a=1", "/cb?a=1"),
        ("/cb", "/cb"),
    ] {
        let provider = TargetProvider::default();
        let service = PostbackLayer::new(Verifier::new(provider.clone(), ()))
            .layer(service_fn(must_not_be_called));
        let request = Request::get(uri).body(Unread { declared: 1 }).unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.extensions().get(), Some(&Rejection::BadSignature));
        assert_eq!(*provider.target.lock().unwrap(), target);
    }
}

/// Response body with a size hint, an end and an error of its own.
struct Failing;

impl Body for Failing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(Err(io::Error::other("broken"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(7)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn response_of_service_is_returned_unchanged() {
    let service = PostbackLayer::new(verifier("s")).layer(service_fn(|_: Request<RequestBody>| {
        let response = Response::builder()
            .status(StatusCode::ACCEPTED)
            .body(Failing);
        ready(Ok::<_, Infallible>(response.unwrap()))
    }));
    let request = post().body(Full::new(sample("s"))).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let body: ResponseBody<Failing> = response.into_body();
    assert_eq!(body.size_hint().exact(), Some(7));
    assert!(body.is_end_stream());
    assert_eq!(body.collect().await.unwrap_err().to_string(), "broken");
}

#[test]
fn debug_output_has_no_secret() {
    let layer = PostbackLayer::new(verifier("the secret"));
    let service = layer.layer(service_fn(must_not_be_called));
    for shown in [format!("{layer:?}"), format!("{service:?}")] {
        assert!(shown.contains("cryptocloud"), "{shown}");
        assert!(!shown.contains("the secret"), "{shown}");
    }
}
