use crate::{Method, Provider, Reply, log};

/// Error returned when a postback is rejected.
///
/// The variant and its text are for the operator's log. The sender learns only the class of the
/// rejection: see [`reply`](Self::reply).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// No trusted key made the signature, or the token breaks a rule of JOSE.
    #[error(
        "bad signature: expected one that a trusted key made and, in a token, an accepted JOSE header"
    )]
    BadSignature,
    /// More bytes arrived, or were declared, than the limit allows.
    #[error(
        "body too large: expected at most {limit} bytes (a smaller limit of the framework may apply)"
    )]
    #[non_exhaustive]
    BodyTooLarge {
        /// The verifier's own limit, in bytes.
        limit: usize,
    },
    /// The client disconnected before the body was complete, a deadline passed, or the body has
    /// another length than declared.
    #[error("unreadable body: expected a complete body")]
    BodyUnreadable,
    /// The verifier's clock failed, or is before 1970.
    #[error("unreadable clock: expected a time after 1970-01-01")]
    ClockUnavailable,
    /// The signed expiry has passed, leeway included.
    #[error("expired token: valid until {expires_at}, verified at {now}")]
    #[non_exhaustive]
    Expired {
        /// Signed expiry, in Unix seconds.
        expires_at: u64,
        /// Time of the verifier's clock, in Unix seconds.
        now: u64,
    },
    /// The token is genuine, and its claims break a rule.
    #[error("invalid claims: {0}")]
    InvalidClaims(InvalidClaimsReason),
    /// The token is genuine, and names another invoice than the body.
    #[error("invoice mismatch: expected the body to name the invoice of the token")]
    InvoiceMismatch,
    /// The body, or a signed query, does not have the documented form.
    #[error("malformed: {0}")]
    Malformed(MalformedReason),
    /// The method of the request is not the one that the provider uses.
    #[error("method not allowed: expected {}", allow.as_str())]
    #[non_exhaustive]
    MethodNotAllowed {
        /// Accepted method.
        allow: Method,
    },
    /// The application registered no [`Verifier`](crate::Verifier).
    #[error("not configured: expected a registered verifier")]
    NotConfigured,
    /// The callback is genuine and a test: an id, address or transaction begins with `TEST_`, and
    /// tests are not allowed.
    #[error("test callback: expected no value that begins with `TEST_`")]
    TestCallback,
    /// The token or signature is missing or blank.
    #[error("missing signature: expected a token or signature that is not blank")]
    Unsigned,
    /// The request has no content type, several, or one that is not accepted; or the body is
    /// encoded.
    #[error(
        "unsupported media type: expected one accepted content type, and no content encoding other than `identity`"
    )]
    UnsupportedMediaType,
}

/// Rule that the claims of a genuine token break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaimsReason {
    /// `exp` is later than the configured ceiling on the lifetime allows.
    #[error("expected `exp` within the configured lifetime")]
    LifetimeTooLong,
    /// `nbf` is in the future, leeway included.
    #[error("expected `nbf` in the past")]
    NotYetValid,
    /// `id`, `exp` or `nbf` is missing, repeated, of a wrong type or out of range.
    #[error("expected one usable `id`, one usable `exp` and at most one `nbf`")]
    Unusable,
}

