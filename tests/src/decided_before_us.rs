//! What a framework or its HTTP server decides before we see the request: one table, with the reason
//! for each row. Everything else is core's verdict, and the same through every way in.

use http::StatusCode;

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// What is wrong with the request.
    pub sent: &'static str,
    /// The request's head; lines end with a line feed here and with CRLF on the wire.
    pub head: &'static str,
    /// What comes back, without a body.
    pub status: StatusCode,
    /// Who decides, and why it is not ours to decide.
    pub reason: &'static str,
}

/// The table. All ways in stand on hyper so far, and share every row.
pub const DECISIONS: &[Decision] = &[
    Decision {
        sent: "a length that hyper has no number for",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n\
               Content-Length: 18446744073709551615\n\n",
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        reason: "hyper keeps the two largest values of u64 for bodies of unknown length",
    },
    Decision {
        sent: "a length beyond u64",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n\
               Content-Length: 99999999999999999999999999\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends, and so where the next request begins",
    },
    Decision {
        sent: "two lengths that differ",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n\
               Content-Length: 5\nContent-Length: 6\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a length that is no number",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n\
               Content-Length: +5\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a transfer coding that is not chunked",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n\
               Transfer-Encoding: gzip\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper cannot tell where the body ends (RFC 9112, section 6.3)",
    },
    Decision {
        sent: "a control character in a header",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type: application/json\n\
               X-Other: \u{1}\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper takes no such value (RFC 9110, section 5.5)",
    },
    Decision {
        sent: "white space before a header's colon",
        head: "POST /plain HTTP/1.1\nHost: shop\nContent-Type : application/json\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper must refuse it (RFC 9112, section 5.1)",
    },
    Decision {
        sent: "a version that HTTP does not have",
        head: "POST /plain HTTP/3.7\nHost: shop\n\n",
        status: StatusCode::BAD_REQUEST,
        reason: "hyper does not know how to go on",
    },
];
