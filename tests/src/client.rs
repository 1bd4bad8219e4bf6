//! An HTTP client.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

/// HTTP client that sends requests unchanged.
#[derive(Debug)]
pub struct Client(legacy::Client<HttpConnector, Full<Bytes>>);

impl Client {
    /// Returns a client that speaks HTTP/2 from the first byte.
    #[must_use]
    pub fn http2() -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        Self(builder.http2_only(true).build_http())
    }

    /// Sends a request and reads the whole response: status, headers, and the body as text.
    ///
    /// # Errors
    ///
    /// Returns an error if no response arrives, or if it is incomplete or not UTF-8.
    pub async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<(StatusCode, HeaderMap, String), Box<dyn Error + Send + Sync>> {
        let response = self.0.request(request.map(Full::new)).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((parts.status, parts.headers, String::from_utf8(body.into())?))
    }
}

/// Returns a client that speaks HTTP/1.1.
impl Default for Client {
    fn default() -> Self {
        Self(legacy::Client::builder(TokioExecutor::new()).build_http())
    }
}
