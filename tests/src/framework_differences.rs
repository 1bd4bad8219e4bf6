//! Requests that a framework or its HTTP server handles differently, before or instead of the
//! adapter, with the reason for each. All other results are core's, and the same through every
//! entry point.

use http::StatusCode;
use postback_core::{MalformedReason, Rejection};

use crate::{corpus::Request, driver::Driver};

/// A request, and its result on each server.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The unusual part of the request.
    pub sent: &'static str,
    /// The request, derived from a genuine one.
    pub request: Template,
    /// Result on actix-web's server.
    pub on_actix: Handled,
    /// Result on hyper, with axum and tower.
    pub on_hyper: Handled,
    /// Result on Rocket, whose server is hyper too.
    pub on_rocket: Handled,
    /// Reason for the result.
    pub reason: &'static str,
}

/// Derives a request from a genuine one.
#[derive(Clone, Copy, Debug)]
pub enum Template {
    /// A genuine CryptoCloud body in JSON.
    Payment(fn(&str) -> Vec<u8>),
    /// The case `GET confirmed` of the CryptAPI corpus.
    Get(fn(&Request) -> Vec<u8>),
    /// The case `POST JSON confirmed, numbers keep every digit` of the CryptAPI corpus.
    Post(fn(&Request) -> Vec<u8>),
}

/// Result of a request on a server.
#[derive(Clone, Debug)]
pub enum Handled {
    /// The adapter accepts the request.
    Accepted,
    /// The adapter rejects the request.
    Rejected(Rejection),
    /// The adapter rejects the method.
    MethodRejected,
    /// The server or the framework responds, without a body where our catchers are registered.
    Server(StatusCode),
    /// The server waits for more of the request, or for the end of the connection.
    Waits,
}

impl Difference {
    /// Returns the result on the server of this entry point.
    #[must_use]
    pub const fn by(&self, driver: Driver) -> &Handled {
        match driver {
            Driver::ActixExtractor => &self.on_actix,
            Driver::AxumExtractor | Driver::AxumLayer | Driver::TowerOnHyper => &self.on_hyper,
            Driver::RocketGuard => &self.on_rocket,
        }
    }
}

