use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Manner in which a client sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// A request in one write.
    Whole,
    /// A head in pieces of eight bytes, then [`BY_BYTES`] of the body one at a time.
    Slow,
    /// A request in one write, after which the client closes its writing side.
    HalfClosed,
    /// A request in one write, after which the client resets the connection (`SO_LINGER` 0).
    Reset,
    /// A request without its last bytes, after which the client closes its writing side.
    Cut,
    /// A request without its last bytes, after which the client resets the connection.
    CutByReset,
    /// A request without its last bytes, after which the client waits for longer than the
    /// deadline of a body.
    Stalled,
    /// A request with a declared length over the limit.
    Oversized,
    /// A request whose body is in chunks, after white space of more than the limit.
    OversizedInChunks,
}

/// Result of an exchange, as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A response with this status.
    Status(u16),
    /// The end of the connection, without a response.
    Closed,
    /// No byte within [`LONGEST`].
    Nothing,
    /// The client did not wait.
    Unread,
}

impl Manner {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Slow => "slow",
            Self::HalfClosed => "half-closed",
            Self::Reset | Self::CutByReset => "reset",
            Self::Cut => "cut short",
            Self::Stalled => "stalled",
            Self::Oversized | Self::OversizedInChunks => "oversized",
        }
    }
}

impl Came {
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Status(200) => "accepted",
            Self::Status(503) => "asked again",
            Self::Status(_) => "rejected",
            Self::Closed | Self::Nothing | Self::Unread => "no response",
        }
    }
}

/// Longest time that a client waits for a response.
const LONGEST: Duration = Duration::from_secs(20);

/// Time after which a client that does not complete its head closes the connection.
const STALLED_HEAD: Duration = Duration::from_secs(8);

/// Pause between two pieces of a slow request.
const PAUSE: Duration = Duration::from_millis(1);

/// Bytes of a slow body that are sent one at a time. A busy machine would otherwise not send all of
/// them before the deadline.
const BY_BYTES: usize = 500;

/// Bytes that are missing in a request that is cut short.
const MISSING: usize = 20;

/// Size over the default limit of a body, which is 64 KiB.
const TOO_LARGE: usize = 70_000;

/// Sends a request on a connection of its own, and returns what comes back.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8], manner: Manner) -> Came {
    let Ok(Ok(mut stream)) = timeout(LONGEST, TcpStream::connect(address)).await else {
        return Came::Nothing;
    };
    // The response may arrive before the request is complete, and the server may then close.
    let sent = timeout(LONGEST, send(&mut stream, request, manner)).await;
    if let Manner::Reset | Manner::CutByReset = manner {
        // The server is at work on it.
        sleep(Duration::from_millis(1)).await;
        let _ = stream.set_zero_linger();
        return Came::Unread;
    }
    // A server may wait forever for the rest of a head.
    let is_stalled_head = manner == Manner::Stalled && split(request).1.is_empty();
    let longest = if is_stalled_head {
        STALLED_HEAD
    } else {
        LONGEST
    };
    match sent {
        Ok(_) => timeout(longest, status(&mut stream))
            .await
            .unwrap_or(Came::Nothing),
        Err(_) => Came::Nothing,
    }
}

async fn send(stream: &mut TcpStream, request: &[u8], manner: Manner) -> io::Result<()> {
    let (head, body) = split(request);
    let cut = request.get(..request.len().saturating_sub(MISSING));
    stream.set_nodelay(true)?;
    match manner {
        Manner::Whole | Manner::Reset => stream.write_all(request).await,
        Manner::HalfClosed => {
            stream.write_all(request).await?;
            stream.shutdown().await
        }
        Manner::Cut => {
            stream.write_all(cut.unwrap_or_default()).await?;
            stream.shutdown().await
        }
        Manner::CutByReset | Manner::Stalled => stream.write_all(cut.unwrap_or_default()).await,
        Manner::Slow => {
            let (by_bytes, rest) = body.split_at(body.len().min(BY_BYTES));
            let pieces = head.chunks(8).chain(by_bytes.chunks(1));
            for piece in pieces.chain(rest.chunks(8)) {
                stream.write_all(piece).await?;
                sleep(PAUSE).await;
            }
            Ok(())
        }
        Manner::Oversized => {
            let length = format!("content-length: {TOO_LARGE}\r\n");
            stream.write_all(&with_length(head, &length)).await?;
            stream.write_all(body).await
        }
        Manner::OversizedInChunks => {
            let head = with_length(head, "transfer-encoding: chunked\r\n");
            stream.write_all(&head).await?;
            let padding = " ".repeat(TOO_LARGE.saturating_sub(body.len()));
            for chunk in padding.as_bytes().chunks(8_000).chain([body, b""]) {
                let length = format!("{:x}\r\n", chunk.len());
                stream.write_all(length.as_bytes()).await?;
                stream.write_all(chunk).await?;
                stream.write_all(b"\r\n").await?;
            }
            Ok(())
        }
    }
}

/// Splits a request into its head, with the empty line, and its body.
fn split(request: &[u8]) -> (&[u8], &[u8]) {
    let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.map_or(request.len(), |end| end.saturating_add(4));
    request.split_at_checked(end).unwrap_or((request, &[]))
}

/// Returns the head with another line in the place of its length.
fn with_length(head: &[u8], line: &str) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let lines = head.split_inclusive("\r\n");
    let lines = lines.map(|it| match it.starts_with("content-length:") {
        true => line,
        false => it,
    });
    lines.collect::<String>().into_bytes()
}

/// Reads the status of a response, and the rest of the connection.
async fn status(stream: &mut TcpStream) -> Came {
    let mut received = Vec::new();
    // A reset after the response loses nothing.
    let _ = stream.read_to_end(&mut received).await;
    let line = received.get(..12).unwrap_or_default();
    let status = std::str::from_utf8(line)
        .ok()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "));
    match status.and_then(|status| status.parse().ok()) {
        Some(status) => Came::Status(status),
        None => Came::Closed,
    }
}
