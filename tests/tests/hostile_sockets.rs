//! Requests of hostile and faulty clients over sockets, through every entry point.
//!
//! Each case gets the same response everywhere, within the deadline and without a panic, and leaves
//! no task behind. Tasks are counted on hyper, where each connection is a task.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    cell::Cell,
    io, panic,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Channel;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use postback_conformance::{
    corpus::Case,
    driver::{Application, CODE_HEADER, Driver, Served},
    fixtures::{cryptocloud, sample_json, token_of},
    framework_differences::{DIFFERENCES, Difference, Handled, Template},
    raw::{Connection, RawResponse, within_deadline},
};
use postback_core::{
    MalformedReason, Method, Provider, Rejection, Reply, RequestHead, Verifier,
    cryptocloud::CryptoCloud,
};
use tokio::{
    net::TcpStream,
    runtime::Handle,
    time::{sleep, timeout},
};

const JSON: &str = "Content-Type: application/json\r\n";
/// Header that requests the code of a rejection, which is compared too.
const ASK: &str = "X-Take-Result: 1\r\n";

fn verifier() -> Verifier<CryptoCloud> {
    cryptocloud("s")
}

/// Runs a case through each entry point, and returns the result, which must be the same for all.
async fn everywhere<T: PartialEq + std::fmt::Debug>(case: impl AsyncFn(&Application) -> T) -> T {
    everywhere_with(&verifier(), genuine(), case).await
}

async fn everywhere_with<P, T>(
    verifier: &Verifier<P>,
    genuine: Vec<u8>,
    case: impl AsyncFn(&Application) -> T,
) -> T
where
    P: Served,
    T: PartialEq + std::fmt::Debug,
{
    let mut results = on_each(&Driver::ALL, verifier, genuine, case).await;
    let (_, first) = results.remove(0);
    for (driver, result) in results {
        assert_eq!(result, first, "{driver:?}");
    }
    first
}

/// Runs a case through some entry points, and returns the results.
async fn on_each<P, T>(
    drivers: &[Driver],
    verifier: &Verifier<P>,
    genuine: Vec<u8>,
    case: impl AsyncFn(&Application) -> T,
) -> Vec<(Driver, T)>
where
    P: Served,
{
    count_panics();
    let mut results = Vec::new();
    for &driver in drivers {
        let application = driver.serve(verifier.clone()).await;
        // The server starts here, so that its own tasks are counted.
        tokio::task::yield_now().await;
        let tasks = alive_tasks();
        results.push((driver, case(&application).await));
        drop(application.seen());

        // The receiver still runs.
        let mut connection = Connection::open(application.address()).await;
        assert!(connection.send(&genuine).await);
        let response = connection.response(false).await;
        assert_eq!(response.status, StatusCode::OK, "{driver:?}");
        drop(connection);

        assert_eq!(PANICS.get(), 0, "{driver:?}");
        assert_eq!(PANICS_OF_WORKERS.load(Ordering::Relaxed), 0, "{driver:?}");
        within_deadline(until(|| alive_tasks() <= tasks)).await;
    }
    results
}

thread_local! {
    /// Panics on the thread of a test, which runs its server on hyper.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Panics of actix-web's workers, which have their own threads, in all tests.
static PANICS_OF_WORKERS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get().saturating_add(1));
            if thread::current()
                .name()
                .is_some_and(|name| name.contains("actix"))
            {
                PANICS_OF_WORKERS.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }));
    });
}

async fn until(mut happened: impl FnMut() -> bool) {
    while !happened() {
        sleep(Duration::from_millis(1)).await;
    }
}

fn alive_tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Sends one request on a new connection, and reads the response.
async fn exchange(application: &Application, request: impl AsRef<[u8]>) -> RawResponse {
    let mut connection = Connection::open(application.address()).await;
    connection.send(request).await;
    connection.response(false).await
}

/// Sends one request through each entry point, and returns the response.
async fn exchange_everywhere(request: impl AsRef<[u8]>) -> RawResponse {
    everywhere(async |application| exchange(application, &request).await).await
}

