use std::{fmt, iter};

use super::{
    Origin, UrlDifference, is_unreserved,
    spellings::{LONGEST_TARGET, other_spellings},
};
use crate::{ConfigError, Rejection};

/// Public origins and stripped prefix of an application: the part of a signed URL in front of the
/// request target.
///
/// Both are configured. `Host` and `X-Forwarded-*` are never read, because a provider may sign URLs
/// of any origin, and any client can send such headers.
/// [`VerifyContext::url_signature`](crate::VerifyContext::url_signature) verifies with it:
///
/// ```
/// use postback_core::PublicOrigins;
///
/// let origins = PublicOrigins::new(["https://shop.example"])?.stripped_prefix("/shop")?;
/// assert!(origins.covers("https://shop.example/shop/postback?order_id=7"));
/// assert!(!origins.covers("https://shop.example/postback?order_id=7"));
/// # Ok::<(), postback_core::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicOrigins {
    first: Origin,
    further: Vec<Origin>,
    stripped_prefix: String,
}

/// URLs that a request may have had, one for each origin. Returned by [`PublicOrigins::received`].
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedUrl {
    /// The URL with the first origin.
    first: String,
    /// The URLs with the further origins.
    further: Vec<String>,
}

impl PublicOrigins {
    /// Takes the origins of the URLs that were given to the provider, in lower case:
    /// `https://shop.example`, with a port if it is not the scheme's own.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::NoOrigin`] if `origins` is empty;
    /// - [`ConfigError::InvalidOrigin`] if one is not literally `scheme://host[:port]`.
    pub fn new<O: AsRef<str>>(origins: impl IntoIterator<Item = O>) -> Result<Self, ConfigError> {
        let mut origins = origins
            .into_iter()
            .map(|origin| Origin::parse(origin.as_ref()));
        Ok(Self {
            first: origins.next().ok_or(ConfigError::NoOrigin)??,
            further: origins.collect::<Result<_, _>>()?,
            stripped_prefix: String::new(),
        })
    }

    /// Sets a prefix that a router or proxy removes from the path before the verifier sees it, as
    /// axum's `nest` does for nested routes. Called again, it appends to the prefix.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidPrefix`] if it does not begin with a slash, ends with one, or cannot
    /// be part of a path.
    pub fn stripped_prefix(self, prefix: &str) -> Result<Self, ConfigError> {
        match is_prefix(prefix) {
            true => Ok(Self {
                stripped_prefix: self.stripped_prefix + prefix,
                ..self
            }),
            false => Err(ConfigError::InvalidPrefix {
                prefix: prefix.into(),
            }),
        }
    }

    /// Returns whether a request to this URL can verify: the URL must begin with one of the origins
    /// and the stripped prefix, followed by a path.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        let path = |origin: &Origin| {
            let path = url.strip_prefix(origin.as_str())?;
            path.strip_prefix(&*self.stripped_prefix)
        };
        self.origins()
            .any(|origin| path(origin).is_some_and(|path| path.starts_with('/')))
    }

    /// Prepares the target of a request for [`url_signature`](crate::VerifyContext::url_signature).
    /// Call it in [`Provider::inspect`](crate::Provider::inspect).
    ///
    /// # Errors
    ///
    /// [`Rejection::BadSignature`] if the target does not begin with a slash, because it would
    /// change the host.
    pub fn received(&self, target: &str) -> Result<ReceivedUrl, Rejection> {
        let url = |origin: &Origin| [origin.as_str(), &self.stripped_prefix, target].concat();
        match target.starts_with('/') {
            true => Ok(ReceivedUrl {
                first: url(&self.first),
                further: self.further.iter().map(url).collect(),
            }),
            false => Err(Rejection::BadSignature),
        }
    }

    /// Returns other spellings of the received URLs, each with its one difference.
    pub(crate) fn other_spellings(
        &self,
        received: &ReceivedUrl,
    ) -> impl Iterator<Item = (UrlDifference, String)> {
        let target = received.first.strip_prefix(self.first.as_str());
        let target = target.and_then(|it| it.strip_prefix(&*self.stripped_prefix));
        // Each spelling is hashed, and tried with each key.
        let target = target.filter(|it| it.len() <= LONGEST_TARGET);
        let spellings = target.map(|target| {
            self.origins()
                .flat_map(move |origin| other_spellings(origin, &self.stripped_prefix, target))
        });
        spellings.into_iter().flatten()
    }

    fn origins(&self) -> impl Iterator<Item = &Origin> {
        iter::once(&self.first).chain(&self.further)
    }
}

impl ReceivedUrl {
    pub(crate) fn urls(&self) -> impl Iterator<Item = &String> {
        iter::once(&self.first).chain(&self.further)
    }

    pub(crate) fn into_urls(self) -> impl Iterator<Item = String> {
        iter::once(self.first).chain(self.further)
    }
}

/// Shows nothing, because the query may hold a secret.
impl fmt::Debug for ReceivedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceivedUrl(..)")
    }
}

/// Shows the beginnings of the URLs.
impl fmt::Debug for PublicOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = |origin: &Origin| [origin.as_str(), &self.stripped_prefix].concat();
        f.debug_list().entries(self.origins().map(begin)).finish()
    }
}

/// Returns whether a text is one or more segments of a path, each with its slash in front, as in a
/// URL.
fn is_prefix(prefix: &str) -> bool {
    let is_plain = |byte: u8| is_unreserved(byte) || b"%!$&'()*+,;=:@".contains(&byte);
    let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(is_plain);
    prefix
        .strip_prefix('/')
        .is_some_and(|segments| segments.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_prefix_is_rejected() {
        let origins = || PublicOrigins::new(["https://shop.example"]).unwrap();
        let prefixed = origins().stripped_prefix("/shop/eu").unwrap();
        let url = "https://shop.example/shop/eu/callback?a=1?b".to_owned();
        let received = prefixed.received("/callback?a=1?b").unwrap();
        assert_eq!(received.urls().collect::<Vec<_>>(), [&url]);
        let spellings: Vec<_> = prefixed.other_spellings(&received).collect();
        let http = (UrlDifference::Http, url.replace("https", "http"));
        assert!(spellings.contains(&http), "{spellings:?}");
        for prefix in [
            "", "/", "shop", "/shop/", "//shop", "/a b", "/a?b", "/a#b", "/\u{e4}", ".evil",
        ] {
            let rejected = origins().stripped_prefix(prefix).unwrap_err();
            assert_eq!(
                rejected,
                ConfigError::InvalidPrefix {
                    prefix: prefix.into()
                }
            );
        }
    }

    #[test]
    fn target_without_leading_slash_is_rejected() {
        let origins = PublicOrigins::new(["https://shop.example"]).unwrap();
        for target in ["", ".evil.example/", ":80/", "@evil.example/", "?a=1", "*"] {
            let rejected = origins.received(target).err();
            assert_eq!(rejected, Some(Rejection::BadSignature), "{target}");
        }
    }
}
