//! However much a client streams, a receiver keeps no more of it than its limit.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use conformance::{driver::Driver, facts::Stated, header_signed::HeaderSigned};
use peak_alloc::PeakAlloc;
use postback_core::{Provider, SecretKey, Verifier, cryptocloud::CryptoCloud};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: usize = 1_024 * 1_024;
const STREAMED: usize = 256 * MIB;

/// How long a client waits for the server: far longer than it takes, on a machine that is busy too.
const DEADLINE: Duration = Duration::from_secs(60);

/// What is streamed: without a token anywhere in it.
static SPACES: [u8; 64 * 1_024] = [b' '; 64 * 1_024];

/// One test, so that nothing else is allocated in this process meanwhile.
#[test]
fn streaming_256_mib_without_a_token_costs_less_than_1_mib() {
    let secret = || SecretKey::new("s").unwrap();
    for driver in Driver::ALL {
        for (case, head, chunk, status) in [
            (
                "a media type that is refused by the head",
                "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
                Some(SPACES.len()),
                415,
            ),
            (
                "a declared length over the limit",
                "Content-Type: application/json\r\nContent-Length: 268435456\r\n",
                None,
                413,
            ),
            (
                "chunks without a declared length",
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
                Some(SPACES.len()),
                413,
            ),
            (
                "chunks of one byte",
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
                Some(1),
                413,
            ),
        ] {
            let verifier = Verifier::new(CryptoCloud::new(), secret());
            let (answered, heap) = peak_while_streaming(driver, verifier, head, chunk);
            assert_eq!(answered, status, "{driver:?}, {case}");
            assert!(heap < MIB, "{driver:?}, {case}: {heap} bytes of heap");
        }

        let head = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
        let verifier = Verifier::new(HeaderSigned, secret());
        let chunk = Some(SPACES.len());
        let (answered, heap) = peak_while_streaming(driver, verifier, head, chunk);
        assert_eq!(answered, 401, "{driver:?}, no signature in the head");
        assert!(heap < MIB, "{driver:?}, no signature in the head: {heap}");
    }
}

/// Streams to an application of its own; the status, and how far the heap rose meanwhile, in bytes.
fn peak_while_streaming<P: Provider<Event: Stated>>(
    driver: Driver,
    verifier: Verifier<P>,
    head: &'static str,
    chunk: Option<usize>,
) -> (u16, usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let application = runtime.block_on(driver.serve(verifier));

    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let status = stream(application.address(), head, chunk);
    let peak = HEAP.peak_usage();
    (status, peak.saturating_sub(before))
}

/// Goes on sending until all is sent or the server takes no more, then reads the status.
fn stream(address: SocketAddr, head: &str, chunk: Option<usize>) -> u16 {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    connection.set_write_timeout(Some(DEADLINE)).unwrap();
    let head = format!("POST /plain HTTP/1.1\r\nHost: shop\r\n{head}\r\n");
    (&connection).write_all(head.as_bytes()).unwrap();

    // The answer may come at any time, and be lost with the connection if nobody listens.
    let reader = connection.try_clone().unwrap();
    let answer = thread::spawn(move || {
        let mut start = [0; 12];
        (&reader).read_exact(&mut start).expect("an answer");
        String::from_utf8(start.to_vec()).unwrap()
    });
    // Small chunks go out many at a time: it is the server that has to see them one by one.
    let part = chunk.map(|chunk| {
        let framed = [
            format!("{chunk:x}\r\n").as_bytes(),
            &SPACES[..chunk],
            b"\r\n",
        ]
        .concat();
        framed.repeat(SPACES.len() / framed.len().min(SPACES.len()))
    });
    let part = part.as_deref().unwrap_or(&SPACES);
    for _ in 0..STREAMED.div_ceil(part.len()) {
        if (&connection).write_all(part).is_err() {
            break;
        }
    }
    let _ = connection.shutdown(Shutdown::Write);
    let start = answer.join().unwrap();
    start.rsplit(' ').next().unwrap().parse().unwrap()
}