#[track_caller]
fn assert_rejected(response: &RawResponse, rejection: &Rejection) {
    assert_reply(response, rejection.reply());
    assert!(!response.status.is_success());
    let code = (CODE_HEADER.to_owned(), rejection.code().to_owned());
    assert!(response.headers.contains(&code), "{response:?}");
}

#[track_caller]
fn assert_accepted(response: &RawResponse) {
    assert_reply(response, CryptoCloud::ACK);
}

#[track_caller]
fn assert_reply(response: &RawResponse, reply: Reply) {
    assert_eq!(response.status, reply.status(), "{response:?}");
    assert_eq!(response.body, reply.body(), "{response:?}");
    for (name, value) in reply.headers() {
        let header = (name.to_owned(), value.into_owned());
        assert!(response.headers.contains(&header), "{response:?}");
    }
}

fn sample() -> String {
    sample_json("s")
}

fn post(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("POST /plain HTTP/1.1\r\nHost: shop\r\n{ASK}{headers}\r\n");
    let mut request = head.into_bytes();
    request.extend_from_slice(body.as_ref());
    request
}

/// Returns a POST with the length of its body.
fn post_whole(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let length = body.as_ref().len();
    post(&format!("{headers}Content-Length: {length}\r\n"), body)
}

fn genuine() -> Vec<u8> {
    post_whole(JSON, sample())
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

#[tokio::test]
async fn declared_length_over_body_limit_is_rejected() {
    let head = format!("{JSON}Content-Length: 9000000000000\r\n");
    let response = exchange_everywhere(post(&head, [b' '; 512])).await;
    assert_rejected(&response, &Rejection::body_too_large(0));
}

/// The largest length that the HTTP servers accept.
#[tokio::test]
async fn largest_declared_length_over_body_limit_is_rejected() {
    let length = u64::MAX - 2;
    let head = format!("{JSON}Content-Length: {length}\r\n");
    let response = exchange_everywhere(post(&head, [b' '; 512])).await;
    assert_rejected(&response, &Rejection::body_too_large(0));
}

/// Checks each row of the table of differences.
#[tokio::test]
async fn each_difference_matches_table() {
    let (get, post) = (Case::cryptapi_named("GET confirmed"), post_json_case());
    for difference in DIFFERENCES {
        match difference.request {
            Template::Payment(make) => {
                let request = make(&sample());
                assert_difference(difference, &verifier(), genuine(), &request).await;
            }
            Template::Get(make) => {
                let (verifier, genuine) =
                    (get.cryptapi_get(), get.request.raw(&get.request.target));
                assert_difference(difference, &verifier, genuine, &make(&get.request)).await;
            }
            Template::Post(make) => {
                let (verifier, genuine) =
                    (post.cryptapi_post(), post.request.raw(&post.request.target));
                assert_difference(difference, &verifier, genuine, &make(&post.request)).await;
            }
        }
    }
}

async fn assert_difference<P: Served>(
    difference: &Difference,
    verifier: &Verifier<P>,
    genuine: Vec<u8>,
    request: &[u8],
) {
    let no_headers = |_: &str, _: &mut dyn FnMut(&[u8])| {};
    let wrong_method = verifier.admit(&RequestHead::new("BREW", "/", &no_headers));
    let wrong_method = wrong_method.unwrap_err();
    let results = on_each(&Driver::ALL, verifier, genuine, async |application| {
        let mut connection = Connection::open(application.address()).await;
        connection.send(request).await;
        // A server that waits still waits after this time, which is longer than a response takes.
        let response = timeout(Duration::from_secs(2), connection.response(false)).await;
        (response.ok(), application.seen().len())
    });
    for (driver, (response, delivered)) in results.await {
        let row = format!("{driver:?}: {}: {response:?}", difference.sent);
        let accepted = match (difference.by(driver), response) {
            (Handled::Accepted, Some(response)) => {
                assert_eq!(response.status, StatusCode::OK, "{row}");
                assert_reply(&response, P::ACK);
                1
            }
            (Handled::Rejected(rejection), Some(response)) => {
                assert_eq!(response.status, rejection.reply().status(), "{row}");
                assert_rejected(&response, rejection);
                0
            }
            (Handled::MethodRejected, Some(response)) => {
                assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{row}");
                assert_reply(&response, wrong_method.reply());
                0
            }
            (Handled::Server(status), Some(response)) => {
                assert_eq!((response.status, &*response.body), (*status, ""), "{row}");
                0
            }
            (Handled::Waits, None) => 0,
            _ => panic!("{row}"),
        };
        assert_eq!(delivered, accepted, "{row}");
    }
}

fn post_json_case() -> Case {
    Case::cryptapi_named("POST JSON confirmed, numbers keep every digit")
}

/// Returns a genuine postback with this number of further headers.
fn genuine_with(headers: usize) -> Vec<u8> {
    let headers = "X-Other: 1\r\n".repeat(headers);
    post_whole(&format!("{JSON}{headers}"), sample())
}

/// hyper rejects one more than these, with Host, `ASK`, Content-Type and Content-Length.
#[tokio::test]
async fn hundred_headers_are_accepted_on_hyper() {
    let verifier = verifier();
    let results = on_each(
        &Driver::ON_HYPER,
        &verifier,
        genuine(),
        async |application| exchange(application, genuine_with(96)).await,
    );
    for (_, response) in results.await {
        assert_accepted(&response);
    }
}

/// actix-web rejects one more than these, with Host, `ASK`, Content-Type and Content-Length.
#[tokio::test]
async fn ninety_six_headers_are_accepted() {
    let response = exchange_everywhere(genuine_with(92)).await;
    assert_accepted(&response);
}

#[tokio::test]
async fn chunked_body_over_body_limit_is_rejected() {
    let response = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let head = post(&format!("{JSON}Transfer-Encoding: chunked\r\n"), "");
        assert!(connection.send(head).await);
        for _ in 0..17 {
            connection.send(chunk(&[b' '; 4_096])).await;
        }
        // The body continues: the server does not wait for its end.
        connection.response(false).await
    })
    .await;
    assert_rejected(&response, &Rejection::body_too_large(0));
}

