//! Bodies that are large, slow, broken or endless, at the extractor and at the layer.

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
enum WayIn {
    Extractor,
    Layer,
}

impl WayIn {
    const ALL: [Self; 2] = [Self::Extractor, Self::Layer];

    fn router(self) -> Router {
        async fn extracted(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
            postback.ack()
        }
        async fn guarded(FromVerified(postback): FromVerified<CryptoCloud>) -> Ack<CryptoCloud> {
            postback.ack()
        }
        match self {
            Self::Extractor => Router::new()
                .route("/", any(extracted))
                .with_state(verifier("s")),
            Self::Layer => Router::new()
                .route("/", any(guarded))
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

async fn assert_refused(way_in: WayIn, response: Response<Body>, rejection: Rejection) {
    let answer = rejection.reply();
    assert_eq!(response.status(), answer.status(), "{way_in:?}");
    let reason = response.extensions().get();
    assert_eq!(reason, Some(&rejection), "{way_in:?}");
    let text = to_bytes(response.into_body(), 1_000).await.unwrap();
    assert_eq!(text, answer.body(), "{way_in:?}");
}

#[tokio::test]
async fn a_body_in_single_bytes_is_one_body() {
    for way_in in WayIn::ALL {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
        let send = async move {
            for byte in sample("s") {
                sender.send_data(Bytes::from(vec![byte])).await.unwrap();
            }
        };
        let (response, ()) = tokio::join!(way_in.deliver(Body::new(body)), send);
        assert_eq!(response.status(), StatusCode::OK, "{way_in:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_unreadable_however_good_its_beginning() {
    for way_in in WayIn::ALL {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
        sender.send_data(sample("s")).await.unwrap();
        sender.abort(io::Error::from(io::ErrorKind::ConnectionReset));
        let response = way_in.deliver(Body::new(body)).await;
        assert_refused(way_in, response, Rejection::BodyUnreadable).await;
    }
}

/// The verifier's limit holds where the route has none, and a smaller one of the route's holds too.
#[tokio::test]
async fn a_stream_over_the_smaller_limit_ends_there() {
    for way_in in WayIn::ALL {
        for (route, limit) in [
            (DefaultBodyLimit::disable(), LIMIT),
            (DefaultBodyLimit::max(LIMIT * 2), LIMIT),
            (DefaultBodyLimit::max(LIMIT / 2), LIMIT / 2),
        ] {
            let body = Endless::spaces();
            let request = post().body(Body::new(body.clone())).unwrap();
            let response = way_in.deliver_under(route, request).await;
            assert_refused(way_in, response, Rejection::body_too_large(LIMIT)).await;
            let read = body.read.load(Ordering::Relaxed);
            let enough = limit..=limit + FRAME;
            assert!(
                enough.contains(&read),
                "{way_in:?}: {read} bytes under {limit}"
            );
        }
    }
}

/// A body of exactly the route's limit passes.
#[tokio::test]
async fn the_routes_limit_refuses_what_is_over_it_and_no_more() {
    let body = sample("s");
    for way_in in WayIn::ALL {
        let response = |limit| {
            let request = post().body(Body::from(body.clone())).unwrap();
            way_in.deliver_under(DefaultBodyLimit::max(limit), request)
        };
        let enough = response(body.len()).await;
        assert_eq!(enough.status(), StatusCode::OK, "{way_in:?}");
        let short = response(body.len() - 1).await;
        assert_refused(way_in, short, Rejection::body_too_large(LIMIT)).await;
    }
}

/// The limit of other middleware shows only in the error that it ends the body with.
#[tokio::test]
async fn a_limit_of_other_middleware_is_told_from_a_broken_connection() {
    for way_in in WayIn::ALL {
        let router = way_in.router().layer(RequestBodyLimitLayer::new(LIMIT / 2));
        let request = post().body(Body::new(Endless::spaces())).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_refused(
            way_in,
            response.map(Body::new),
            Rejection::body_too_large(LIMIT),
        )
        .await;
    }
}

#[tokio::test]
async fn a_head_that_is_refused_leaves_the_body_unread() {
    for way_in in WayIn::ALL {
        let request = Request::post("/").header("content-type", "text/plain");
        let request = request.body(Body::new(Unread { declared: 1 })).unwrap();
        let response = way_in
            .deliver_under(DefaultBodyLimit::disable(), request)
            .await;
        assert_refused(way_in, response, Rejection::UnsupportedMediaType).await;
    }
}

/// The route's limit, twice the verifier's here, is not ours to see; the size that it leaves is.
#[tokio::test]
async fn a_declared_size_over_the_routes_limit_leaves_the_body_unread() {
    for way_in in WayIn::ALL {
        for limit in [LIMIT / 2, LIMIT * 2] {
            let declared = limit as u64 + 1;
            let request = post().body(Body::new(Unread { declared })).unwrap();
            let response = way_in
                .deliver_under(DefaultBodyLimit::max(limit), request)
                .await;
            assert_refused(way_in, response, Rejection::body_too_large(LIMIT)).await;
        }
    }
}

/// Were nobody else let run meanwhile, the deadline would not be looked at.
#[tokio::test]
async fn a_body_of_nothing_without_end_lets_its_deadline_pass() {
    for way_in in WayIn::ALL {
        let delivery = way_in.deliver(Body::new(Endless::nothing()));
        let result = tokio::time::timeout(Duration::from_millis(50), delivery).await;
        assert!(result.is_err(), "{way_in:?}");
    }
}
