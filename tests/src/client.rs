//! A real HTTP client.

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

/// Sends requests as they are given.
#[derive(Debug)]
pub struct Client(legacy::Client<HttpConnector, Full<Bytes>>);

impl Client {
    /// Sends a request and reads the whole answer: status, headers, and the body as text.
    pub async fn send(&self, request: Request<Bytes>) -> (StatusCode, HeaderMap, String) {
        let response = self.0.request(request.map(Full::new)).await;
        let (parts, body) = response.expect("an answer").into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("text");
        (parts.status, parts.headers, body)
    }
}

impl Default for Client {
    fn default() -> Self {
        Self(legacy::Client::builder(TokioExecutor::new()).build_http())
    }
}