#[tokio::test]
async fn body_in_one_byte_chunks_is_verified() {
    let response = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let head = post(&format!("{JSON}Transfer-Encoding: chunked\r\n"), "");
        assert!(connection.send(head).await);
        for byte in sample().as_bytes() {
            assert!(connection.send(chunk(&[*byte])).await);
        }
        assert!(connection.send("0\r\n\r\n").await);
        connection.response(false).await
    })
    .await;
    assert_accepted(&response);
}

/// The chunks determine the end of the body (RFC 9112, section 6.3), not the length beside them.
#[tokio::test]
async fn length_beside_chunks_does_not_end_body() {
    let verifier = verifier();
    let results = on_each(
        &Driver::ON_HYPER,
        &verifier,
        genuine(),
        async |application| {
            let head = format!("{JSON}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
            let mut request = post(&head, chunk(sample().as_bytes()));
            request.extend_from_slice(b"0\r\n\r\n");
            let response = exchange(application, request).await;
            (response, application.seen().len())
        },
    );
    for (_, (response, delivered)) in results.await {
        assert_accepted(&response);
        assert_eq!(delivered, 1);
    }
}

#[tokio::test]
async fn trailers_are_ignored() {
    let head = format!("{JSON}Transfer-Encoding: chunked\r\nTrailer: X-Signature\r\n");
    let mut request = post(&head, chunk(sample().as_bytes()));
    request.extend_from_slice(b"0\r\nX-Signature: forged\r\n\r\n");
    let response = exchange_everywhere(request).await;
    assert_accepted(&response);
}

#[tokio::test]
async fn truncated_body_is_unreadable() {
    let response = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let body = sample();
        let head = format!("{JSON}Content-Length: {}\r\n", body.len() + 1);
        assert!(connection.send(post(&head, body)).await);
        connection.finish().await;
        connection.next_response(false).await
    })
    .await;
    let Some(response) = response else {
        panic!("no response");
    };
    assert_rejected(&response, &Rejection::BodyUnreadable);
}

