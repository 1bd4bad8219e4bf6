use crate::{InvalidClaimsReason, MediaType, Rejection, UrlDifference, keys::SecretFlaw};

/// Likely cause of a rejection, for the log.
#[derive(Clone, Copy)]
pub(crate) enum Hint {
    /// The body has another length than the head declares: something in the application rewrote it.
    BodyNotAsSent,
    /// The token is genuine, and not valid until later.
    ClockBehind,
    /// The token is genuine, and valid for longer than the ceiling on lifetimes allows.
    ClockBehindOrCeilingTooLow,
    /// The content type names JSON, and the body is a form.
    FormSentAsJson,
    /// The content type names a form, and the body is JSON.
    JsonSentAsForm,
    /// A retired key that is no longer trusted made the signature.
    RetiredKey,
    /// The secret made the signature without the surrounding characters of this kind.
    Secret(SecretFlaw),
    /// The secret is a JSON web token, as API keys are.
    SecretIsApiKey,
    /// Another spelling of the URL was signed.
    SignedUrl(UrlDifference),
}

#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "read by log events only")
)]
impl Hint {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BodyNotAsSent => "body_not_as_sent",
            Self::ClockBehind => "clock_behind",
            Self::ClockBehindOrCeilingTooLow => "clock_behind_or_ceiling_too_low",
            Self::FormSentAsJson => "form_sent_as_json",
            Self::JsonSentAsForm => "json_sent_as_form",
            Self::RetiredKey => "retired_key",
            Self::Secret(SecretFlaw::Quotes) => "secret_has_quotes",
            Self::Secret(SecretFlaw::Semicolon) => "secret_has_semicolon",
            Self::Secret(SecretFlaw::WhiteSpace) => "secret_has_white_space",
            Self::SecretIsApiKey => "secret_is_api_key",
            Self::SignedUrl(difference) => difference.as_str(),
        }
    }

    /// Returns the hint that the rejection alone gives.
    pub(crate) const fn of(rejection: &Rejection) -> Option<Self> {
        match rejection {
            Rejection::InvalidClaims(InvalidClaimsReason::LifetimeTooLong) => {
                Some(Self::ClockBehindOrCeilingTooLow)
            }
            Rejection::InvalidClaims(InvalidClaimsReason::NotYetValid) => Some(Self::ClockBehind),
            _ => None,
        }
    }

    /// Returns the hint that a body with another format than `media_type` gives.
    pub(crate) fn of_mislabelled(media_type: MediaType, body: &[u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let body = body.trim_ascii();
        match (media_type, body.first()?) {
            (MediaType::Form, b'{') => Some(Self::JsonSentAsForm),
            (MediaType::Json, b'{' | b'[' | b'"') => None,
            (MediaType::Json, _) if body.contains(&b'=') => Some(Self::FormSentAsJson),
            _ => None,
        }
    }
}
