//! Large, slow, truncated and endless bodies, at the extractor and at the layer.

use std::{io, sync::atomic::Ordering, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::DefaultBodyLimit,
    routing::any,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Channel;
use postback_core::{Rejection, cryptocloud::CryptoCloud};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified, Postback},
};
use tower::ServiceExt;
use tower_http::limit::RequestBodyLimitLayer;

use crate::fixtures::{Endless, FRAME, LIMIT, Unread, post, sample, verifier};

#[derive(Clone, Copy, Debug)]
enum Entry {
    Extractor,
    Layer,
}

impl Entry {
    const ALL: [Self; 2] = [Self::Extractor, Self::Layer];

    fn router(self) -> Router {
        async fn extracted(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
            postback.ack()
        }
        async fn below_layer(
            FromVerified(postback): FromVerified<CryptoCloud>,
        ) -> Ack<CryptoCloud> {
            postback.ack()
        }
        match self {
            Self::Extractor => Router::new()
                .route("/", any(extracted))
                .with_state(verifier("s")),
            Self::Layer => Router::new()
                .route("/", any(below_layer))
                .layer(PostbackLayer::new(verifier("s"))),
        }
    }

    async fn deliver(self, body: Body) -> Response<Body> {
        let limit = DefaultBodyLimit::max(LIMIT * 2);
        self.deliver_under(limit, post().body(body).unwrap()).await
    }

    async fn deliver_under(
        self,
        limit: DefaultBodyLimit,
        request: Request<Body>,
    ) -> Response<Body> {
        let router = self.router().layer(limit);
        router.oneshot(request).await.unwrap()
    }
}

async fn assert_rejected(entry: Entry, response: Response<Body>, rejection: Rejection) {
    let reply = rejection.reply();
    assert_eq!(response.status(), reply.status(), "{entry:?}");
    let reason = response.extensions().get();
    assert_eq!(reason, Some(&rejection), "{entry:?}");
    let text = to_bytes(response.into_body(), 1_000).await.unwrap();
    assert_eq!(text, reply.body(), "{entry:?}");
}

#[tokio::test]
async fn body_in_single_byte_frames_is_accepted() {
    for entry in Entry::ALL {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
        let send = async move {
            for byte in sample("s") {
                sender.send_data(Bytes::from(vec![byte])).await.unwrap();
            }
        };
        let (response, ()) = tokio::join!(entry.deliver(Body::new(body)), send);
        assert_eq!(response.status(), StatusCode::OK, "{entry:?}");
    }
}

#[tokio::test]
async fn truncated_body_is_unreadable() {
    for entry in Entry::ALL {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
        sender.send_data(sample("s")).await.unwrap();
        sender.abort(io::Error::from(io::ErrorKind::ConnectionReset));
        let response = entry.deliver(Body::new(body)).await;
        assert_rejected(entry, response, Rejection::BodyUnreadable).await;
    }
}

/// The verifier's limit applies if the route has none, and a smaller limit of the route applies
/// too.
#[tokio::test]
async fn endless_body_is_read_up_to_smaller_body_limit() {
    for entry in Entry::ALL {
        for (route, limit) in [
            (DefaultBodyLimit::disable(), LIMIT),
            (DefaultBodyLimit::max(LIMIT * 2), LIMIT),
            (DefaultBodyLimit::max(LIMIT / 2), LIMIT / 2),
        ] {
            let body = Endless::spaces();
            let request = post().body(Body::new(body.clone())).unwrap();
            let response = entry.deliver_under(route, request).await;
            assert_rejected(entry, response, Rejection::body_too_large(LIMIT)).await;
            let read = body.read.load(Ordering::Relaxed);
            let expected = limit..=limit + FRAME;
            assert!(
                expected.contains(&read),
                "{entry:?}: {read} bytes under {limit}"
            );
        }
    }
}

#[tokio::test]
async fn body_limit_of_route_is_inclusive() {
    let body = sample("s");
    for entry in Entry::ALL {
        let response = |limit| {
            let request = post().body(Body::from(body.clone())).unwrap();
            entry.deliver_under(DefaultBodyLimit::max(limit), request)
        };
        let accepted = response(body.len()).await;
        assert_eq!(accepted.status(), StatusCode::OK, "{entry:?}");
        let rejected = response(body.len() - 1).await;
        assert_rejected(entry, rejected, Rejection::body_too_large(LIMIT)).await;
    }
}

/// The limit of other middleware shows only in the error that ends the body.
#[tokio::test]
async fn body_limit_of_other_middleware_is_body_too_large() {
    for entry in Entry::ALL {
        let router = entry.router().layer(RequestBodyLimitLayer::new(LIMIT / 2));
        let request = post().body(Body::new(Endless::spaces())).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_rejected(
            entry,
            response.map(Body::new),
            Rejection::body_too_large(LIMIT),
        )
        .await;
    }
}

#[tokio::test]
async fn rejected_head_leaves_body_unread() {
    for entry in Entry::ALL {
        let request = Request::post("/").header("content-type", "text/plain");
        let request = request.body(Body::new(Unread { declared: 1 })).unwrap();
        let response = entry
            .deliver_under(DefaultBodyLimit::disable(), request)
            .await;
        assert_rejected(entry, response, Rejection::UnsupportedMediaType).await;
    }
}

/// The route's limit shows only in the size that it leaves: also if it is twice the verifier's.
#[tokio::test]
async fn declared_size_over_body_limit_of_route_leaves_body_unread() {
    for entry in Entry::ALL {
        for limit in [LIMIT / 2, LIMIT * 2] {
            let declared = limit as u64 + 1;
            let request = post().body(Body::new(Unread { declared })).unwrap();
            let response = entry
                .deliver_under(DefaultBodyLimit::max(limit), request)
                .await;
            assert_rejected(entry, response, Rejection::body_too_large(LIMIT)).await;
        }
    }
}

/// The deadline is polled only if reading yields.
#[tokio::test]
async fn endless_empty_frames_do_not_block_deadline() {
    for entry in Entry::ALL {
        let delivery = entry.deliver(Body::new(Endless::nothing()));
        let result = tokio::time::timeout(Duration::from_millis(50), delivery).await;
        assert!(result.is_err(), "{entry:?}");
    }
}
