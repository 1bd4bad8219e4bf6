//! Receivers keep no more of a streamed body than their limit.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    convert::Infallible,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use peak_alloc::PeakAlloc;
use postback_conformance::{
    driver::{Application, Driver, Served},
    fixtures::cryptocloud,
};
use postback_core::{Verifier, cryptapi::CryptApi};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: usize = 1_024 * 1_024;

/// Time limit of a case, far longer than a case takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// The streamed bytes, which contain no token.
static SPACES: [u8; 64 * 1_024] = [b' '; 64 * 1_024];

const CHUNKED: &str = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";

/// One test, so that no other test allocates in this process at the same time. Each connection ends
/// after the rejection; clients reconnect until everything is sent.
#[test]
fn streamed_256_mib_use_bounded_memory() {
    let in_the_head = || CryptApi::post_json().verifier().unwrap();
    let chunk = [b"10000\r\n", &SPACES[..], b"\r\n"].concat();
    let small_chunks = b"1\r\n \r\n".repeat(10_000);
    let text = CHUNKED.replace("application/json", "text/plain");
    let length = "Content-Type: application/json\r\nContent-Length: 268435456\r\n";
    for driver in Driver::ALL {
        let body = Receiver::start(driver, cryptocloud("s"));
        body.must_stay_small("rejected by its head", 415, || {
            body.stream(&text, &chunk, 256 * MIB)
        });
        body.must_stay_small("too long as declared", 413, || {
            body.stream(length, &SPACES, 256 * MIB)
        });
        body.must_stay_small("too long as it comes", 413, || {
            body.stream(CHUNKED, &chunk, 256 * MIB)
        });
        // actix-web queues the decoded chunks of a buffer, one by one, before the extractor reads.
        let (wanted, most) = match driver {
            Driver::ActixExtractor => (64 * MIB, 8 * MIB),
            Driver::AxumExtractor
            | Driver::AxumLayer
            | Driver::RocketGuard
            | Driver::TowerOnHyper => (8 * MIB, MIB),
        };
        body.must_stay_below(most, "in single bytes", 413, || {
            body.stream(CHUNKED, &small_chunks, wanted)
        });
        // hyper grants each stream a window of 1 MiB, and keeps bytes that are not read.
        body.must_stay_below(2 * MIB, "over HTTP/2", 413, || {
            body.stream_over_http2(256 * MIB)
        });
        drop(body);
        let head = Receiver::start(driver, in_the_head());
        head.must_stay_small("unsigned in its head", 401, || {
            head.stream(CHUNKED, &chunk, 256 * MIB)
        });
    }
}

struct Receiver {
    driver: Driver,
    address: SocketAddr,
    // Dropped in this order.
    _application: Application,
    _runtime: Runtime,
}

impl Receiver {
    fn start<P: Served>(driver: Driver, verifier: Verifier<P>) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.unwrap();
        let application = runtime.block_on(driver.serve(verifier));
        Self {
            driver,
            address: application.address(),
            _application: application,
            _runtime: runtime,
        }
    }

    fn must_stay_small(&self, case: &str, status: u16, stream: impl FnOnce() -> Streamed) {
        self.must_stay_below(MIB, case, status, stream);
    }

    /// Streams, and checks the growth of the heap. It includes the clients, which run in this
    /// process.
    fn must_stay_below(
        &self,
        most: usize,
        case: &str,
        status: u16,
        stream: impl FnOnce() -> Streamed,
    ) {
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let streamed = stream();
        let heap = HEAP.peak_usage().saturating_sub(before);
        let driver = self.driver;
        assert!(streamed.bytes >= streamed.wanted, "{driver:?}, {case}");
        assert_eq!(streamed.statuses, [status], "{driver:?}, {case}");
        assert!(heap < most, "{driver:?}, {case}: {heap} bytes of heap");
    }

    /// Sends `part` repeatedly, on as many connections as needed.
    fn stream(&self, head: &str, part: &[u8], wanted: usize) -> Streamed {
        let mut streamed = Streamed::new(wanted);
        while streamed.is_wanting() {
            let (status, bytes) = self.stream_once(head, part, wanted);
            streamed.add(status, bytes);
        }
        streamed
    }

    /// Sends until the server accepts no more. Returns the status of the response, and the number
    /// of bytes sent.
    fn stream_once(&self, head: &str, part: &[u8], most: usize) -> (u16, usize) {
        let connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(DEADLINE)).unwrap();
        connection.set_write_timeout(Some(DEADLINE)).unwrap();
        let head = format!("POST /plain HTTP/1.1\r\nHost: shop\r\n{head}\r\n");
        (&connection).write_all(head.as_bytes()).unwrap();

        // The response can arrive at any time, and is lost with the connection unless a thread
        // reads it.
        let reader = connection.try_clone().unwrap();
        let response = thread::spawn(move || {
            let mut start = [0; 12];
            (&reader).read_exact(&mut start).expect("a response");
            String::from_utf8(start.to_vec()).unwrap()
        });
        let mut sent: usize = 0;
        while sent < most && (&connection).write_all(part).is_ok() {
            sent = sent.saturating_add(part.len());
        }
        let _ = connection.shutdown(Shutdown::Write);
        let start = response.join().unwrap();
        (start.rsplit(' ').next().unwrap().parse().unwrap(), sent)
    }

    /// Opens a few streams on each connection, one after another, because a server ends a
    /// connection after many rejected streams.
    fn stream_over_http2(&self, wanted: usize) -> Streamed {
        let client = Builder::new_current_thread().enable_all().build().unwrap();
        client.block_on(async {
            let mut streamed = Streamed::new(wanted);
            while streamed.is_wanting() {
                let stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
                let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
                let (mut sender, connection) = handshake.await.unwrap();
                let connection = tokio::spawn(connection);
                for _ in 0..16 {
                    let body = Spaces::default();
                    let sent = Arc::clone(&body.sent);
                    let request = Request::post("http://shop/plain")
                        .header("content-type", "application/json")
                        .body(body);
                    sender.ready().await.unwrap();
                    let response = sender.send_request(request.unwrap()).await.unwrap();
                    streamed.add(response.status().as_u16(), sent.load(Ordering::Relaxed));
                }
                connection.abort();
            }
            streamed
        })
    }
}

/// Result of streaming.
struct Streamed {
    wanted: usize,
    /// Number of bytes sent.
    bytes: usize,
    begun: Instant,
    /// Distinct statuses of the responses.
    statuses: Vec<u16>,
}

impl Streamed {
    fn new(wanted: usize) -> Self {
        Self {
            wanted,
            bytes: 0,
            begun: Instant::now(),
            statuses: Vec::new(),
        }
    }

    fn is_wanting(&self) -> bool {
        assert!(
            self.begun.elapsed() < DEADLINE,
            "{} bytes so far",
            self.bytes
        );
        self.bytes < self.wanted
    }

    fn add(&mut self, status: u16, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if !self.statuses.contains(&status) {
            self.statuses.push(status);
        }
    }
}

/// An endless body of spaces, which counts the bytes that were read.
#[derive(Default)]
struct Spaces {
    sent: Arc<AtomicUsize>,
}

impl Body for Spaces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.fetch_add(SPACES.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&SPACES)))))
    }
}
