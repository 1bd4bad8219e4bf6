use std::error::Error;

use super::{Findings, Hint, findings::printable};
#[cfg(feature = "cryptapi")]
use crate::cryptapi::{BindError, CallbackProvider, Expected};
use crate::{Provider, Rejection, Retry, Verified, Verifier};

/// Returns whether rejections are logged, so that hints are searched for.
pub(crate) fn is_enabled() -> bool {
    tracing::enabled!(target: "postback", tracing::Level::WARN)
}

pub(crate) fn abandoned<P: Provider>(verifier: &Verifier<P>) {
    tracing::warn!(
        target: "postback",
        provider = P::NAME,
        project = verifier.project(),
        "postback abandoned",
    );
}

/// Logs the code and the causes of a [`Retry`].
pub(crate) fn not_acknowledged(retry: &Retry) {
    let mut causes = Vec::new();
    let mut next = retry.source();
    while let Some(cause) = next {
        causes.push(printable(cause.to_string().as_bytes()));
        next = cause.source();
    }
    let cause = (!causes.is_empty()).then(|| causes.join(": "));
    let id = retry.id().map(|id| printable(id.as_bytes()));
    let code = retry.code();
    match retry.is_expected() {
        true => {
            tracing::warn!(target: "postback", code, id, cause, "postback not acknowledged");
        }
        false => {
            tracing::error!(target: "postback", code, id, cause, "postback not acknowledged");
        }
    }
}

#[cfg(feature = "cryptapi")]
pub(crate) fn not_bound<P: CallbackProvider>(
    callback: &Verified<P>,
    expected: &Expected,
    error: BindError,
) {
    if !is_enabled() {
        return;
    }
    let (expected, received) = error.compared(callback, expected);
    let printable = |text: &str| printable(text.as_bytes());
    let expected = expected.as_deref().map(printable);
    let received = received.as_deref().map(printable);
    tracing::warn!(
        target: "postback",
        provider = P::NAME,
        project = callback.project(),
        uuid = printable(callback.unbound().uuid()),
        variant = ?error,
        expected,
        received,
        "callback not bound",
    );
}

pub(crate) fn not_configured<P: Provider>(rejection: &Rejection, looked_for: &str) {
    tracing::error!(
        target: "postback",
        provider = P::NAME,
        code = rejection.code(),
        variant = ?rejection,
        looked_for,
        "postback rejected",
    );
}

pub(crate) fn rejected<P: Provider>(
    verifier: &Verifier<P>,
    rejection: &Rejection,
    findings: &Findings,
) {
    let request = findings.request.as_deref();
    match rejection {
        Rejection::ClockUnavailable | Rejection::NotConfigured => tracing::error!(
            target: "postback",
            provider = P::NAME,
            project = verifier.project(),
            code = rejection.code(),
            variant = ?rejection,
            "postback rejected",
        ),
        _ => tracing::warn!(
            target: "postback",
            provider = P::NAME,
            project = verifier.project(),
            code = rejection.code(),
            variant = ?rejection,
            method = request.and_then(|it| it.method.as_deref()),
            content_type = request.and_then(|it| it.content_type.as_deref()),
            content_encoding = request.and_then(|it| it.content_encoding.as_deref()),
            checked_url = request.and_then(|it| it.checked_url.as_deref()),
            query_length = request.and_then(|it| it.query_length),
            invoice_id = findings.invoice_id.as_deref(),
            uuid = findings.uuid.as_deref(),
            hint = findings.hint.map(Hint::as_str),
            "postback rejected",
        ),
    }
}

pub(crate) fn verified<P: Provider>(verified: &Verified<P>, now: u64) {
    if !tracing::enabled!(target: "postback", tracing::Level::INFO) {
        return;
    }
    let fields = P::log_fields(verified.payload());
    let printable = |id: &str| printable(id.as_bytes());
    let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    tracing::info!(
        target: "postback",
        provider = P::NAME,
        project = verified.project(),
        invoice_id = fields.invoice_id.map(printable),
        uuid = fields.uuid.map(printable),
        key_label = verified.key_label(),
        expires_in_s = fields.expires_at.map(|time| seconds(time).saturating_sub(seconds(now))),
        unreadable = (!fields.unreadable.is_empty()).then(|| fields.unreadable.join(",")),
        "postback verified",
    );
}