/// Rule that a body, or a signed query, breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedReason {
    /// A field that verification needs is absent.
    #[error("missing field `{0}`")]
    Missing(&'static str),
    /// A known field occurs more than once.
    #[error("repeated field `{0}`: expected it at most once")]
    Repeated(&'static str),
    /// The body is not a complete, well-formed document of the declared media type, or a known
    /// field of a form or query is not strictly encoded. A JSON value that is not needed may be
    /// malformed inside.
    #[error("expected valid syntax and text encoding")]
    Syntax,
    /// A known field has a value that it cannot have.
    #[error("invalid field `{0}`: expected the documented type and range")]
    Value(&'static str),
}

impl Rejection {
    /// Creates the rejection of a body that exceeds a size limit, of the framework or of the
    /// verifier.
    ///
    /// `limit` is the verifier's, in bytes.
    #[must_use]
    pub const fn body_too_large(limit: usize) -> Self {
        Self::BodyTooLarge { limit }
    }

    /// Logs that an adapter found neither a verifier of `P` nor a value that one verified, and what
    /// it `looked_for`. Returns the rejection to reply with.
    #[must_use]
    pub fn not_configured<P: Provider>(looked_for: &'static str) -> Self {
        let rejection = Self::NotConfigured;
        log::not_configured::<P>(&rejection, looked_for);
        rejection
    }

    /// Returns the stable name of the class, for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.row().0
    }

    /// Returns status, headers and public text, which are the same for the whole class.
    pub const fn reply(&self) -> Reply {
        self.row().1
    }

    /// Returns the [`reply`](Self::reply) to a postback of `P`, with
    /// [`Provider::UNVERIFIED_STATUS`] in place of 401.
    pub const fn reply_to<P: Provider>(&self) -> Reply {
        const {
            assert!(
                P::UNVERIFIED_STATUS >= 400 && P::UNVERIFIED_STATUS <= 599,
                "invalid `Provider::UNVERIFIED_STATUS`: expected 400 to 599"
            );
        }
        match self.reply() {
            reply if reply.status() == UNVERIFIED.status() && P::UNVERIFIED_STATUS != 401 => {
                Reply::rejection(P::UNVERIFIED_STATUS, &[], UNVERIFIED.body())
            }
            reply => reply,
        }
    }

    /// Returns code, status, headers and text: the only table of them.
    const fn row(&self) -> (&'static str, Reply) {
        match self {
            Self::BadSignature => ("bad_signature", UNVERIFIED),
            Self::BodyTooLarge { .. } => (
                "body_too_large",
                Reply::rejection(413, &[], r#"{"error":"Postback too large"}"#),
            ),
            Self::BodyUnreadable => ("body_unreadable", MALFORMED),
            Self::ClockUnavailable => ("clock_unavailable", NOT_CONFIGURED),
            Self::Expired { .. } => ("expired", UNVERIFIED),
            Self::InvalidClaims(_) => ("invalid_claims", UNVERIFIED),
            Self::InvoiceMismatch => ("invoice_mismatch", UNVERIFIED),
            Self::Malformed(_) => ("malformed", MALFORMED),
            Self::MethodNotAllowed { allow } => (
                "method_not_allowed",
                Reply::rejection(
                    405,
                    match allow {
                        Method::Get => const { &[("allow", Method::Get.as_str())] },
                        Method::Post => const { &[("allow", Method::Post.as_str())] },
                    },
                    r#"{"error":"Method not allowed"}"#,
                ),
            ),
            Self::NotConfigured => ("not_configured", NOT_CONFIGURED),
            Self::TestCallback => ("test_callback", UNVERIFIED),
            Self::Unsigned => ("unsigned", UNVERIFIED),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                Reply::rejection(415, &[], r#"{"error":"Unsupported media type"}"#),
            ),
        }
    }
}

const MALFORMED: Reply = Reply::rejection(400, &[], r#"{"error":"Malformed postback"}"#);
const NOT_CONFIGURED: Reply = Reply::rejection(500, &[], r#"{"error":"Not configured"}"#);
const UNVERIFIED: Reply = Reply::rejection(
    401,
    &[("www-authenticate", "Postback")],
    r#"{"error":"Unverified postback"}"#,
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Pins the statuses, texts and headers that the documentation promises.
    #[test]
    fn each_class_has_one_reply() {
        let unverified = (
            401,
            r#"{"error":"Unverified postback"}"#,
            Some(("www-authenticate", "Postback")),
        );
        let malformed = (400, r#"{"error":"Malformed postback"}"#, None);
        let not_configured = (500, r#"{"error":"Not configured"}"#, None);
        let method = |name| {
            (
                405,
                r#"{"error":"Method not allowed"}"#,
                Some(("allow", name)),
            )
        };
        let cases = [
            (Rejection::BadSignature, "bad_signature", unverified),
            (
                Rejection::body_too_large(1),
                "body_too_large",
                (413, r#"{"error":"Postback too large"}"#, None),
            ),
            (Rejection::BodyUnreadable, "body_unreadable", malformed),
            (
                Rejection::ClockUnavailable,
                "clock_unavailable",
                not_configured,
            ),
            (
                Rejection::Expired {
                    expires_at: 1,
                    now: 2,
                },
                "expired",
                unverified,
            ),
            (
                Rejection::InvalidClaims(InvalidClaimsReason::Unusable),
                "invalid_claims",
                unverified,
            ),
            (Rejection::InvoiceMismatch, "invoice_mismatch", unverified),
            (
                Rejection::Malformed(MalformedReason::Syntax),
                "malformed",
                malformed,
            ),
            (
                Rejection::MethodNotAllowed { allow: Method::Get },
                "method_not_allowed",
                method("GET"),
            ),
            (
                Rejection::MethodNotAllowed {
                    allow: Method::Post,
                },
                "method_not_allowed",
                method("POST"),
            ),
            (Rejection::NotConfigured, "not_configured", not_configured),
            (Rejection::TestCallback, "test_callback", unverified),
            (Rejection::Unsigned, "unsigned", unverified),
            (
                Rejection::UnsupportedMediaType,
                "unsupported_media_type",
                (415, r#"{"error":"Unsupported media type"}"#, None),
            ),
        ];
        for (rejection, code, (status, body, further)) in cases {
            let reply = rejection.reply();
            assert_eq!(rejection.code(), code);
            assert_eq!((reply.status(), reply.body()), (status, body), "{code}");
            let mut expected = vec![
                ("content-type", "application/json"),
                ("cache-control", "no-store"),
            ];
            expected.extend(further);
            let headers: Vec<_> = reply.headers().collect();
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            assert_eq!(headers, expected, "{code}");
        }
    }
}