/// The table of differences over HTTP/1. There is no table for HTTP/2.
///
/// Each request asks for the code of a rejection. Two differences are not in the table: actix-web
/// responds 408 if a head takes longer than five seconds, and hyper accepts a head of more than
/// about 400 kB or not, depending on how it arrives.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        sent: "a length that hyper reserves",
        request: Template::Payment(|body| json("Content-Length: 18446744073709551615", body)),
        on_actix: Handled::Rejected(Rejection::body_too_large(64 * 1024)),
        on_hyper: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_rocket: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        reason: "hyper reserves the two largest values of u64 for bodies of unknown length",
    },
    Difference {
        sent: "a length beyond u64",
        request: Template::Payment(|body| json("Content-Length: 99999999999999999999999999", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot determine where the body ends and the next request begins",
    },
    Difference {
        sent: "two lengths that differ",
        request: Template::Payment(|body| json("Content-Length: 5\nContent-Length: 6", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot determine where the body ends (RFC 9112, section 6.3)",
    },
    Difference {
        sent: "two lengths that are equal",
        request: Template::Payment(|body| {
            let length = format!("Content-Length: {}", body.len());
            json(&format!("{length}\n{length}"), body)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Accepted,
        on_rocket: Handled::Accepted,
        reason: "a server may merge or reject them (RFC 9112, section 6.3)",
    },
    Difference {
        sent: "a length that is not a number",
        request: Template::Payment(|body| json("Content-Length: +5", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot determine where the body ends (RFC 9112, section 6.3)",
    },
    Difference {
        sent: "a transfer coding that is not chunked",
        request: Template::Payment(|body| json("Transfer-Encoding: gzip", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot determine where the body ends (RFC 9112, section 6.3)",
    },
    Difference {
        sent: "a transfer coding before chunked",
        request: Template::Payment(|body| {
            let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            json("Transfer-Encoding: gzip, chunked", &chunk)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Accepted,
        on_rocket: Handled::Accepted,
        reason: "hyper passes on the content of the chunks unchanged; it is not decompressed",
    },
    Difference {
        sent: "a length beside chunks",
        request: Template::Payment(|body| {
            json("Content-Length: 5\nTransfer-Encoding: chunked", body)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Rejected(Rejection::BodyUnreadable),
        on_rocket: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "a server may reject it (RFC 9112, section 6.3), or read chunks, which these bytes are not; Rocket treats the readable part of the first 14 bytes as the whole body",
    },
    Difference {
        sent: "a transfer coding in HTTP/1.0",
        request: Template::Payment(|body| {
            let head = "POST /plain HTTP/1.0\nX-Take-Result: 1\nContent-Type: application/json\nTransfer-Encoding: chunked";
            request(head, body)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot determine where the body ends (RFC 9112, section 6.1)",
    },
    Difference {
        sent: "no length in HTTP/1.0",
        request: Template::Payment(|body| {
            request(
                "POST /plain HTTP/1.0\nX-Take-Result: 1\nContent-Type: application/json",
                body,
            )
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        on_rocket: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "such a request has no body (RFC 9112, section 6.3); actix-web requires a length",
    },
    Difference {
        sent: "a control character in a header",
        request: Template::Payment(|body| json("X-Other: \u{1}", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server accepts no such value (RFC 9110, section 5.5)",
    },
    Difference {
        sent: "white space before a colon",
        request: Template::Payment(|body| json("X-Other : 1", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server must reject it (RFC 9112, section 5.1)",
    },
    Difference {
        sent: "a header over several lines",
        request: Template::Payment(|body| json("X-Other: 1\n 2", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server rejects obsolete line folding (RFC 9112, section 5.2)",
    },
    Difference {
        sent: "an HTTP version that does not exist",
        request: Template::Payment(|body| request("POST /plain HTTP/3.7\nHost: shop", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server does not support the version",
    },
    Difference {
        sent: "a method that is not a token",
        request: Template::Payment(|body| request("PO{}ST /plain HTTP/1.1\nHost: shop", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::BAD_REQUEST),
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "the server accepts no such method (RFC 9110, section 9.1)",
    },
    Difference {
        sent: "a method that Rocket does not know",
        request: Template::Payment(|body| request("post /plain HTTP/1.1\nHost: shop", body)),
        on_actix: Handled::MethodRejected,
        on_hyper: Handled::MethodRejected,
        on_rocket: Handled::Server(StatusCode::BAD_REQUEST),
        reason: "Rocket passes no such request to a route",
    },
    Difference {
        sent: "more headers than hyper accepts",
        request: // With the three headers of each such head, one more than 100.
        Template::Payment(|body| json(&["X-Other: 1"; 98].join("\n"), body)),
        on_actix: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_rocket: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        reason: "hyper accepts 100, to bound the cost of a head",
    },
    Difference {
        sent: "more headers than actix-web accepts",
        request: // With the three headers of each such head, one more than 96.
        Template::Payment(|body| json(&["X-Other: 1"; 94].join("\n"), body)),
        on_actix: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        on_rocket: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "actix-web accepts 96, to bound the cost of a head",
    },
    Difference {
        sent: "a head of 128 KiB",
        request: Template::Payment(|body| {
            sized(&format!("X-Other: {}", "1".repeat(128 * 1024)), body)
        }),
        on_actix: Handled::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Handled::Accepted,
        on_rocket: Handled::Accepted,
        reason: "actix-web accepts less, to bound the cost of a head",
    },
    Difference {
        sent: "no host",
        request: Template::Payment(|body| {
            let head = "POST /plain HTTP/1.1\nX-Take-Result: 1\nContent-Type: application/json";
            request(&format!("{head}\nContent-Length: {}", body.len()), body)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Accepted,
        on_rocket: Handled::Accepted,
        reason: "a server must reject it (RFC 9112, section 3.2); hyper leaves that to the application, and the adapters do not use the host",
    },
    Difference {
        sent: "two hosts",
        request: Template::Payment(|body| sized("Host: other", body)),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Accepted,
        on_rocket: Handled::Accepted,
        reason: "a server must reject it (RFC 9112, section 3.2); hyper leaves that to the application, and the adapters do not use the host",
    },
    Difference {
        sent: "a target that is too long for hyper's URI type",
        request: Template::Payment(|body| {
            let query = "a".repeat(70_000);
            request(&format!("POST /plain?{query} HTTP/1.1\nHost: shop"), body)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Server(StatusCode::URI_TOO_LONG),
        on_rocket: Handled::Server(StatusCode::URI_TOO_LONG),
        reason: "the URI type stores lengths in 16 bits",
    },
    Difference {
        sent: "a target that is not ASCII",
        request: Template::Payment(|body| {
            let head = "POST /plain?\u{e4} HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: application/json";
            request(head, body)
        }),
        on_actix: Handled::Server(StatusCode::BAD_REQUEST),
        on_hyper: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        on_rocket: Handled::Rejected(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "a URL has no such character (RFC 3986); hyper passes it on unchanged",
    },
    Difference {
        sent: "a content encoding that is not UTF-8",
        request: Template::Payment(|body| with_bytes("Content-Encoding", b"gzip\xff", body)),
        on_actix: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_hyper: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_rocket: Handled::Accepted,
        reason: "Rocket drops headers that are not UTF-8; the body is genuine",
    },
    Difference {
        sent: "a second content type that is not UTF-8",
        request: Template::Payment(|body| with_bytes("Content-Type", b"text/plain\xff", body)),
        on_actix: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_hyper: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_rocket: Handled::Accepted,
        reason: "Rocket drops headers that are not UTF-8; the body is genuine",
    },
    Difference {
        sent: "a form that begins with `_method`",
        request: Template::Payment(|body| {
            let token = body
                .split('"')
                .find(|text| text.starts_with("ey"))
                .unwrap_or_default();
            let form = format!("_method=put&invoice_id=ILRAJE1Q&token={token}");
            let head = "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: application/x-www-form-urlencoded";
            request(&format!("{head}\nContent-Length: {}", form.len()), &form)
        }),
        on_actix: Handled::Accepted,
        on_hyper: Handled::Accepted,
        on_rocket: Handled::MethodRejected,
        reason: "Rocket uses its value as the method; no provider sends such a field",
    },
    Difference {
        sent: "a rejected media type, without the declared body",
        request: Template::Payment(|_| {
            let head =
                "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: text/plain";
            request(&format!("{head}\nContent-Length: 14"), "")
        }),
        on_actix: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_hyper: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_rocket: Handled::Waits,
        reason: "Rocket reads the first 14 bytes of a body before it calls the guard",
    },
    Difference {
        sent: "chunks that are invalid after their first bytes",
        request: Template::Payment(|_| {
            json("Transfer-Encoding: chunked", "2\r\n{}\r\nno length\r\n")
        }),
        on_actix: Handled::Rejected(Rejection::BodyUnreadable),
        on_hyper: Handled::Rejected(Rejection::BodyUnreadable),
        on_rocket: Handled::Rejected(Rejection::Unsigned),
        reason: "Rocket reads the first 14 bytes of a body before it calls the guard, and treats the readable part as the whole body",
    },
    Difference {
        sent: "`Expect: 100-continue` with a rejected media type",
        request: Template::Payment(|body| {
            let head = "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: text/plain\nExpect: 100-continue";
            request(&format!("{head}\nContent-Length: 9"), body)
        }),
        on_actix: Handled::Server(StatusCode::CONTINUE),
        on_hyper: Handled::Rejected(Rejection::UnsupportedMediaType),
        on_rocket: Handled::Server(StatusCode::CONTINUE),
        reason: "actix-web responds before it calls the handler, and Rocket reads before it does; the rejection follows",
    },
    Difference {
        sent: "an upgrade to WebSocket",
        request: Template::Payment(|body| sized("Connection: Upgrade\nUpgrade: websocket", body)),
        on_actix: Handled::Waits,
        on_hyper: Handled::Accepted,
        on_rocket: Handled::Accepted,
        reason: "actix-web treats all following bytes as the body",
    },
    Difference {
        sent: "a signature that is not UTF-8",
        request: Template::Post(|genuine| signed(genuine, &[b"\xff\xfe"])),
        on_actix: Handled::Rejected(Rejection::BadSignature),
        on_hyper: Handled::Rejected(Rejection::BadSignature),
        on_rocket: Handled::Rejected(Rejection::Unsigned),
        reason: "Rocket drops headers that are not UTF-8",
    },
    Difference {
        sent: "a signature that is not UTF-8 beside the genuine one",
        request: Template::Post(|genuine| signed(genuine, &[signature(genuine), b"\xff\xfe"])),
        on_actix: Handled::Rejected(Rejection::BadSignature),
        on_hyper: Handled::Rejected(Rejection::BadSignature),
        on_rocket: Handled::Accepted,
        reason: "Rocket drops headers that are not UTF-8; the remaining signature is genuine",
    },
    Difference {
        sent: "a POST to a signed URL, with a form that begins with `_method`",
        request: Template::Get(|genuine| {
            let head = format!(
                "POST {} HTTP/1.1\nHost: shop\nX-Take-Result: 1",
                genuine.target
            );
            let form = "_method=get&and=so+on";
            let signature = String::from_utf8_lossy(signature(genuine));
            let media_type = "Content-Type: application/x-www-form-urlencoded";
            let length = form.len();
            request(
                &format!(
                    "{head}\nX-Ca-Signature: {signature}\n{media_type}\nContent-Length: {length}"
                ),
                form,
            )
        }),
        on_actix: Handled::MethodRejected,
        on_hyper: Handled::MethodRejected,
        on_rocket: Handled::Accepted,
        reason: "Rocket uses its value as the method; the URL is genuine, and the form is not read",
    },
];

/// A request that a router or server rejects before it reaches the route, so that it leaves no log
/// event of ours.
///
/// The route is `POST /shop/postback`, in a group of routes with the prefix `/shop`.
#[derive(Clone, Copy, Debug)]
pub struct UnroutedRequest {
    /// Method and target of the request.
    pub sent: &'static str,
    /// Status of the response on actix-web; `None` if the request reaches the route.
    pub on_actix: Option<StatusCode>,
    /// Status of the response on axum.
    pub on_axum: Option<StatusCode>,
    /// Status of the response on Rocket.
    pub on_rocket: Option<StatusCode>,
    /// Possible cause, as in the guide.
    pub look_for: &'static str,
}

/// The table of requests that do not reach the route.
pub const UNROUTED_REQUESTS: [UnroutedRequest; 4] = [
    UnroutedRequest {
        sent: "POST /postback",
        on_actix: Some(StatusCode::NOT_FOUND),
        on_axum: Some(StatusCode::NOT_FOUND),
        on_rocket: Some(StatusCode::NOT_FOUND),
        look_for: "a prefix that the URL given to the provider lacks, or that a proxy removes: the prefix under which \
                   routes are mounted is part of the path",
    },
    UnroutedRequest {
        sent: "POST /shop/postback/",
        on_actix: Some(StatusCode::NOT_FOUND),
        on_axum: Some(StatusCode::NOT_FOUND),
        on_rocket: None,
        look_for: "a slash at the end of the path that the route does not have",
    },
    UnroutedRequest {
        sent: "PUT /shop/postback",
        on_actix: Some(StatusCode::NOT_FOUND),
        on_axum: Some(StatusCode::METHOD_NOT_ALLOWED),
        on_rocket: Some(StatusCode::NOT_FOUND),
        look_for: "another method, on a route for one method: a redirect turns the provider's POST into a GET. A route for \
                   any method lets the adapter reject and log it, except in Rocket",
    },
    UnroutedRequest {
        sent: "POST /shop/postback?(70,000 bytes)",
        on_actix: Some(StatusCode::BAD_REQUEST),
        on_axum: Some(StatusCode::URI_TOO_LONG),
        on_rocket: Some(StatusCode::URI_TOO_LONG),
        look_for: "a query that is too long for the server, or for the proxy: nginx replies 414 to more than 8 KiB unless \
                   `large_client_header_buffers` allows it",
    },
];

/// A server's behaviour towards clients that shut down their writing side after the request.
///
/// Some requests without a response leave no log event of ours, because the server drops them
/// before it calls the application.
#[derive(Clone, Copy, Debug)]
pub struct HalfClosed {
    /// The server.
    pub server: &'static str,
    /// `true` if each client gets a response. Otherwise the server closes the connections on which
    /// it has not responded when it reads the end: some or all of them, depending on the handler's
    /// duration.
    pub replies: bool,
    /// Reason for the behaviour, and the remedy.
    pub reason: &'static str,
}

/// The table of half-closed connections.
pub const HALF_CLOSED: [HalfClosed; 4] = [
    HalfClosed {
        server: "actix-web",
        replies: true,
        reason: "its server continues to write after the end of its input",
    },
    HalfClosed {
        server: "axum::serve",
        replies: false,
        reason: "hyper treats the end of its input as the end of the connection unless it is built with \
                 half_close, which axum::serve does not offer: serve the router on hyper, as the examples do",
    },
    HalfClosed {
        server: "hyper, built with half_close",
        replies: true,
        reason: "it is configured to",
    },
    HalfClosed {
        server: "Rocket",
        replies: false,
        reason: "its server is hyper's, and it does not offer half_close: put a proxy in front of it that keeps its \
                 connections open, such as nginx with proxy_ignore_client_abort on",
    },
];

/// Headers that Rocket adds to each response: `Server`, unless `ident` is disabled, and those of
/// its fairing `Shield`, unless another one is attached.
pub const HEADERS_OF_ROCKET: [&str; 4] = [
    "permissions-policy",
    "server",
    "x-content-type-options",
    "x-frame-options",
];

/// Status of Rocket's response to a method for which it finds no route.
///
/// The routes of the drivers accept each method, so that the guard rejects it. A route for GET
/// serves HEAD too, unless there is a route for HEAD: a test of the guard covers that.
pub const WRONG_METHOD_IN_ROCKET: StatusCode = StatusCode::NOT_FOUND;

/// Returns a JSON postback with further headers, which include its length.
fn json(headers: &str, body: &str) -> Vec<u8> {
    let head = "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1";
    request(
        &format!("{head}\nContent-Type: application/json\n{headers}"),
        body,
    )
}

/// Returns a JSON postback with further headers and its length.
fn sized(headers: &str, body: &str) -> Vec<u8> {
    json(&format!("{headers}\nContent-Length: {}", body.len()), body)
}

/// Returns a JSON postback with a header whose value is bytes.
fn with_bytes(name: &str, value: &[u8], body: &str) -> Vec<u8> {
    with_values(name, &[value], body)
}

/// Returns the genuine callback with these signatures, each in its own header.
fn signed(genuine: &Request, signatures: &[&[u8]]) -> Vec<u8> {
    let body = String::from_utf8_lossy(&genuine.body);
    with_values("X-Ca-Signature", signatures, &body)
}

/// Returns a JSON postback with one header for each value, UTF-8 or not.
fn with_values(name: &str, values: &[&[u8]], body: &str) -> Vec<u8> {
    let rest = sized("X-Other: 1", body);
    let (line, rest) = rest.split_at("POST /plain HTTP/1.1\r\n".len());
    let mut bytes = line.to_vec();
    for value in values {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(rest);
    bytes
}

fn signature(genuine: &Request) -> &[u8] {
    let header = genuine
        .headers
        .iter()
        .find(|(name, _)| name == "x-ca-signature");
    header
        .map(|(_, value)| value.as_bytes())
        .unwrap_or_default()
}

/// Returns a request. Lines of `head` are separated by line feeds.
fn request(head: &str, body: &str) -> Vec<u8> {
    format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes()
}
