use std::fmt;

use crate::ConfigError;

/// Public origin of an application: the scheme, host and port that callback URLs begin with.
///
/// It is compared literally, because it is part of what is signed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Origin(Box<str>);

/// Flaw of a text that was configured as an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginFlaw {
    /// The port is the scheme's own, which callback URLs do not write.
    DefaultPort,
    /// The host is neither a host name of labels and dots nor an IPv4 address.
    Host,
    /// The host is an IPv6 address.
    Ipv6,
    /// The host is not ASCII. Callback URLs have its ASCII form, `xn--…`.
    NotAscii,
    /// A path, a query or a fragment follows the host or port, even if it is only a slash.
    Path,
    /// The port is not a number from 1 to 65535 without leading zeros.
    Port,
    /// The text does not begin with `http://` or `https://`.
    Scheme,
    /// The text has an upper-case letter, which callback URLs do not have.
    UpperCase,
    /// The text has a user name or a password.
    UserInfo,
    /// The text has white space.
    WhiteSpace,
}

impl Origin {
    /// Parses `scheme://host[:port]` in lower case, as RFC 6454 writes an origin: `http` or
    /// `https`, an ASCII host name or an IPv4 address, and a port if it is not the scheme's own.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        match flaw(text) {
            None => Ok(Self(text.into())),
            Some(flaw) => Err(ConfigError::InvalidOrigin {
                origin: without_secrets(text).into(),
                flaw,
            }),
        }
    }

    /// Splits a URL into its origin and the rest, which begins with `/`.
    #[cfg(feature = "cryptapi")]
    pub(crate) fn split(url: &str) -> Option<(Self, &str)> {
        let (_, after) = url.split_once("://")?;
        let path = after.find('/').and_then(|at| after.get(at..))?;
        Some((Self::parse(url.strip_suffix(path)?).ok()?, path))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the scheme, and what follows `://`.
    pub(super) fn parts(&self) -> (&str, &str) {
        self.0.split_once("://").unwrap_or_default()
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OriginFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DefaultPort => "the default port must be left out",
            Self::Host => "the host is neither a host name nor an IPv4 address",
            Self::Ipv6 => "IPv6 addresses are not supported",
            Self::NotAscii => "the host must have its ASCII form `xn--…`",
            Self::Path => "a path, query or fragment follows the host and port",
            Self::Port => "the port is not 1 to 65535",
            Self::Scheme => "the scheme is not http or https",
            Self::UpperCase => "it has upper-case letters",
            Self::UserInfo => "it has a user name",
            Self::WhiteSpace => "it has white space",
        })
    }
}

/// Returns a text that is not an origin without user name, password, path and query, which may hold
/// a secret.
fn without_secrets(text: &str) -> &str {
    let after = text.find("://").map_or(0, |at| at.saturating_add(3));
    let end = text
        .get(after..)
        .and_then(|rest| rest.find(['/', '?', '#']));
    let text = end.map_or(text, |end| {
        text.get(..after.saturating_add(end)).unwrap_or_default()
    });
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

/// Returns the port that a scheme has unless a URL writes another.
pub(super) fn default_port(scheme: &str) -> &'static str {
    match scheme {
        "http" => "80",
        _ => "443",
    }
}

/// Returns the first flaw of a text, or `None` if it is an origin.
fn flaw(text: &str) -> Option<OriginFlaw> {
    if text.contains(char::is_whitespace) {
        return Some(OriginFlaw::WhiteSpace);
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return Some(OriginFlaw::Scheme);
    };
    match scheme {
        "http" | "https" => {}
        _ if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            return Some(OriginFlaw::UpperCase);
        }
        _ => return Some(OriginFlaw::Scheme),
    }
    if authority.contains(['/', '?', '#']) {
        return Some(OriginFlaw::Path);
    } else if authority.contains('@') {
        return Some(OriginFlaw::UserInfo);
    } else if authority.contains('[') {
        return Some(OriginFlaw::Ipv6);
    } else if !authority.is_ascii() {
        return Some(OriginFlaw::NotAscii);
    } else if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(OriginFlaw::UpperCase);
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_port = |port: &str| {
        !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    };
    if !host.split('.').all(is_label) {
        Some(OriginFlaw::Host)
    } else if port == Some(default_port(scheme)) {
        Some(OriginFlaw::DefaultPort)
    } else if !port.is_none_or(is_port) {
        Some(OriginFlaw::Port)
    } else {
        None
    }
}

