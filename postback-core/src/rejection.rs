use crate::{Method, Provider, Reply, log};

/// Error returned when a postback is rejected.
///
/// The variant and its text are for the operator's log. The sender learns only the class of the
/// rejection: see [`reply`](Self::reply).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// No trusted key made the signature, or the token breaks a rule of JOSE.
    #[error("the signature is not genuine")]
    BadSignature,
    /// More bytes arrived, or were declared, than the limit allows.
    #[error("the body exceeds {limit} bytes, or a smaller limit of the framework")]
    #[non_exhaustive]
    BodyTooLarge {
        /// The verifier's own limit, in bytes.
        limit: usize,
    },
    /// The client broke off before the body was complete, or a deadline ended it.
    #[error("the body could not be read to its end")]
    BodyUnreadable,
    /// The verifier's clock failed, or stands before 1970.
    #[error("the clock cannot be read")]
    ClockUnavailable,
    /// The signed expiry has passed, leeway included.
    #[error("the token expired at {expires_at}, the clock says {now}")]
    #[non_exhaustive]
    Expired {
        /// The signed expiry, in Unix seconds.
        expires_at: u64,
        /// The verifier's clock, in Unix seconds.
        now: u64,
    },
    /// A genuine token whose claims break a rule.
    #[error("invalid claims: {0}")]
    InvalidClaims(InvalidClaimsReason),
    /// A genuine token about another invoice than the body's.
    #[error("the token is about another invoice")]
    InvoiceMismatch,
    /// The body, or a signed query, does not have the documented form.
    #[error("malformed: {0}")]
    Malformed(MalformedReason),
    /// The request's method is not the one that the provider uses.
    #[error("the method is not {}", allow.as_str())]
    #[non_exhaustive]
    MethodNotAllowed {
        /// The one method accepted.
        allow: Method,
    },
    /// The application registered no [`Verifier`](crate::Verifier).
    #[error("no verifier is registered")]
    NotConfigured,
    /// A genuine callback about a test: an id, address or transaction begins with `TEST_`, and tests were
    /// not allowed.
    #[error("the callback is a test")]
    TestCallback,
    /// There is no token or signature, or a blank one.
    #[error("there is no signature")]
    Unsigned,
    /// There is not exactly one acceptable content type, or the body is encoded.
    #[error("the content type or content encoding is not accepted")]
    UnsupportedMediaType,
}

/// The rule that the claims of a genuine token break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaimsReason {
    /// `exp` lies further ahead than the configured ceiling allows.
    #[error("`exp` lies beyond the configured lifetime")]
    LifetimeTooLong,
    /// `nbf` lies ahead, leeway included.
    #[error("`nbf` lies ahead")]
    NotYetValid,
    /// `id`, `exp` or `nbf` is missing, repeated, of a wrong type or out of range.
    #[error("`id`, `exp` or `nbf` is missing, repeated, of a wrong type or out of range")]
    Unusable,
}

/// The rule that a body, or a signed query, breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedReason {
    /// A field that verification needs is absent.
    #[error("field `{0}` is missing")]
    Missing(&'static str),
    /// A known field occurs more than once.
    #[error("field `{0}` is repeated")]
    Repeated(&'static str),
    /// The body is not a complete, well-formed document of the announced media type, or a known field of a
    /// form or query is not strictly encoded.
    #[error("syntax or text encoding")]
    Syntax,
    /// A known field has a value that it cannot have.
    #[error("field `{0}` has a wrong type or is out of range")]
    Value(&'static str),
}

impl Rejection {
    /// For an adapter whose framework stopped at a size limit, its own or the verifier's.
    ///
    /// `limit` is the verifier's, in bytes.
    #[must_use]
    pub const fn body_too_large(limit: usize) -> Self {
        Self::BodyTooLarge { limit }
    }

    /// Tells the operator's log that an adapter finds no verifier of `P`, nor a value that one
    /// verified, and what it `looked_for`; the refusal is for the adapter to answer with.
    #[must_use]
    pub fn not_configured<P: Provider>(looked_for: &'static str) -> Self {
        let rejection = Self::NotConfigured;
        log::not_configured::<P>(&rejection, looked_for);
        rejection
    }

    /// The stable name of the class, for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.row().0
    }

    /// Returns status, headers and public text: the same for the whole class.
    pub const fn reply(&self) -> Reply {
        self.row().1
    }

    /// Returns the same as [`reply`](Self::reply) for a postback of `P`, which may have
    /// [another status](Provider::UNVERIFIED_STATUS) for those that are not verified.
    pub const fn reply_to<P: Provider>(&self) -> Reply {
        const {
            assert!(
                P::UNVERIFIED_STATUS >= 400 && P::UNVERIFIED_STATUS <= 599,
                "the status of a rejection is from 400 to 599"
            );
        }
        match self.reply() {
            reply if reply.status() == UNVERIFIED.status() && P::UNVERIFIED_STATUS != 401 => {
                Reply::rejection(P::UNVERIFIED_STATUS, &[], UNVERIFIED.body())
            }
            reply => reply,
        }
    }

    /// The one table of codes, statuses, headers and texts of the family.
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

    /// The statuses, texts and headers that the documentation promises, class by class.
    #[test]
    fn each_class_has_one_answer() {
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
            let answer = rejection.reply();
            assert_eq!(rejection.code(), code);
            assert_eq!((answer.status(), answer.body()), (status, body), "{code}");
            let mut expected = vec![
                ("content-type", "application/json"),
                ("cache-control", "no-store"),
            ];
            expected.extend(further);
            let headers: Vec<_> = answer.headers().collect();
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            assert_eq!(headers, expected, "{code}");
        }
    }
}
