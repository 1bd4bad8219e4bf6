use crate::{InvalidClaimsReason, MediaType, Rejection, UrlDifference, keys::SecretFlaw};

/// Why a postback may have been rejected, if the cause can be told apart.
#[derive(Clone, Copy)]
pub(crate) enum Hint {
    /// The body has another length than the head declared: something on the way rewrote it.
    BodyNotAsSent,
    /// The token is genuine and from the future.
    ClockBehind,
    /// The token is genuine and lives longer than the ceiling on lifetimes.
    ClockBehindOrCeilingTooLow,
    /// The content type names JSON, and the body is a form.
    FormSentAsJson,
    /// The content type names a form, and the body is JSON.
    JsonSentAsForm,
    /// A key made the signature that was retired, and whose time has come.
    RetiredKey,
    /// The secret would have made the signature without this.
    Secret(SecretFlaw),
    /// The secret looks like an API key.
    SecretIsApiKey,
    /// Another spelling of the URL was signed.
    SignedUrl(UrlDifference),
}

#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "read for the log alone")
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

    /// Returns the hint that a rejection gives by itself.
    pub(crate) const fn of(rejection: &Rejection) -> Option<Self> {
        match rejection {
            Rejection::InvalidClaims(InvalidClaimsReason::LifetimeTooLong) => {
                Some(Self::ClockBehindOrCeilingTooLow)
            }
            Rejection::InvalidClaims(InvalidClaimsReason::NotYetValid) => Some(Self::ClockBehind),
            _ => None,
        }
    }

    /// Returns the hint that a body gives that is of another media type than the head names.
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