#[tokio::test]
async fn reset_in_mid_body_calls_no_handler() {
    let delivered = everywhere(async |application| {
        let tasks = alive_tasks();
        for sent in [1, 100, 1_000] {
            let mut connection = Connection::open(application.address()).await;
            let request = genuine();
            let (part, _) = request.split_at(request.len() - sent);
            assert!(connection.send(part).await);
            // The server reads when its side of the connection is a task, if it runs on this
            // thread.
            let begun = until(|| alive_tasks() > tasks);
            let _ = timeout(Duration::from_millis(100), begun).await;
            tokio::task::yield_now().await;
            connection.reset();
            within_deadline(until(|| alive_tasks() <= tasks)).await;
        }
        // The handlers of the earlier connections would have run when this response arrives.
        let response = exchange(application, genuine()).await;
        assert_accepted(&response);
        application.seen().len()
    })
    .await;
    assert_eq!(delivered, 1, "the genuine request");
}

#[tokio::test]
async fn expect_continue_gets_interim_response() {
    let (interim, response) = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let body = sample();
        let head = format!(
            "{JSON}Content-Length: {}\r\nExpect: 100-continue\r\n",
            body.len()
        );
        assert!(connection.send(post(&head, "")).await);
        let interim = connection.response(false).await;
        assert!(connection.send(body).await);
        (interim, connection.response(false).await)
    })
    .await;
    assert_eq!(interim.status, StatusCode::CONTINUE);
    assert_accepted(&response);
}

/// The adapter does not ask for the body, so that hyper sends no interim response before the
/// rejection.
#[tokio::test]
async fn expect_continue_with_other_content_type_is_rejected() {
    let response = everywhere(async |application| {
        let head = "Content-Type: text/plain\r\nContent-Length: 9\r\nExpect: 100-continue\r\n";
        let mut connection = Connection::open(application.address()).await;
        assert!(connection.send(post(head, "")).await);
        let response = connection.response(false).await;
        // A row of the table of differences: actix-web and Rocket send an interim response.
        if response.status == StatusCode::CONTINUE {
            assert!(connection.send("nine more").await);
            return connection.response(false).await;
        }
        response
    })
    .await;
    assert_rejected(&response, &Rejection::UnsupportedMediaType);
}

/// The request is signed by OpenSSL, and differs by a header. A signature that is not UTF-8 is a
/// row of the table of differences.
#[tokio::test]
async fn repeated_signature_is_bad_signature_and_absent_is_unsigned() {
    let case = post_json_case();
    let header = case
        .request
        .headers
        .iter()
        .find(|(name, _)| name == "x-ca-signature");
    let (name, value) = header.unwrap();
    let once = format!("{name}: {value}\r\n").into_bytes();
    let forged = format!("{name}: AAAA\r\n").into_bytes();
    let signed = |headers: &[&[u8]]| {
        let mut request = format!("POST /plain HTTP/1.1\r\nHost: shop\r\n{ASK}").into_bytes();
        request.extend_from_slice(&headers.concat());
        let length = case.request.body.len();
        request.extend_from_slice(format!("{JSON}Content-Length: {length}\r\n\r\n").as_bytes());
        request.extend_from_slice(&case.request.body);
        request
    };
    let cases: [(&[&[u8]], Rejection); 5] = [
        (&[&once, &once], Rejection::BadSignature),
        (&[&once, &forged], Rejection::BadSignature),
        (&[&forged, &once], Rejection::BadSignature),
        (&[&forged], Rejection::BadSignature),
        (&[], Rejection::Unsigned),
    ];
    for (headers, rejection) in cases {
        let response = everywhere_with(
            &case.cryptapi_post(),
            signed(&[&once]),
            async |application| exchange(application, signed(headers)).await,
        )
        .await;
        assert_rejected(&response, &rejection);
    }
}

#[tokio::test]
async fn repeated_content_type_is_rejected() {
    for second in [JSON, "Content-Type: text/plain\r\n"] {
        let request = post_whole(&format!("{JSON}{second}"), sample());
        let response = exchange_everywhere(request).await;
        assert_rejected(&response, &Rejection::UnsupportedMediaType);
    }
}

fn with_raw_header(name: &str, value: &[u8], rest: &str) -> Vec<u8> {
    let mut request = format!("POST /plain HTTP/1.1\r\nHost: shop\r\n{ASK}").into_bytes();
    request.extend_from_slice(name.as_bytes());
    request.extend_from_slice(value);
    request.extend_from_slice(b"\r\n");
    let body = sample();
    let rest = format!("{rest}Content-Length: {}\r\n\r\n{body}", body.len());
    request.extend_from_slice(rest.as_bytes());
    request
}

