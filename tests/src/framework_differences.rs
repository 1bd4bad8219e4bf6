//! What a framework or its HTTP server decides before we see the request: the tables, with the reason
//! for each row. Everything else is core's verdict, and the same through every way in.

use http::StatusCode;
use postback_core::{MalformedReason, Rejection};

use crate::{corpus::Request, driver::Driver};

/// One row.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is odd about the request.
    pub sent: &'static str,
    /// The request, made of a genuine one.
    pub request: Made,
    /// What becomes of it on actix-web's own server.
    pub on_actix: Decided,
    /// What becomes of it on hyper, under axum and tower.
    pub on_hyper: Decided,
    /// What becomes of it in Rocket, which stands on hyper too.
    pub on_rocket: Decided,
    /// Why it is not ours to decide.
    pub reason: &'static str,
}

/// What a request is made of.
#[derive(Clone, Copy, Debug)]
pub enum Made {
    /// A genuine body of CryptoCloud's, in JSON.
    OfPayment(fn(&str) -> Vec<u8>),
    /// The corpus's case `GET confirmed` of CryptAPI.
    OfGet(fn(&Request) -> Vec<u8>),
    /// The corpus's case `POST JSON confirmed, numbers keep every digit` of CryptAPI.
    OfPost(fn(&Request) -> Vec<u8>),
}

/// Who decides.
#[derive(Clone, Debug)]
pub enum Decided {
    /// It reaches us, and is accepted.
    Accepted,
    /// It reaches us, and is refused as everywhere.
    Ours(Rejection),
    /// It reaches us, and its method is refused.
    OurMethods,
    /// The server answers, or the framework does, without a body where our catchers are registered.
    Server(StatusCode),
    /// There is no answer until more of the request comes, or the connection ends.
    Waits,
}

impl Decision {
    /// What becomes of it there.
    #[must_use]
    pub const fn by(&self, driver: Driver) -> &Decided {
        match driver {
            Driver::ActixExtractor => &self.on_actix,
            Driver::AxumExtractor | Driver::AxumLayer | Driver::TowerOnHyper => &self.on_hyper,
            Driver::RocketGuard => &self.on_rocket,
        }
    }
}

