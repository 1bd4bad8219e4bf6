use std::{error::Error, fmt, time::Duration};

use crate::{Reply, log, reconcile::ReconcileError};

/// Error returned by a handler that does not acknowledge a verified postback. It asks the provider
/// to send it again.
///
/// CryptAPI and BlockBee send a postback again that was not acknowledged. Whether CryptoCloud and
/// Trybit do is not documented.
///
/// Return it where the application cannot credit the payment now: **the provider does not send an
/// acknowledged postback again.** A handler that returns it can use `?` throughout, because each
/// adapter has a `Retry` of its own, which implements `From` for every type that converts into this
/// one.
///
/// | code | status | when |
/// |---|---|---|
/// | `unknown_order` | 404 | the application has no such order, or the callback is not bound to it |
/// | `in_flight` | 409 | another delivery of the payment is being handled |
/// | `effect_failed` | 503 | the effect failed |
/// | `lease_expired` | 503 | the lease of the effect ended, and the effect was begun again or dismissed |
/// | `misconfigured` | 503 | the application is configured wrongly, or cannot read what it stored with the order |
/// | `price_not_comparable` | 503 | the price of the order cannot be compared with the payment, or the id of the payment is invalid |
/// | `store_unavailable` | 503 | the store failed or is busy |
///
/// Each reply has a `Retry-After` header: for `in_flight` the time until the lease of the other
/// delivery ends, unless it is extended, rounded up to whole seconds and at least one; otherwise 60
/// seconds.
#[derive(Debug)]
pub struct Retry {
    id: Option<String>,
    reason: RetryReason,
}