#[tokio::test]
async fn unrelated_header_with_invalid_utf8_is_ignored() {
    let request = with_raw_header("X-Other: ", b"\xff\xfe", JSON);
    let response = exchange_everywhere(request).await;
    assert_accepted(&response);
}

#[tokio::test]
async fn content_type_with_invalid_utf8_is_rejected() {
    let request = with_raw_header("Content-Type: ", b"application/json\xff", "");
    let response = exchange_everywhere(request).await;
    assert_rejected(&response, &Rejection::UnsupportedMediaType);
}

/// The body is rejected whether it can be decompressed or not.
#[tokio::test]
async fn compressed_body_is_rejected() {
    for encoding in ["gzip", "deflate", "identity, gzip"] {
        let head = format!("{JSON}Content-Encoding: {encoding}\r\n");
        let response = exchange_everywhere(post_whole(&head, sample())).await;
        assert_rejected(&response, &Rejection::UnsupportedMediaType);
    }
}

#[tokio::test]
async fn http_1_0_request_is_verified_and_connection_ends() {
    let (response, ended) = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let body = sample();
        let request = format!(
            "POST /plain HTTP/1.0\r\n{JSON}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        assert!(connection.send(request).await);
        (connection.response(false).await, connection.ends().await)
    })
    .await;
    assert_accepted(&response);
    assert!(ended);
}

#[tokio::test]
async fn absolute_target_with_other_host_is_verified() {
    let body = sample();
    let request = format!(
        "POST http://elsewhere.example/plain?a=1 HTTP/1.1\r\nHost: shop\r\n{JSON}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let response = exchange_everywhere(request).await;
    assert_accepted(&response);
}

#[tokio::test]
async fn other_method_than_post_is_rejected() {
    for method in ["HEAD", "OPTIONS", "GET", "TRACE"] {
        let response = everywhere(async |application| {
            let request = format!("{method} /plain HTTP/1.1\r\nHost: shop\r\n\r\n");
            let mut connection = Connection::open(application.address()).await;
            assert!(connection.send(request).await);
            connection.response(method == "HEAD").await
        })
        .await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        let allow = ("allow".to_owned(), Method::Post.as_str().to_owned());
        assert!(response.headers.contains(&allow), "{method}: {response:?}");
    }
}

/// The unread bytes of a rejected body contain a whole genuine request, which must not be served.
#[tokio::test]
async fn request_within_rejected_body_is_not_served() {
    let (rejection, delivered) = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let inner = genuine();
        let request = post_whole("Content-Type: text/plain\r\n", &inner);
        assert!(connection.send(request).await);
        let rejection = connection.response(false).await;
        // The server may keep the connection open. In this case the next request is this one.
        connection.send(post_whole(JSON, "{}")).await;
        if let Some(next) = connection.next_response(false).await {
            assert_rejected(&next, &Rejection::Unsigned);
        }
        (rejection, application.seen())
    })
    .await;
    assert_rejected(&rejection, &Rejection::UnsupportedMediaType);
    assert_eq!(delivered, []);
}

/// The body is far larger than the servers read ahead.
#[tokio::test]
async fn request_within_oversized_body_is_not_served() {
    let (rejection, delivered) = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let inner = genuine().repeat(1_000);
        connection.send(post_whole(JSON, &inner)).await;
        let rejection = connection.response(false).await;
        assert_eq!(connection.next_response(false).await, None);
        (rejection, application.seen())
    })
    .await;
    assert_rejected(&rejection, &Rejection::body_too_large(0));
    assert_eq!(delivered, []);
}

#[tokio::test]
async fn connection_continues_after_rejection_of_complete_body() {
    let responses = everywhere(async |application| {
        let mut connection = Connection::open(application.address()).await;
        let mut responses = Vec::new();
        for request in [
            post_whole(JSON, "{}"),
            genuine(),
            post_whole(JSON, "["),
            genuine(),
        ] {
            assert!(connection.send(request).await);
            responses.push(connection.response(false).await);
        }
        responses
    })
    .await;
    let [unsigned, accepted, malformed, again] = &*responses else {
        panic!("{responses:?}");
    };
    assert_rejected(unsigned, &Rejection::Unsigned);
    assert_accepted(accepted);
    assert_rejected(malformed, &Rejection::Malformed(MalformedReason::Syntax));
    assert_accepted(again);
}

