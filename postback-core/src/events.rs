//! What the operator's log says of each postback, with the feature `tracing`; nothing without it.

use crate::{ClaimsDefect, Provider, Rejection, Verified, Verifier};

/// Why a postback may have been refused, where the cause can be told apart.
#[derive(Clone, Copy)]
pub(crate) enum Hint {
    /// The body has another length than the head declared: something on the way rewrote it.
    BodyNotAsSent,
    /// The token is genuine and from the future.
    ClockBehind,
    /// The token is genuine and lives longer than the ceiling on lifetimes.
    ClockBehindOrCeilingTooLow,
    /// A key made the signature that was retired, and whose time has come.
    RetiredKey,
    /// The secret would have made the signature, had it no white space at its ends.
    SecretHasWhiteSpace,
}

impl Hint {
    #[cfg(feature = "tracing")]
    const fn as_str(self) -> &'static str {
        match self {
            Self::BodyNotAsSent => "body_not_as_sent",
            Self::ClockBehind => "clock_behind",
            Self::ClockBehindOrCeilingTooLow => "clock_behind_or_ceiling_too_low",
            Self::RetiredKey => "retired_key",
            Self::SecretHasWhiteSpace => "secret_has_white_space",
        }
    }

    /// What the refusal gives away, of a body that was `rewritten` since its length was declared.
    pub(crate) const fn of(rejection: &Rejection, rewritten: bool) -> Option<Self> {
        match rejection {
            Rejection::InvalidClaims(ClaimsDefect::LifetimeTooLong) => {
                Some(Self::ClockBehindOrCeilingTooLow)
            }
            Rejection::InvalidClaims(ClaimsDefect::NotYetValid) => Some(Self::ClockBehind),
            Rejection::BadSignature
            | Rejection::InvoiceMismatch
            | Rejection::Malformed(_)
            | Rejection::Unsigned
                if rewritten =>
            {
                Some(Self::BodyNotAsSent)
            }
            _ => None,
        }
    }
}

/// Whether anybody reads why a postback was refused, so that it is worth finding out.
pub(crate) fn refusals_are_read() -> bool {
    #[cfg(feature = "tracing")]
    {
        tracing::enabled!(target: "postback", tracing::Level::WARN)
    }
    #[cfg(not(feature = "tracing"))]
    {
        false
    }
}

#[cfg(feature = "tracing")]
pub(crate) fn accepted<P: Provider>(verified: &Verified<P>, now: u64) {
    let summary = P::summary(verified.event());
    let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    tracing::info!(
        target: "postback",
        provider = P::NAME,
        scope = verified.scope(),
        invoice_id = summary.invoice_id,
        uuid = summary.uuid,
        key_label = verified.key_label(),
        expires_in_s = summary.expires_at.map(|time| seconds(time).saturating_sub(seconds(now))),
        "postback accepted",
    );
}

#[cfg(feature = "tracing")]
pub(crate) fn refused<P: Provider>(
    verifier: &Verifier<P>,
    rejection: &Rejection,
    hint: Option<Hint>,
) {
    let hint = hint.map(Hint::as_str);
    match rejection {
        Rejection::ClockUnavailable => tracing::error!(
            target: "postback",
            provider = P::NAME,
            scope = verifier.scope(),
            code = rejection.code(),
            variant = ?rejection,
            "postback refused",
        ),
        _ => tracing::warn!(
            target: "postback",
            provider = P::NAME,
            scope = verifier.scope(),
            code = rejection.code(),
            variant = ?rejection,
            hint,
            "postback refused",
        ),
    }
}

#[cfg(feature = "tracing")]
pub(crate) fn not_configured<P: Provider>(rejection: &Rejection, looked_for: &str) {
    tracing::error!(
        target: "postback",
        provider = P::NAME,
        code = rejection.code(),
        variant = ?rejection,
        looked_for,
        "postback refused",
    );
}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn accepted<P: Provider>(_: &Verified<P>, _: u64) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn refused<P: Provider>(_: &Verifier<P>, _: &Rejection, _: Option<Hint>) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn not_configured<P: Provider>(_: &Rejection, _: &str) {}
