use std::net::SocketAddr;

use postback_core::MediaType;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Result;

/// Request as it is sent over HTTP/1.1.
#[derive(Clone)]
pub(crate) struct Request {
    method: &'static str,
    target: String,
    host: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self {
            method: "GET",
            target: target.into(),
            host: "shop.example",
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn post(target: impl Into<String>, media_type: MediaType, body: String) -> Self {
        Self {
            method: "POST",
            body,
            ..Self::get(target)
        }
        .header("content-type", media_type.as_str())
    }

    pub(crate) fn put(target: impl Into<String>, body: String) -> Self {
        Self {
            method: "PUT",
            ..Self::post(target, MediaType::Json, body)
        }
    }

    pub(crate) fn body(self, body: String) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn host(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sends the request over a new connection.
    pub(crate) async fn send(&self, server: SocketAddr) -> Result<Response> {
        let Self {
            method,
            target,
            host,
            headers,
            body,
        } = self;
        let mut request = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = body.len();
        request.push_str(&format!(
            "content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ));
        let mut connection = TcpStream::connect(server).await?;
        // The server may close the connection when it has rejected the head: the response says so.
        let _ = connection.write_all(request.as_bytes()).await;
        let mut received = Vec::new();
        loop {
            if let Some(response) = Response::parse(&received) {
                return Ok(response);
            }
            if connection.read_buf(&mut received).await? == 0 {
                return Err("the connection was closed before the end of the response".into());
            }
        }
    }

    /// Sends the request, and returns the JSON of the response.
    pub(crate) async fn send_for_json(&self, server: SocketAddr) -> Result<Value> {
        let response = self.send(server).await?;
        if !(200..300).contains(&response.status) {
            return Err(format!("{} {}", response.status, response.body).into());
        }
        Ok(serde_json::from_str(&response.body).unwrap_or_default())
    }
}

impl Response {
    /// Parses a response, if all of it was received.
    fn parse(received: &[u8]) -> Option<Self> {
        let (head, body) = str::from_utf8(received).ok()?.split_once("\r\n\r\n")?;
        let length = head.split("\r\ncontent-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self {
            status,
            body: body.get(..length.unwrap_or(0))?.to_owned(),
        })
    }

    /// Returns the status, and the text of the body without its JSON.
    pub(crate) fn summary(&self) -> String {
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let text = json.get("error").or_else(|| json.get("message"));
        let text = text.and_then(Value::as_str).unwrap_or(&self.body);
        format!("{} {text}", self.status)
    }
}
