use std::fmt;

/// Only difference between the URL that was signed and the one that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlDifference {
    /// The signed URL writes the scheme's own port, such as `:443`.
    DefaultPort,
    /// The signed URL is encoded once less: `%2F` for `%252F`.
    EncodedOnceLess,
    /// The signed URL is encoded once more: `%252F` for `%2F`. Some clients of the providers encode
    /// a callback URL twice.
    EncodedOnceMore,
    /// The signed URL writes the digits of escapes in the other case: `%2f` for `%2F`.
    EscapeCase,
    /// The signed URL has other characters escaped: `%7E` for `~`, `:` for `%3A`, or `+` for `%20`.
    Escapes,
    /// The signed URL begins with `http://`.
    Http,
    /// The signed URL begins with `https://`.
    Https,
    /// The signed URL lacks the configured prefix, or leading segments of the request's path.
    NoPrefix,
    /// The signed URL has no `www.` in front of the host.
    NoWww,
    /// The signed URL has a prefix in front of the path of the stored one. Only binding finds this.
    Prefix,
    /// Only one of the signed URL and the request has a slash at the end of the path.
    TrailingSlash,
    /// The signed URL has `www.` in front of the host.
    Www,
}

impl UrlDifference {
    /// Returns the stable name, as in the `hint` of a log event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DefaultPort => "signed_with_default_port",
            Self::EncodedOnceLess => "signed_encoded_once_less",
            Self::EncodedOnceMore => "signed_encoded_once_more",
            Self::EscapeCase => "signed_with_other_escape_case",
            Self::Escapes => "signed_with_other_escapes",
            Self::Http => "signed_for_http",
            Self::Https => "signed_for_https",
            Self::NoPrefix => "signed_without_prefix",
            Self::NoWww => "signed_without_www",
            Self::Prefix => "signed_with_prefix",
            Self::TrailingSlash => "signed_with_other_trailing_slash",
            Self::Www => "signed_with_www",
        }
    }
}

/// Shows the stable name.
impl fmt::Display for UrlDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
