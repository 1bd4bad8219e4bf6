use std::{net::SocketAddr, sync::mpsc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::any,
};
use postback_core::{RequestHead, Verifier, cryptocloud::CryptoCloud};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified, Postback},
};
use tokio::net::TcpListener;

use super::Server;
use crate::{SECRET, by_hand, verifier};

pub(super) const SERVER: Server = Server {
    name: "axum",
    routes: &["/bare", "/by-hand", "/in-handler", "/extractor", "/layer"],
    serve,
};

#[tokio::main]
async fn serve(addresses: &mpsc::Sender<SocketAddr>) {
    let router = Router::new()
        .route("/layer", any(guarded))
        .route_layer(PostbackLayer::new(verifier()))
        .route("/bare", any(bare))
        .route("/by-hand", any(by_hand))
        .route("/in-handler", any(in_handler))
        .route("/extractor", any(extractor))
        .with_state(verifier());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    addresses
        .send(listener.local_addr().expect("an address"))
        .expect("a receiver");
    axum::serve(listener, router).await.expect("serves");
}

/// Only reads the body.
async fn bare(_: Bytes) -> Ack<CryptoCloud> {
    Ack::default()
}

async fn by_hand(body: Bytes) -> Response {
    match by_hand::verify(&body, SECRET) {
        Some(_) => Ack::<CryptoCloud>::default().into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// Does the same as the extractor, in the handler.
async fn in_handler(
    State(verifier): State<Verifier<CryptoCloud>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = |name: &str, found: &mut dyn FnMut(&[u8])| {
        let values = headers.get_all(name);
        values.iter().for_each(|value| found(value.as_bytes()));
    };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let admitted = verifier.admit(&RequestHead::new(method.as_str(), target, &headers));
    match admitted.and_then(|admitted| admitted.verify(body)) {
        Ok(_) => Ack::<CryptoCloud>::default().into_response(),
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn extractor(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn guarded(FromVerified(postback): FromVerified<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}