/// Returns whether a text may be a part of a host name between dots.
fn is_label(label: &str) -> bool {
    let inner =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    !label.is_empty()
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_with_flaw_is_rejected() {
        for text in [
            "https://shop.example",
            "http://shop.example",
            "http://127.0.0.1:3000",
            "http://localhost:8080",
            "https://shop-2.example:8443",
            "https://shop.example:80",
        ] {
            assert_eq!(flaw(text), None, "{text}");
        }
        for (text, expected) in [
            ("", OriginFlaw::Scheme),
            ("shop.example", OriginFlaw::Scheme),
            ("ftp://shop.example", OriginFlaw::Scheme),
            ("https://", OriginFlaw::Host),
            ("https:///", OriginFlaw::Path),
            ("https://shop.example/", OriginFlaw::Path),
            ("https://shop.example/shop", OriginFlaw::Path),
            ("https://shop.example?", OriginFlaw::Path),
            ("https://shop.example#", OriginFlaw::Path),
            ("HTTPS://shop.example", OriginFlaw::UpperCase),
            ("https://Shop.example", OriginFlaw::UpperCase),
            ("https://shop.example:443", OriginFlaw::DefaultPort),
            ("http://shop.example:80", OriginFlaw::DefaultPort),
            ("https://shop.example:", OriginFlaw::Port),
            ("https://shop.example:0", OriginFlaw::Port),
            ("https://shop.example:08443", OriginFlaw::Port),
            ("https://shop.example:65536", OriginFlaw::Port),
            ("https://shop.example:+1", OriginFlaw::Port),
            ("https://user@shop.example", OriginFlaw::UserInfo),
            ("https://user:1@shop.example", OriginFlaw::UserInfo),
            ("https://sh\u{f6}p.example", OriginFlaw::NotAscii),
            ("https://shop..example", OriginFlaw::Host),
            ("https://.example", OriginFlaw::Host),
            ("https://shop.example.", OriginFlaw::Host),
            ("https://-shop.example", OriginFlaw::Host),
            ("https://shop-.example", OriginFlaw::Host),
            ("https://*.example", OriginFlaw::Host),
            ("https://shop.example ", OriginFlaw::WhiteSpace),
            (" https://shop.example", OriginFlaw::WhiteSpace),
            ("https://shop.example/Shop", OriginFlaw::Path),
            ("https://shop.example/\u{f6}", OriginFlaw::Path),
            ("https://[::1]/Shop", OriginFlaw::Path),
            ("http://[::1]", OriginFlaw::Ipv6),
            ("http://[::1]:3000", OriginFlaw::Ipv6),
        ] {
            assert_eq!(flaw(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn error_names_origin_and_flaw() {
        assert_eq!(
            Origin::parse("https://shop.example:443")
                .unwrap_err()
                .to_string(),
            "invalid origin \"https://shop.example:443\" (the default port must be left out): \
             expected lower-case scheme://host[:port]"
        );
    }

    #[test]
    fn error_shows_no_password_path_or_query() {
        for (text, shown) in [
            ("https://user:hunter2@shop.example", "shop.example"),
            ("https://shop.example/cb?nonce=1", "https://shop.example"),
            ("https://shop.example?nonce=1", "https://shop.example"),
            ("https://a:b@shop.example/@c", "shop.example"),
            ("shop.example/cb?nonce=1", "shop.example"),
        ] {
            assert_eq!(without_secrets(text), shown, "{text}");
        }
    }

    #[cfg(feature = "cryptapi")]
    #[test]
    fn url_is_split_after_origin() {
        let (origin, path) = Origin::split("https://shop.example:8443/a//b").unwrap();
        assert_eq!(
            (origin.as_str(), path),
            ("https://shop.example:8443", "/a//b")
        );
        for text in [
            "https://shop.example",
            "/a",
            "https://shop.example?a=/",
            "a://b/",
        ] {
            assert!(Origin::split(text).is_none(), "{text}");
        }
    }
}