#[tokio::test]
async fn concurrent_connections_are_not_mixed_up() {
    everywhere(async |application| {
        let address = application.address();
        let deliveries = (0..200_u32).map(|number| {
            let genuine = number % 2 == 0;
            let id = format!("ORDER{number}");
            let token = token_of(if genuine { "s" } else { "forged" }, &id);
            let body = format!(r#"{{"invoice_id":"{id}","token":"{token}"}}"#);
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await;
                // In two parts, so that all requests are open at the same time.
                let request = post_whole(JSON, body);
                let (first, second) = request.split_at(request.len() - 10);
                assert!(connection.send(first).await);
                tokio::task::yield_now().await;
                assert!(connection.send(second).await);
                let response = connection.response(false).await;
                let expected = if genuine {
                    StatusCode::OK
                } else {
                    StatusCode::UNAUTHORIZED
                };
                assert_eq!(response.status, expected, "{id}");
            })
        });
        for delivery in deliveries.collect::<Vec<_>>() {
            delivery.await.unwrap();
        }
        assert_eq!(invoice_ids(application), orders((0..200).step_by(2)));
    })
    .await;
}

/// One HTTP/2 connection has 100 streams at the same time: genuine, forged, over the limit, and
/// cancelled in mid-body.
#[tokio::test]
async fn concurrent_http2_streams_are_not_mixed_up() {
    everywhere(async |application| {
        let stream = TcpStream::connect(application.address()).await.unwrap();
        let (client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let streams = (0..100_u32).map(|number| {
            let mut client = client.clone();
            tokio::spawn(async move {
                let id = format!("ORDER{number}");
                let kind = number % 4;
                let token = token_of(if kind == 1 { "forged" } else { "s" }, &id);
                let padding = " ".repeat(if kind == 2 { 80_000 } else { 0 });
                let body = format!(r#"{{"invoice_id":"{id}","token":"{token}"{padding}}}"#);
                let (mut sender, body_to_send) = Channel::<Bytes, io::Error>::new(1);
                let request = Request::post("http://shop/plain")
                    .header("content-type", "application/json")
                    .body(body_to_send);
                client.ready().await.unwrap();
                let response = client.send_request(request.unwrap());
                let sending = async {
                    let (first, second) = body.split_at(body.len() - 10);
                    let _ = sender
                        .send_data(Bytes::copy_from_slice(first.as_bytes()))
                        .await;
                    tokio::task::yield_now().await;
                    match kind {
                        3 => sender.abort(io::Error::other("cancelled")),
                        _ => {
                            let _ = sender
                                .send_data(Bytes::copy_from_slice(second.as_bytes()))
                                .await;
                        }
                    }
                };
                let (response, ()) = tokio::join!(within_deadline(response), sending);
                let status = response.map(|response| response.status());
                match kind {
                    0 => assert_eq!(status.unwrap(), StatusCode::OK),
                    1 => assert_eq!(status.unwrap(), StatusCode::UNAUTHORIZED),
                    2 => assert_eq!(status.unwrap(), StatusCode::PAYLOAD_TOO_LARGE),
                    _ => assert!(status.is_err(), "{status:?}"),
                }
            })
        });
        for stream in streams.collect::<Vec<_>>() {
            stream.await.unwrap();
        }
        drop(client);
        within_deadline(connection).await.unwrap().unwrap();
        assert_eq!(invoice_ids(application), orders((0..100).step_by(4)));
    })
    .await;
}

fn invoice_ids(application: &Application) -> Vec<String> {
    let delivered = application.seen();
    let ids = delivered
        .iter()
        .map(|it| it.fields.get("invoice_id").unwrap().as_str().unwrap());
    let mut ids: Vec<_> = ids.map(str::to_owned).collect();
    ids.sort();
    ids
}

fn orders(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    let mut ids: Vec<_> = numbers.map(|number| format!("ORDER{number}")).collect();
    ids.sort();
    ids
}