/// Reason for which a handler does not acknowledge a postback.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryReason {
    /// The effect failed, and is not recorded as done.
    #[error("effect failed")]
    EffectFailed(#[source] Cause),
    /// Another delivery of the same payment is being handled, and may fail.
    #[error(
        "another delivery of the payment is being handled: its lease ends in {held_for:?} unless it is extended"
    )]
    #[non_exhaustive]
    InFlight {
        /// Time until the lease of the other delivery ends, unless it is extended.
        held_for: Duration,
    },
    /// The lease ended before the effect was done, and another worker has begun the effect since,
    /// or a person has dismissed it.
    #[error("lease expired, and the effect was begun again or dismissed")]
    LeaseExpired,
    /// The application is configured wrongly, or cannot read what it stored with the order.
    #[error("application is misconfigured")]
    Misconfigured(#[source] Cause),
    /// The price of the order cannot be compared with the payment, or the id of the payment is
    /// invalid.
    #[error("payment cannot be compared with the price of the order")]
    PriceNotComparable(#[source] ReconcileError),
    /// The store failed or is busy, so it is unknown whether the payment was credited.
    #[error("store failed or is busy")]
    StoreUnavailable(#[source] Cause),
    /// The application has no such order. The postback is genuine, so find out which order was
    /// paid.
    #[error("unknown order")]
    #[non_exhaustive]
    UnknownOrder {
        /// Error returned by `bind`, if an order was found and the callback is not bound to it.
        #[source]
        cause: Option<Cause>,
    },
}

type Cause = Box<dyn Error + Send + Sync>;

impl Retry {
    /// Creates the error for a postback without an order.
    ///
    /// `id` is the value that the order was looked up by: the signed invoice id, or a `uuid`.
    #[must_use]
    pub fn unknown_order(id: impl Into<String>) -> Self {
        Self::from(RetryReason::UnknownOrder { cause: None }).with_id(id)
    }

    /// Creates the error for a callback that is not bound to the order that was found for `id`.
    #[must_use]
    pub fn not_bound(id: impl Into<String>, error: impl Into<Cause>) -> Self {
        let cause = Some(error.into());
        Self::from(RetryReason::UnknownOrder { cause }).with_id(id)
    }

    /// Creates the error for a store that failed or is busy.
    #[must_use]
    pub fn store_unavailable(error: impl Into<Cause>) -> Self {
        RetryReason::StoreUnavailable(error.into()).into()
    }

    /// Creates the error for an application that is configured wrongly, or that cannot read what it
    /// stored.
    #[must_use]
    pub fn misconfigured(error: impl Into<Cause>) -> Self {
        RetryReason::Misconfigured(error.into()).into()
    }

    /// Creates the error for an effect that failed.
    #[must_use]
    pub fn effect_failed(error: impl Into<Cause>) -> Self {
        RetryReason::EffectFailed(error.into()).into()
    }

    /// Creates the error for a payment that another delivery is handling, under a lease that ends
    /// in `held_for` unless it is extended.
    #[must_use]
    pub const fn in_flight(held_for: Duration) -> Self {
        Self {
            id: None,
            reason: RetryReason::InFlight { held_for },
        }
    }

    /// Adds the signed id of the payment, which is logged.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            ..self
        }
    }

    /// Returns the id of the payment, if it was added.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the reason for which the postback is not acknowledged.
    #[must_use]
    pub const fn reason(&self) -> &RetryReason {
        &self.reason
    }

    /// Returns the stable name, for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.row().0
    }

    /// Returns status, headers and public text.
    pub const fn reply(&self) -> Reply {
        let delay = match self.reason {
            RetryReason::InFlight { held_for } => held_for,
            _ => DEFAULT_DELAY,
        };
        self.row().1.retry_after(delay)
    }

    /// Emits the log event `postback not acknowledged`, with the code, the id and the cause. The id
    /// and each error of the cause are cut to 512 bytes.
    ///
    /// Adapters call it when they create the response.
    pub fn log(&self) {
        log::not_acknowledged(self);
    }

    /// Returns whether it can happen in an application that works correctly.
    #[cfg(feature = "tracing")]
    pub(crate) const fn is_expected(&self) -> bool {
        matches!(
            self.reason,
            RetryReason::InFlight { .. } | RetryReason::UnknownOrder { .. }
        )
    }

    /// Returns code, status and text: the only table of them.
    const fn row(&self) -> (&'static str, Reply) {
        match self.reason {
            RetryReason::EffectFailed(_) => ("effect_failed", TRY_AGAIN),
            RetryReason::InFlight { .. } => (
                "in_flight",
                Reply::rejection(409, &[], r#"{"error":"In progress"}"#),
            ),
            RetryReason::LeaseExpired => ("lease_expired", TRY_AGAIN),
            RetryReason::Misconfigured(_) => ("misconfigured", TRY_AGAIN),
            RetryReason::PriceNotComparable(_) => ("price_not_comparable", TRY_AGAIN),
            RetryReason::StoreUnavailable(_) => ("store_unavailable", TRY_AGAIN),
            RetryReason::UnknownOrder { .. } => (
                "unknown_order",
                Reply::rejection(404, &[], r#"{"error":"Unknown order"}"#),
            ),
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl Error for Retry {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.source()
    }
}

impl From<RetryReason> for Retry {
    fn from(reason: RetryReason) -> Self {
        Self { id: None, reason }
    }
}

impl From<ReconcileError> for Retry {
    fn from(error: ReconcileError) -> Self {
        RetryReason::PriceNotComparable(error).into()
    }
}

/// Default delay. It equals the default lease of `postback-store`, whose tests compare the two.
const DEFAULT_DELAY: Duration = Duration::from_secs(60);

const TRY_AGAIN: Reply = Reply::rejection(503, &[], r#"{"error":"Try again later"}"#);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_id_is_returned() {
        let retry = Retry::effect_failed("no mail");
        assert_eq!(retry.id(), None);
        assert_eq!(retry.with_id("5").id(), Some("5"));
    }

    /// Pins the statuses, texts and delays that the documentation promises.
    #[test]
    fn each_code_has_one_reply() {
        let try_again = (503, r#"{"error":"Try again later"}"#, "60");
        let not_stated = ReconcileError::FiatNotStated {
            provider: "p",
            currency: "EUR".to_owned(),
        };
        let in_progress = |delay| (409, r#"{"error":"In progress"}"#, delay);
        let unknown_order = (404, r#"{"error":"Unknown order"}"#, "60");
        let cases = [
            (Retry::effect_failed("no mail"), "effect_failed", try_again),
            (
                Retry::in_flight(Duration::ZERO),
                "in_flight",
                in_progress("1"),
            ),
            (
                Retry::in_flight(Duration::from_millis(41_001)),
                "in_flight",
                in_progress("42"),
            ),
            (RetryReason::LeaseExpired.into(), "lease_expired", try_again),
            (
                Retry::misconfigured("no origin"),
                "misconfigured",
                try_again,
            ),
            (not_stated.into(), "price_not_comparable", try_again),
            (
                Retry::store_unavailable("down"),
                "store_unavailable",
                try_again,
            ),
            (Retry::unknown_order("X"), "unknown_order", unknown_order),
            (
                Retry::not_bound("X", "another coin"),
                "unknown_order",
                unknown_order,
            ),
        ];
        for (retry, code, (status, body, delay)) in cases {
            let reply = retry.reply();
            assert_eq!(retry.code(), code);
            assert_eq!((reply.status(), reply.body()), (status, body), "{code}");
            let headers: Vec<_> = reply.headers().collect();
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            let expected = [
                ("content-type", "application/json"),
                ("cache-control", "no-store"),
                ("retry-after", delay),
            ];
            assert_eq!(headers, expected, "{code}");
        }
    }
}
