use std::fmt;

use crate::ConfigError;

/// Where the shop can be reached from outside: scheme, host and port as callback URLs begin.
///
/// It is taken literally, for it is part of what is signed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin(Box<str>);

impl Origin {
    /// Takes `scheme://host[:port]` in lower case, as RFC 6454 writes an origin: `http` or `https`, an
    /// ASCII host name or an IPv4 address, and a port that is not the scheme's own.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        match is_origin(text) {
            true => Ok(Self(text.into())),
            false => Err(ConfigError::InvalidOrigin),
        }
    }

    /// Splits a URL into its origin and the rest, which begins with `/`.
    pub(super) fn split(url: &str) -> Result<(Self, &str), ConfigError> {
        let (_, after) = url.split_once("://").ok_or(ConfigError::InvalidOrigin)?;
        let path = after.find('/').and_then(|at| after.get(at..));
        let path = path.ok_or(ConfigError::InvalidOrigin)?;
        let origin = url.strip_suffix(path).unwrap_or_default();
        Ok((Self::parse(origin)?, path))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn is_origin(text: &str) -> bool {
    let (default_port, authority) = match text.split_once("://") {
        Some(("http", authority)) => ("80", authority),
        Some(("https", authority)) => ("443", authority),
        _ => return false,
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_port = |port: &str| {
        port != default_port
            && !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// A part of a host name between dots.
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
    fn an_origin_is_literal() {
        for text in [
            "https://shop.example",
            "http://shop.example",
            "http://127.0.0.1:3000",
            "http://localhost:8080",
            "https://shop-2.example:8443",
            "https://shop.example:80",
        ] {
            assert!(Origin::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "shop.example",
            "https://",
            "https:///",
            "https://shop.example/",
            "https://shop.example/shop",
            "https://shop.example?",
            "https://shop.example#",
            "HTTPS://shop.example",
            "https://Shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:08443",
            "https://shop.example:65536",
            "https://shop.example:+1",
            "https://user@shop.example",
            "https://user:1@shop.example",
            "https://sh\u{f6}p.example",
            "https://shop..example",
            "https://.example",
            "https://shop.example.",
            "https://-shop.example",
            "https://shop-.example",
            "https://shop.example ",
            " https://shop.example",
            "https://*.example",
            "ftp://shop.example",
            "http://[::1]",
        ] {
            assert_eq!(
                Origin::parse(text),
                Err(ConfigError::InvalidOrigin),
                "{text}"
            );
        }
    }

    #[test]
    fn a_url_begins_with_its_origin() {
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
            assert!(Origin::split(text).is_err(), "{text}");
        }
    }
}
