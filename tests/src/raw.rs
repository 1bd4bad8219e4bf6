//! A client that controls each byte it sends.

use std::{fmt, future::Future, net::SocketAddr, time::Duration};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Time after which a missing response is a failure.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A response as received on the wire, with its length checked.
#[derive(Clone, PartialEq, Eq)]
pub struct RawResponse {
    /// Status.
    pub status: StatusCode,
    /// Sorted names in lower case and values, without `Connection` and `Date`, which the server
    /// adds.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.body)
    }
}

impl Connection {
    /// Opens a connection.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Writes the bytes, and returns `true` if the server accepted all of them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let written = within_deadline(self.stream.write_all(bytes.as_ref())).await;
        written.is_ok()
    }

    /// Reads the next response. `is_head` is `true` after a HEAD request.
    pub async fn response(&mut self, is_head: bool) -> RawResponse {
        let response = self.next_response(is_head).await;
        response.expect("a response before the connection ends")
    }

    /// Reads the next response. Returns `None` if the connection ends before it.
    pub async fn next_response(&mut self, is_head: bool) -> Option<RawResponse> {
        let (mut response, length, head) = loop {
            if let Some(parsed) = parse_head(&self.received) {
                break parsed;
            }
            self.read_more().await?;
        };
        let end = if is_head {
            head
        } else {
            head.saturating_add(length)
        };
        while self.received.len() < end {
            self.read_more().await?;
        }
        let body = self.received.drain(..end).skip(head).collect();
        response.body = String::from_utf8(body).expect("a text");
        Some(response)
    }

    /// Sends `part` repeatedly until a response arrives.
    pub async fn response_while_sending(&mut self, part: &str, every: Duration) -> RawResponse {
        within_deadline(async {
            loop {
                self.send(part).await;
                if let Ok(response) = timeout(every, self.next_response(false)).await {
                    return response.expect("a response before the connection ends");
                }
            }
        })
        .await
    }

    /// Returns `true` if the server ends the connection without sending another byte.
    pub async fn ends(&mut self) -> bool {
        self.received.is_empty() && self.read_more().await.is_none()
    }

    /// Closes the connection with a reset.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a socket option");
    }

    /// Shuts down the writing side.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.expect("an open connection");
    }

    async fn read_more(&mut self) -> Option<()> {
        // An operating system resets a connection that is closed with unread bytes.
        let read = within_deadline(self.stream.read_buf(&mut self.received)).await;
        matches!(read, Ok(1..)).then_some(())
    }
}

/// Awaits the future for at most [`DEADLINE`].
///
/// # Panics
///
/// Panics if it takes longer.
pub async fn within_deadline<F: Future>(future: F) -> F::Output {
    let done = timeout(DEADLINE, future).await;
    done.expect("a result within the deadline")
}

/// Parses a complete head: the response without its body, the body's length, and the head's length.
fn parse_head(received: &[u8]) -> Option<(RawResponse, usize, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = parsed.parse(received).expect("an HTTP response") else {
        return None;
    };
    let status = StatusCode::from_u16(parsed.code.expect("a status")).expect("a status");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
    let mut headers: Vec<_> = parsed
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
        .filter(|(name, _)| name != "connection" && name != "date")
        .collect();
    headers.sort();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let response = RawResponse {
        status,
        headers,
        body: String::new(),
    };
    Some((response, length, head))
}
