use std::fmt;

use memchr::memchr;

use super::origin::Origin;
use crate::ConfigError;

/// What stands before the target that the application sees, in the URL that the provider signs: a
/// public origin, and the part of the path that a router or proxy takes off.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Base(Box<str>);

impl Base {
    pub(super) fn new(origin: &Origin) -> Self {
        Self(origin.as_str().into())
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> Result<Self, ConfigError> {
        match is_prefix(prefix) {
            true => Ok(Self([&self.0, prefix].concat().into())),
            false => Err(ConfigError::InvalidPrefix),
        }
    }

    /// Whether a URL begins with it, and goes on with a path.
    pub(super) fn begins(&self, url: &str) -> bool {
        url.strip_prefix(&*self.0)
            .is_some_and(|path| path.starts_with('/'))
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The absolute URL of a callback: a configured base, and the target as received.
pub struct SignedUrl {
    url: String,
    target_at: usize,
}

impl SignedUrl {
    /// `None` if the target does not begin with a slash: it would go on where the host ends.
    pub(super) fn new(base: &Base, target: &str) -> Option<Self> {
        target.starts_with('/').then(|| Self {
            url: [&base.0, target].concat(),
            target_at: base.0.len(),
        })
    }

    /// The same target behind another base.
    pub(super) fn behind(&self, base: &Base) -> Self {
        let target = self.url.get(self.target_at..).unwrap_or_default();
        Self {
            url: [&base.0, target].concat(),
            target_at: base.0.len(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.url
    }

    /// Where the query begins: behind the first question mark, or at the end.
    pub(super) fn query_at(&self) -> usize {
        self.url.len().saturating_sub(query(&self.url).len())
    }

    pub(super) fn into_string(self) -> String {
        self.url
    }
}

/// Shows nothing: the query may hold a nonce.
impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrl(..)")
    }
}

/// What stands behind the first question mark of a URL or target.
pub(super) fn query(url: &str) -> &str {
    let at = memchr(b'?', url.as_bytes());
    at.and_then(|at| url.get(at.saturating_add(1)..))
        .unwrap_or_default()
}

/// One or more segments of a path, each with its slash in front, as they stand in a URL.
fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| is_unreserved(byte) || b"%!$&'()*+,;=:@".contains(&byte);
    let segment = |segment: &str| !segment.is_empty() && segment.bytes().all(plain);
    prefix
        .strip_prefix('/')
        .is_some_and(|segments| segments.split('/').all(segment))
}

/// Whether a URL never escapes it (RFC 3986, section 2.3).
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_path_without_a_slash_at_its_end() {
        let base = Base::new(&Origin::parse("https://shop.example").unwrap());
        let prefixed = base.with_prefix("/shop/eu").unwrap();
        let url = SignedUrl::new(&prefixed, "/callback?a=1?b").unwrap();
        assert_eq!(url.as_str(), "https://shop.example/shop/eu/callback?a=1?b");
        assert_eq!(url.as_str().get(url.query_at()..), Some("a=1?b"));
        assert_eq!(
            url.behind(&base).as_str(),
            "https://shop.example/callback?a=1?b"
        );
        for prefix in [
            "", "/", "shop", "/shop/", "//shop", "/a b", "/a?b", "/a#b", "/\u{e4}", ".evil",
        ] {
            let refused = Err(ConfigError::InvalidPrefix);
            assert_eq!(base.with_prefix(prefix), refused, "{prefix}");
        }
    }

    #[test]
    fn a_target_never_goes_on_where_the_host_ends() {
        let base = Base::new(&Origin::parse("https://shop.example").unwrap());
        for target in ["", ".evil.example/", ":80/", "@evil.example/", "?a=1", "*"] {
            assert!(SignedUrl::new(&base, target).is_none(), "{target}");
        }
    }
}
