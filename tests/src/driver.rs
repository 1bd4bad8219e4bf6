//! Applications that receive deliveries over a real socket, one for each way in.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{FromRef, State},
    http::HeaderValue,
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use postback_core::{Provider, Verifier, cryptocloud::Payment};
use postback_tower::axum::{Ack, Postback, PostbackRejection};
use serde_json::{Map, Value};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{client::Client, corpus, facts};

/// The header in which the route that takes the `Result` tells the refusal's code.
pub const CODE_HEADER: &str = "x-code";

/// What came back, and what the handler was given.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The answer's body.
    pub body: String,
    /// What the handler was handed, where it was called.
    pub facts: Option<Map<String, Value>>,
}

/// An application that listens on a free loopback port until it is dropped.
#[derive(Debug)]
pub struct Application {
    address: SocketAddr,
    server: JoinHandle<()>,
    seen: Seen,
    client: Client,
}

/// The facts of the last postback that a handler was handed.
pub type Seen = Arc<Mutex<Option<Map<String, Value>>>>;

impl Application {
    /// Serves `router`, whose handlers leave in `seen` what they were handed.
    pub async fn serve(router: Router, seen: Seen) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self {
            address,
            server,
            seen,
            client: Client::default(),
        }
    }

    /// Sends a request to `path`, with the query of the request's own target.
    pub async fn send(&self, path: &str, request: &corpus::Request) -> Outcome {
        let query = request.target.split_once('?').map(|(_, query)| query);
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut builder = Request::builder()
            .method(&*request.method)
            .uri(format!("http://{}{target}", self.address));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(request.body.clone());
        self.send_request(request.expect("a request")).await
    }

    /// Sends any request.
    pub async fn send_request(&self, request: Request<Bytes>) -> Outcome {
        self.seen.lock().expect("no panic").take();
        let (status, headers, body) = self.client.send(request).await.expect("an answer");
        Outcome {
            status,
            headers,
            body,
            facts: self.seen.lock().expect("no panic").take(),
        }
    }

    /// Where the application listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The axum extractor: `/plain` takes `Postback<P>`, `/result` takes the `Result` and tells the
/// refusal's code in a header. Both routes accept every method, so that a 405 is the extractor's.
pub async fn axum_extractor<P: Provider<Event = Payment>>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let router = Router::new()
        .route("/plain", any(plain::<P>))
        .route("/result", any(result::<P>))
        .with_state(AxumState {
            verifier,
            seen: Arc::clone(&seen),
        });
    Application::serve(router, seen).await
}

struct AxumState<P: Provider> {
    verifier: Verifier<P>,
    seen: Seen,
}

impl<P: Provider<Event = Payment>> AxumState<P> {
    /// What a handler does with a postback: it notes what it was handed, and acknowledges.
    fn accept(&self, postback: &Postback<P>) -> Ack<P> {
        *self.seen.lock().expect("no panic") = Some(facts::of(postback.event()));
        postback.ack()
    }
}

impl<P: Provider> Clone for AxumState<P> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            seen: Arc::clone(&self.seen),
        }
    }
}

impl<P: Provider> FromRef<AxumState<P>> for Verifier<P> {
    fn from_ref(state: &AxumState<P>) -> Self {
        state.verifier.clone()
    }
}

async fn plain<P: Provider<Event = Payment>>(
    State(state): State<AxumState<P>>,
    postback: Postback<P>,
) -> Ack<P> {
    state.accept(&postback)
}

async fn result<P: Provider<Event = Payment>>(
    State(state): State<AxumState<P>>,
    postback: Result<Postback<P>, PostbackRejection>,
) -> Response {
    match postback {
        Ok(postback) => state.accept(&postback).into_response(),
        Err(refusal) => {
            let code = HeaderValue::from_static(refusal.rejection().code());
            let mut response = refusal.into_response();
            response.headers_mut().insert(CODE_HEADER, code);
            response
        }
    }
}
