//! What a framework or its HTTP server decides before we see the request: one table, with the reason
//! for each row. Everything else is core's verdict, and the same through every way in.

use http::StatusCode;
use postback_core::{BodyDefect, Rejection};

use crate::driver::Driver;

/// One row.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is wrong with the request.
    pub sent: &'static str,
    /// The request's head; lines end with a line feed here and with CRLF on the wire.
    pub head: fn() -> String,
    /// What becomes of it on actix-web's own server.
    pub on_actix: Decided,
    /// What becomes of it on hyper, under axum and tower.
    pub on_hyper: Decided,
    /// Why it is not ours to decide.
    pub reason: &'static str,
}

/// Who decides.
#[derive(Clone, Debug)]
pub enum Decided {
    /// It reaches us, and is refused as everywhere.
    Ours(Rejection),
    /// The server answers, without a body.
    Server(StatusCode),
}

impl Decision {
    /// What becomes of it there.
    #[must_use]
    pub const fn by(&self, driver: Driver) -> &Decided {
        match driver {
            Driver::ActixExtractor => &self.on_actix,
            Driver::AxumExtractor | Driver::AxumLayer | Driver::TowerOnHyper => &self.on_hyper,
        }
    }
}

/// The table, for HTTP/1. HTTP/2 frames and counts otherwise, and has no table yet. Not complete for actix-web:
/// it also refuses two equal lengths, a request of HTTP/1.1 without exactly one `Host`, transfer codings before
/// `chunked`, a POST of HTTP/1.0 without a length, heads of 128 KiB and heads that take five seconds, and it
/// reads a request that asks for a WebSocket to the end of the connection; all by its source. A head of more than about
/// 400 kB is no row: whether hyper still takes it depends on how it arrives.
pub const DECISIONS: &[Decision] = &[
    Decision {
        sent: "a length that hyper has no number for",
        head: || post("Content-Length: 18446744073709551615\n"),
        on_actix: Decided::Ours(Rejection::body_too_large(64 * 1024)),
        on_hyper: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        reason: "hyper keeps the two largest values of u64 for bodies of unknown length",
    },
    Decision {
        sent: "a length beyond u64",
        head: || post("Content-Length: 99999999999999999999999999\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends, and so where the next request begins",
    },
    Decision {
        sent: "two lengths that differ",
        head: || post("Content-Length: 5\nContent-Length: 6\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a length that is no number",
        head: || post("Content-Length: +5\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a transfer coding that is not chunked",
        head: || post("Transfer-Encoding: gzip\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a control character in a header",
        head: || post("X-Other: \u{1}\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server takes no such value (RFC 9110, section 5.5)",
    },
    Decision {
        sent: "white space before a header's colon",
        head: || {
            String::from("POST /plain HTTP/1.1\nHost: shop\nContent-Type : application/json\n\n")
        },
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server must refuse it (RFC 9112, section 5.1)",
    },
    Decision {
        sent: "a version that HTTP does not have",
        head: || String::from("POST /plain HTTP/3.7\nHost: shop\n\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server does not know how to go on",
    },
    Decision {
        sent: "a transfer coding in HTTP/1.0",
        head: || {
            String::from(
                "POST /plain HTTP/1.0\nContent-Type: application/json\n\
                 Transfer-Encoding: chunked\n\n",
            )
        },
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server cannot tell where the body ends (RFC 9112, section 6.1)",
    },
    Decision {
        sent: "a header over several lines",
        head: || post("X-Other: 1\n 2\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server refuses obsolete line folding (RFC 9112, section 5.2)",
    },
    Decision {
        sent: "a method that is no token",
        head: || String::from("PO{}ST /plain HTTP/1.1\nHost: shop\n\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::BAD_REQUEST),
        reason: "the server takes no such method (RFC 9110, section 9.1)",
    },
    Decision {
        sent: "more headers than hyper counts",
        // With the two that every such head has, one more than 100.
        head: || post(&"X-Other: 1\n".repeat(99)),
        on_actix: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        reason: "hyper takes 100, so that a head costs little",
    },
    Decision {
        sent: "a target that hyper's URI type does not hold",
        head: || {
            let query = "a".repeat(70_000);
            format!("POST /plain?{query} HTTP/1.1\nHost: shop\n\n")
        },
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Server(StatusCode::URI_TOO_LONG),
        reason: "its parts are counted in 16 bits",
    },
    Decision {
        sent: "more headers than actix-web counts",
        // With the two that every such head has, one more than 96.
        head: || post(&"X-Other: 1\n".repeat(95)),
        on_actix: Decided::Server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        on_hyper: Decided::Ours(Rejection::Malformed(BodyDefect::Syntax)),
        reason: "actix-web takes 96, so that a head costs little",
    },
    Decision {
        sent: "a target that is not ASCII",
        head: || {
            String::from(
                "POST /plain?\u{e4} HTTP/1.1\nHost: shop\nContent-Type: application/json\n\n",
            )
        },
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Ours(Rejection::Malformed(BodyDefect::Syntax)),
        reason: "a URL has no such character (RFC 3986); hyper hands it on as it is",
    },
    Decision {
        sent: "a length beside chunks",
        head: || post("Content-Length: 5\nTransfer-Encoding: chunked\n"),
        on_actix: Decided::Server(StatusCode::BAD_REQUEST),
        on_hyper: Decided::Ours(Rejection::BodyUnreadable),
        reason: "a server may refuse it (RFC 9112, section 6.3), or read chunks, which these are not",
    },
    Decision {
        sent: "a question whether to go on, with a media type that is refused",
        head: || {
            String::from(
                "POST /plain HTTP/1.1\nHost: shop\nContent-Type: text/plain\n\
                 Content-Length: 9\nExpect: 100-continue\n\n",
            )
        },
        on_actix: Decided::Server(StatusCode::CONTINUE),
        on_hyper: Decided::Ours(Rejection::UnsupportedMediaType),
        reason: "actix-web says yes before it asks a handler; the refusal follows",
    },
];

/// The head of a JSON postback with further headers.
fn post(headers: &str) -> String {
    format!("POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n{headers}\n")
}
