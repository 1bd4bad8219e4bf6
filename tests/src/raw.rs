//! A client that writes what it is told to, byte by byte.

use std::{fmt, future::Future, net::SocketAddr, time::Duration};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take before it counts as none.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer as it stands on the wire, its length checked.
#[derive(Clone, PartialEq, Eq)]
pub struct RawResponse {
    /// The status.
    pub status: StatusCode,
    /// Names in lower case, and values; without `Connection` and `Date`, which are the server's, and sorted.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.body)
    }
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Writes, and tells whether the server still took it all.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let written = within_deadline(self.stream.write_all(bytes.as_ref())).await;
        written.is_ok()
    }

    /// Reads the next answer. `to_head` says that the request was one for the head alone.
    pub async fn response(&mut self, to_head: bool) -> RawResponse {
        let answer = self.answer(to_head).await;
        answer.expect("an answer before the connection ends")
    }

    /// Reads the next answer, or none if the connection ends before it.
    pub async fn answer(&mut self, to_head: bool) -> Option<RawResponse> {
        let (mut response, length, head) = loop {
            if let Some(parsed) = parse_head(&self.received) {
                break parsed;
            }
            self.read_more().await?;
        };
        let end = if to_head {
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

    /// Sends `part` over and over until there is an answer.
    pub async fn response_while_sending(&mut self, part: &str, every: Duration) -> RawResponse {
        within_deadline(async {
            loop {
                self.send(part).await;
                if let Ok(answer) = timeout(every, self.answer(false)).await {
                    return answer.expect("an answer before the connection ends");
                }
            }
        })
        .await
    }

    /// Whether the server ends the connection without a further byte.
    pub async fn ends(&mut self) -> bool {
        self.received.is_empty() && self.read_more().await.is_none()
    }

    /// Drops the connection with a reset rather than an orderly end.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a socket option");
    }

    /// Ends the sending side, in order.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.expect("an open connection");
    }

    async fn read_more(&mut self) -> Option<()> {
        // A reset after the answer is how an operating system tells of bytes that nobody read.
        let read = within_deadline(self.stream.read_buf(&mut self.received)).await;
        matches!(read, Ok(1..)).then_some(())
    }
}

/// # Panics
///
/// If it takes longer.
pub async fn within_deadline<F: Future>(future: F) -> F::Output {
    let done = timeout(DEADLINE, future).await;
    done.expect("the server hangs")
}

/// A complete head without its body, the body's length, and the head's.
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