/// The table, for HTTP/1. HTTP/2 frames and counts otherwise, and has no table yet. Each
/// row asks for the refusal's code. Two things are no rows:
/// actix-web answers 408 where a head takes longer than five seconds, and whether hyper still takes a head of
/// more than about 400 kB depends on how it arrives.
pub const DECISIONS: &[Decision] = &[
    Decision {
        sent: "a length that hyper has no number for",
        request: Made::OfPayment(|body| json("Content-Length: 18446744073709551615", body)),
        on_actix: Decided::Ours(Rejection::body_too_large(64 * 1024)),
        on_hyper: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_rocket: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        reason: "hyper keeps the two largest values of u64 for bodies of unknown length",
    },
    Decision {
        sent: "a length beyond u64",
        request: Made::OfPayment(|body| json("Content-Length: 99999999999999999999999999", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends, and so where the next request begins",
    },
    Decision {
        sent: "two lengths that differ",
        request: Made::OfPayment(|body| json("Content-Length: 5\nContent-Length: 6", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "two lengths that are equal",
        request: Made::OfPayment(|body| {
            let length = format!("Content-Length: {}", body.len());
            json(&format!("{length}\n{length}"), body)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Accepted,
        on_rocket: Decided::Accepted,
        reason: "a server may take them for one, or refuse them (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a length that is no number",
        request: Made::OfPayment(|body| json("Content-Length: +5", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a transfer coding that is not chunked",
        request: Made::OfPayment(|body| json("Transfer-Encoding: gzip", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a transfer coding before chunked",
        request: Made::OfPayment(|body| {
            let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            json("Transfer-Encoding: gzip, chunked", &chunk)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Accepted,
        on_rocket: Decided::Accepted,
        reason: "hyper hands on what stands in the chunks as it is; nothing inflates it",
    },
    Decision {
        sent: "a length beside chunks",
        request: Made::OfPayment(|body| {
            json("Content-Length: 5\nTransfer-Encoding: chunked", body)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Ours(Rejection::BodyUnreadable),
        on_rocket: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "a server may refuse it (RFC 9112, section 6.3), or read chunks, which these are not; Rocket takes what it could read of the first 14 bytes for the whole",
    },
    Decision {
        sent: "a transfer coding in HTTP/1.0",
        request: Made::OfPayment(|body| {
            let head = "POST /plain HTTP/1.0\nX-Take-Result: 1\nContent-Type: application/json\nTransfer-Encoding: chunked";
            request(head, body)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.1)",
    },
    Decision {
        sent: "no length in HTTP/1.0",
        request: Made::OfPayment(|body| {
            request(
                "POST /plain HTTP/1.0\nX-Take-Result: 1\nContent-Type: application/json",
                body,
            )
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        on_rocket: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "there is no body then (RFC 9112, section 6.3); actix-web wants to be told so",
    },
    Decision {
        sent: "a control character in a header",
        request: Made::OfPayment(|body| json("X-Other: \u{1}", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server takes no such value (RFC 9110, section 5.5)",
    },
    Decision {
        sent: "white space before a colon",
        request: Made::OfPayment(|body| json("X-Other : 1", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server must refuse it (RFC 9112, section 5.1)",
    },
    Decision {
        sent: "a header over several lines",
        request: Made::OfPayment(|body| json("X-Other: 1\n 2", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server refuses obsolete line folding (RFC 9112, section 5.2)",
    },
    Decision {
        sent: "a version that HTTP does not have",
        request: Made::OfPayment(|body| request("POST /plain HTTP/3.7\nHost: shop", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server does not know how to go on",
    },
    Decision {
        sent: "a method that is no token",
        request: Made::OfPayment(|body| request("PO{}ST /plain HTTP/1.1\nHost: shop", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server takes no such method (RFC 9110, section 9.1)",
    },
    Decision {
        sent: "a method that Rocket has no name for",
        request: Made::OfPayment(|body| request("post /plain HTTP/1.1\nHost: shop", body)),
        on_actix: Decided::OurMethods,
        on_hyper: Decided::OurMethods,
        on_rocket: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "Rocket hands no such request to a route",
    },
    Decision {
        sent: "more headers than hyper counts",
        request: // With the three that every such head has, one more than 100.
        Made::OfPayment(|body| json(&["X-Other: 1"; 98].join("\n"), body)),
        on_actix: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_rocket: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        reason: "hyper takes 100, so that a head costs little",
    },
    Decision {
        sent: "more headers than actix-web counts",
        request: // With the three that every such head has, one more than 96.
        Made::OfPayment(|body| json(&["X-Other: 1"; 94].join("\n"), body)),
        on_actix: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        on_rocket: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "actix-web takes 96, so that a head costs little",
    },
    Decision {
        sent: "a head of 128 KiB",
        request: Made::OfPayment(|body| {
            sized(&format!("X-Other: {}", "1".repeat(128 * 1024)), body)
        }),
        on_actix: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Decided::Accepted,
        on_rocket: Decided::Accepted,
        reason: "actix-web takes less, so that a head costs little",
    },
    Decision {
        sent: "no host",
        request: Made::OfPayment(|body| {
            let head = "POST /plain HTTP/1.1\nX-Take-Result: 1\nContent-Type: application/json";
            request(&format!("{head}\nContent-Length: {}", body.len()), body)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Accepted,
        on_rocket: Decided::Accepted,
        reason: "a server must refuse it (RFC 9112, section 3.2); hyper leaves that to what it serves, and we never ask for the host",
    },
    Decision {
        sent: "two hosts",
        request: Made::OfPayment(|body| sized("Host: other", body)),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Accepted,
        on_rocket: Decided::Accepted,
        reason: "a server must refuse it (RFC 9112, section 3.2); hyper leaves that to what it serves, and we never ask for the host",
    },
    Decision {
        sent: "a target that hyper's URI type does not hold",
        request: Made::OfPayment(|body| {
            let query = "a".repeat(70_000);
            request(&format!("POST /plain?{query} HTTP/1.1\nHost: shop"), body)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::URI_TOO_LONG),
        on_rocket: Decided::Server(StatusCode::URI_TOO_LONG),
        reason: "its parts are counted in 16 bits",
    },
    Decision {
        sent: "a target that is not ASCII",
        request: Made::OfPayment(|body| {
            let head = "POST /plain?\u{e4} HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: application/json";
            request(head, body)
        }),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        on_rocket: Decided::Ours(Rejection::Malformed(MalformedReason::Syntax)),
        reason: "a URL has no such character (RFC 3986); hyper hands it on as it is",
    },
    Decision {
        sent: "a content encoding that is no text",
        request: Made::OfPayment(|body| with_bytes("Content-Encoding", b"gzip\xff", body)),
        on_actix: Decided::Ours(Rejection::UnsupportedMediaType),
        on_hyper: Decided::Ours(Rejection::UnsupportedMediaType),
        on_rocket: Decided::Accepted,
        reason: "Rocket drops headers that are not UTF-8; the body is genuine as it is",
    },
    Decision {
        sent: "a second content type that is no text",
        request: Made::OfPayment(|body| with_bytes("Content-Type", b"text/plain\xff", body)),
        on_actix: Decided::Ours(Rejection::UnsupportedMediaType),
        on_hyper: Decided::Ours(Rejection::UnsupportedMediaType),
        on_rocket: Decided::Accepted,
        reason: "Rocket drops headers that are not UTF-8; the body is genuine as it is",
    },
    Decision {
        sent: "a form that begins with a method of its own",
        request: Made::OfPayment(|body| {
            let token = body
                .split('"')
                .find(|text| text.starts_with("ey"))
                .unwrap_or_default();
            let form = format!("_method=put&invoice_id=ILRAJE1Q&token={token}");
            let head = "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: application/x-www-form-urlencoded";
            request(&format!("{head}\nContent-Length: {}", form.len()), &form)
        }),
        on_actix: Decided::Accepted,
        on_hyper: Decided::Accepted,
        on_rocket: Decided::OurMethods,
        reason: "Rocket takes it for the method; no provider sends such a field",
    },
    Decision {
        sent: "a media type that is refused, and nothing of the declared body",
        request: Made::OfPayment(|_| {
            let head =
                "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: text/plain";
            request(&format!("{head}\nContent-Length: 14"), "")
        }),
        on_actix: Decided::Ours(Rejection::UnsupportedMediaType),
        on_hyper: Decided::Ours(Rejection::UnsupportedMediaType),
        on_rocket: Decided::Waits,
        reason: "Rocket reads the first 14 bytes of a body before it asks anybody",
    },
    Decision {
        sent: "chunks that break off in their first bytes",
        request: Made::OfPayment(|_| {
            json("Transfer-Encoding: chunked", "2\r\n{}\r\nno length\r\n")
        }),
        on_actix: Decided::Ours(Rejection::BodyUnreadable),
        on_hyper: Decided::Ours(Rejection::BodyUnreadable),
        on_rocket: Decided::Ours(Rejection::Unsigned),
        reason: "Rocket reads the first 14 bytes of a body before it asks anybody, and takes what it could read for the whole",
    },
    Decision {
        sent: "a question whether to go on, with a media type that is refused",
        request: Made::OfPayment(|body| {
            let head = "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1\nContent-Type: text/plain\nExpect: 100-continue";
            request(&format!("{head}\nContent-Length: 9"), body)
        }),
        on_actix: Decided::Server(StatusCode::CONTINUE),
        on_hyper: Decided::Ours(Rejection::UnsupportedMediaType),
        on_rocket: Decided::Server(StatusCode::CONTINUE),
        reason: "actix-web says yes before it asks a handler, and Rocket reads before it does; the refusal follows",
    },
    Decision {
        sent: "a wish for a WebSocket",
        request: Made::OfPayment(|body| sized("Connection: Upgrade\nUpgrade: websocket", body)),
        on_actix: Decided::Waits,
        on_hyper: Decided::Accepted,
        on_rocket: Decided::Accepted,
        reason: "actix-web takes all that follows for the body",
    },
    Decision {
        sent: "a signature that is no text",
        request: Made::OfPost(|genuine| signed(genuine, &[b"\xff\xfe"])),
        on_actix: Decided::Ours(Rejection::BadSignature),
        on_hyper: Decided::Ours(Rejection::BadSignature),
        on_rocket: Decided::Ours(Rejection::Unsigned),
        reason: "Rocket drops headers that are not UTF-8",
    },
    Decision {
        sent: "a signature that is no text beside the genuine one",
        request: Made::OfPost(|genuine| signed(genuine, &[signature(genuine), b"\xff\xfe"])),
        on_actix: Decided::Ours(Rejection::BadSignature),
        on_hyper: Decided::Ours(Rejection::BadSignature),
        on_rocket: Decided::Accepted,
        reason: "Rocket drops headers that are not UTF-8; what is left is genuine",
    },
    Decision {
        sent: "a signed URL that a form is posted to, which begins with a method of its own",
        request: Made::OfGet(|genuine| {
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
        on_actix: Decided::OurMethods,
        on_hyper: Decided::OurMethods,
        on_rocket: Decided::Accepted,
        reason: "Rocket takes it for the method; the URL is genuine, and the form is not read",
    },
];

/// What a router or server replies to a request that does not reach a route of ours, so that there is no log event of
/// ours. The route is `POST /shop/postback`: in a scope of actix-web, nested in axum, mounted in Rocket.
#[derive(Clone, Copy, Debug)]
pub struct BeforeTheRoute {
    /// Method and target of the request.
    pub sent: &'static str,
    /// Status of the response on actix-web; `None` if the request does reach the route.
    pub on_actix: Option<StatusCode>,
    /// Status of the response on axum.
    pub on_axum: Option<StatusCode>,
    /// Status of the response on Rocket.
    pub on_rocket: Option<StatusCode>,
    /// What to look for, as the guide says it.
    pub look_for: &'static str,
}

/// The table of requests that do not reach a route.
pub const BEFORE_THE_ROUTE: [BeforeTheRoute; 4] = [
    BeforeTheRoute {
        sent: "POST /postback",
        on_actix: Some(StatusCode::NOT_FOUND),
        on_axum: Some(StatusCode::NOT_FOUND),
        on_rocket: Some(StatusCode::NOT_FOUND),
        look_for: "a prefix that the URL given to the provider lacks, or that a proxy removes: the prefix under which \
                   routes are mounted is part of the path",
    },
    BeforeTheRoute {
        sent: "POST /shop/postback/",
        on_actix: Some(StatusCode::NOT_FOUND),
        on_axum: Some(StatusCode::NOT_FOUND),
        on_rocket: None,
        look_for: "a slash at the end of the path that the route does not have",
    },
    BeforeTheRoute {
        sent: "PUT /shop/postback",
        on_actix: Some(StatusCode::NOT_FOUND),
        on_axum: Some(StatusCode::METHOD_NOT_ALLOWED),
        on_rocket: Some(StatusCode::NOT_FOUND),
        look_for: "another method, on a route for one method: a redirect turns the provider's POST into a GET. A route for \
                   any method lets the adapter reject and log it, except in Rocket",
    },
    BeforeTheRoute {
        sent: "POST /shop/postback?(70,000 bytes)",
        on_actix: Some(StatusCode::BAD_REQUEST),
        on_axum: Some(StatusCode::URI_TOO_LONG),
        on_rocket: Some(StatusCode::URI_TOO_LONG),
        look_for: "a query that is too long for the server, or for the proxy: nginx replies 414 to more than 8 KiB unless \
                   `large_client_header_buffers` allows it",
    },
];

/// Whether a client that shuts down its writing side as soon as it has sent its request gets a response. Of those that
/// get none, some leave no log event of ours, because the server drops them before it calls the application.
#[derive(Clone, Copy, Debug)]
pub struct HalfClosed {
    /// The server.
    pub server: &'static str,
    /// Whether each such client gets one. Otherwise the server closes the connections to which it has not replied when
    /// it reads the end: some or all, as long as the handler takes.
    pub replies: bool,
    /// Why it is not ours to decide, and what to do.
    pub reason: &'static str,
}

/// The table of half-closed connections.
pub const HALF_CLOSED: [HalfClosed; 4] = [
    HalfClosed {
        server: "actix-web",
        replies: true,
        reason: "its server goes on writing after the end of what it reads",
    },
    HalfClosed {
        server: "axum::serve",
        replies: false,
        reason: "hyper takes the end of what it reads for the end of the connection unless it is built with \
                 half_close, which axum::serve does not offer: serve the router on hyper, as the examples do",
    },
    HalfClosed {
        server: "hyper, built with half_close",
        replies: true,
        reason: "it was asked to",
    },
    HalfClosed {
        server: "Rocket",
        replies: false,
        reason: "its server is hyper's, and it does not offer half_close: put a proxy in front of it that keeps its \
                 connections open, such as nginx with proxy_ignore_client_abort on",
    },
];

/// What Rocket adds to each answer by itself: `Server`, unless `ident` is configured away, and those of its
/// fairing `Shield`, unless another is attached. They say nothing of a postback.
pub const HEADERS_OF_ROCKET: [&str; 4] = [
    "permissions-policy",
    "server",
    "x-content-type-options",
    "x-frame-options",
];

/// What an application of Rocket answers to a method that a route is not for: its router finds no route. Those of
/// the drivers take every method, so that it is ours to refuse. HEAD is served by a route for GET, if there is none
/// for HEAD: a test of the guard shows it.
pub const WRONG_METHOD_IN_ROCKET: StatusCode = StatusCode::NOT_FOUND;

/// A JSON postback with further headers, which say how long it is.
fn json(headers: &str, body: &str) -> Vec<u8> {
    let head = "POST /plain HTTP/1.1\nHost: shop\nX-Take-Result: 1";
    request(
        &format!("{head}\nContent-Type: application/json\n{headers}"),
        body,
    )
}

/// A JSON postback with further headers, and its length.
fn sized(headers: &str, body: &str) -> Vec<u8> {
    json(&format!("{headers}\nContent-Length: {}", body.len()), body)
}

/// A JSON postback with a header that is no text.
fn with_bytes(name: &str, value: &[u8], body: &str) -> Vec<u8> {
    with_values(name, &[value], body)
}

/// The genuine callback with these signatures, each in a header of its own.
fn signed(genuine: &Request, signatures: &[&[u8]]) -> Vec<u8> {
    let body = String::from_utf8_lossy(&genuine.body);
    with_values("X-Ca-Signature", signatures, &body)
}

/// A JSON postback with a header for each value, text or not.
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

/// A request; lines of `head` end with a line feed here, and the last with nothing.
fn request(head: &str, body: &str) -> Vec<u8> {
    format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes()
}
