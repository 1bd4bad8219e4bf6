//! What a framework or its HTTP server decides before we see the request: one table, with the reason
//! for each row. Everything else is core's verdict, and the same through every way in.

use http::StatusCode;

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// What is wrong with the request.
    pub sent: &'static str,
    /// The request's head; lines end with a line feed here and with CRLF on the wire.
    pub head: fn() -> String,
    /// What comes back, without a body.
    pub status: StatusCode,
    /// Who decides, and why it is not ours to decide.
    pub reason: &'static str,
}

/// The table, for HTTP/1: all ways in stand on hyper so far, and share every row. HTTP/2 frames and counts
/// otherwise, and has no table yet. A head of more than about 400 kB
/// is no row: whether hyper still takes it depends on how it arrives.
pub const DECISIONS: &[Decision] = &[
    Decision {
        sent: "a length that hyper has no number for",
        head: || post("Content-Length: 18446744073709551615\n"),
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        reason: "hyper keeps the two largest values of u64 for bodies of unknown length",
    },
    Decision {
        sent: "a length beyond u64",
        head: || post("Content-Length: 99999999999999999999999999\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends, and so where the next request begins",
    },
    Decision {
        sent: "two lengths that differ",
        head: || post("Content-Length: 5\nContent-Length: 6\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a length that is no number",
        head: || post("Content-Length: +5\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a transfer coding that is not chunked",
        head: || post("Transfer-Encoding: gzip\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a control character in a header",
        head: || post("X-Other: \u{1}\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper takes no such value (RFC 9110, section 5.5)",
    },
    Decision {
        sent: "white space before a header's colon",
        head: || {
            String::from("POST /plain HTTP/1.1\nHost: shop\nContent-Type : application/json\n\n")
        },
        status: StatusCode::BAD_REQUEST,
        reason: "hyper must refuse it (RFC 9112, section 5.1)",
    },
    Decision {
        sent: "a version that HTTP does not have",
        head: || String::from("POST /plain HTTP/3.7\nHost: shop\n\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper does not know how to go on",
    },
    Decision {
        sent: "a transfer coding in HTTP/1.0",
        head: || {
            String::from(
                "POST /plain HTTP/1.0\nContent-Type: application/json\n\
                 Transfer-Encoding: chunked\n\n",
            )
        },
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.1)",
    },
    Decision {
        sent: "a header over several lines",
        head: || post("X-Other: 1\n 2\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper refuses obsolete line folding (RFC 9112, section 5.2)",
    },
    Decision {
        sent: "a method that is no token",
        head: || String::from("PO{}ST /plain HTTP/1.1\nHost: shop\n\n"),
        status: StatusCode::BAD_REQUEST,
        reason: "hyper takes no such method (RFC 9110, section 9.1)",
    },
    Decision {
        sent: "more headers than hyper counts",
        // With the two that every such head has, one more than 100.
        head: || post(&"X-Other: 1\n".repeat(99)),
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        reason: "hyper takes 100, so that a head costs little",
    },
    Decision {
        sent: "a target that hyper's URI type does not hold",
        head: || {
            let query = "a".repeat(70_000);
            format!("POST /plain?{query} HTTP/1.1\nHost: shop\n\n")
        },
        status: StatusCode::URI_TOO_LONG,
        reason: "its parts are counted in 16 bits",
    },
];

/// The head of a JSON postback with further headers.
fn post(headers: &str) -> String {
    format!("POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n{headers}\n")
}
