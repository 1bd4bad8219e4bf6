//! What the operator's log says of each postback, with the feature `tracing`; nothing without it.

use crate::{ClaimsDefect, Provider, Rejection, Retry, Verified, Verifier};

/// What verification found out for the log of a rejection.
#[derive(Default)]
#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "read for the log alone")
)]
pub(crate) struct Found {
    pub(crate) hint: Option<Hint>,
    /// The signed ids, of a postback whose signature held.
    pub(crate) invoice_id: Option<Box<str>>,
    pub(crate) uuid: Option<Box<str>>,
}

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
        unreadable = (!summary.unreadable.is_empty()).then(|| summary.unreadable.join(",")),
        "postback accepted",
    );
}

#[cfg(feature = "tracing")]
pub(crate) fn refused<P: Provider>(verifier: &Verifier<P>, rejection: &Rejection, found: &Found) {
    let hint = found.hint.map(Hint::as_str);
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
            invoice_id = found.invoice_id.as_deref(),
            uuid = found.uuid.as_deref(),
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
pub(crate) const fn refused<P: Provider>(_: &Verifier<P>, _: &Rejection, _: &Found) {}

/// Logs why a handler asked the provider to send a postback again.
#[cfg(feature = "tracing")]
pub(crate) fn not_acknowledged(retry: &Retry) {
    use std::error::Error;

    let mut causes = Vec::new();
    let mut next = retry.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    let cause = (!causes.is_empty()).then(|| causes.join(": "));
    let (code, id) = (retry.code(), retry.id());
    match retry.is_expected() {
        true => {
            tracing::warn!(target: "postback", code, id, cause, "postback not acknowledged");
        }
        false => {
            tracing::error!(target: "postback", code, id, cause, "postback not acknowledged");
        }
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn not_configured<P: Provider>(_: &Rejection, _: &str) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn not_acknowledged(_: &Retry) {}
