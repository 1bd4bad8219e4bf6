use std::{borrow::Cow, collections::HashSet, fmt};

use aws_lc_rs::constant_time;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{CallbackSecret, fields::FieldName};
use crate::{
    UrlDifference,
    decode::form,
    public_url::{Origin, is_unreserved, other_spellings, query},
};

/// URL for the callbacks of one order, with a callback secret in its query.
///
/// Pass it to the provider's `/create/` as `callback`, and store it with the order.
///
/// [`CryptApi`](super::CryptApi) and [`BlockBee`](super::BlockBee) make and load callback URLs.
/// They reject a URL whose callbacks their verifier would reject:
///
/// ```
/// use postback_core::cryptapi::{CallbackUrlError, CryptApi};
///
/// let provider = CryptApi::get(["https://shop.example"])?;
/// let url = provider
///     .callback_url("https://shop.example/postback/cryptapi")?
///     .parameter("order_id", "93/2023")?
///     .build()?;
/// let stored = url.as_str().to_owned();
/// assert!(stored.starts_with("https://shop.example/postback/cryptapi?order_id=93%2F2023&nonce="));
/// assert_eq!(provider.stored_callback_url(&stored)?, url);
///
/// // The signed URLs begin with https.
/// let other = provider.callback_url("http://shop.example/postback/cryptapi");
/// assert!(matches!(other, Err(CallbackUrlError::ForeignOrigin(_))));
/// // `coin` is a field of the provider.
/// let reserved = provider.callback_url("https://shop.example/")?.parameter("coin", "btc");
/// assert_eq!(reserved.err(), Some(CallbackUrlError::ReservedName("coin".into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CallbackUrl {
    url: String,
    secret_name: String,
    secret: CallbackSecret,
}

/// Builder of a [`CallbackUrl`], returned by
/// [`CryptApi::callback_url`](super::CryptApi::callback_url).
#[must_use = "a builder does nothing until built"]
#[derive(Clone)]
pub struct CallbackUrlBuilder {
    url: String,
}

/// Error returned when a callback URL or its callback secret cannot be made or loaded.
///
/// It shows only the origin and path of a URL, and at most 64 plain characters of a name, so that
/// it does not show a callback secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackUrlError {
    /// The address has a query. A callback URL is built from an address without one.
    #[error("callback address has a query: expected the address of the route, without a query")]
    AddressWithQuery,
    /// The URL does not begin with one of the public origins that the provider was built with,
    /// followed by its `stripped_prefix` if one is set: its callbacks would be rejected.
    #[error(
        "foreign callback URL {0:?}: expected one of the provider's public origins, followed by its \
         `stripped_prefix` if one is set"
    )]
    ForeignOrigin(Box<str>),
    /// The address, without its query, is not a lower-case origin followed by a path of plain
    /// characters.
    #[error(
        "invalid callback address {0:?}: expected lower-case scheme://host[:port] and a path of \
         letters, digits and `-._~`, without empty, `.` or `..` segments"
    )]
    InvalidAddress(Box<str>),
    /// The name of a parameter or of the callback secret is not 1 to 64 letters, digits and
    /// `_.[]-`, or is in the URL already.
    #[error(
        "invalid parameter name {0:?}: expected 1 to 64 letters, digits and `_.[]-`, each name once"
    )]
    InvalidName(Box<str>),
    /// The query of a stored URL has a character that the builder would escape, or a broken escape,
    /// or the URL has a fragment.
    #[error(
        "invalid query in a stored callback URL: expected parameters in the encoding of the builder"
    )]
    InvalidQuery,
    /// The operating system provides no randomness.
    #[error("no randomness: expected random bytes from the operating system")]
    NoRandomness,
    /// A stored URL does not hold the callback secret exactly once.
    #[error("invalid stored callback URL: expected the callback secret exactly once")]
    NotOneSecret,
    /// A parameter has the name of a field that the provider sends, or of the callback secret.
    #[error(
        "reserved parameter name {0:?}: expected a name that neither a field of the provider nor the \
         callback secret has"
    )]
    ReservedName(Box<str>),
    /// The callback secret cannot hold 128 bits, is longer than 256 characters, has fewer than six
    /// different letters and digits, or has characters that a URL would escape.
    #[error(
        "weak callback secret: expected at least 128 bits in at most 256 letters, digits and `-._~`, \
         with at least six different letters and digits"
    )]
    WeakSecret,
}

impl CallbackUrlError {
    fn invalid_name(name: &str) -> Self {
        // The text may be a value, passed in place of a name.
        Self::InvalidName(match form::is_parameter_name(name) {
            true => name.into(),
            false => name
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .take(16)
                .collect::<String>()
                .into(),
        })
    }

    pub(super) fn foreign_origin(url: &str) -> Self {
        Self::ForeignOrigin(shown(url).into())
    }

    fn invalid_address(url: &str) -> Self {
        Self::InvalidAddress(shown(url).into())
    }
}

/// Returns the origin and the path at the beginning of a URL, without a query in any spelling.
fn shown(url: &str) -> &str {
    let Some((scheme @ ("http" | "https"), rest)) = url.split_once("://") else {
        return "";
    };
    let is_shown = |c: char| c.is_ascii_alphanumeric() || ".-_~/:".contains(c);
    let length = rest.find(|c| !is_shown(c)).unwrap_or(rest.len());
    let end = scheme
        .len()
        .saturating_add("://".len())
        .saturating_add(length);
    url.get(..end).unwrap_or_default()
}

impl CallbackUrl {
    /// Name of the query parameter in which the builder puts the callback secret.
    pub const SECRET_NAME: &str = "nonce";

    /// Starts a URL with the route's final address, without a query.
    pub(super) fn builder(address: &str) -> Result<CallbackUrlBuilder, CallbackUrlError> {
        match address.contains('?') {
            true => Err(CallbackUrlError::AddressWithQuery),
            false => Ok(CallbackUrlBuilder {
                url: checked_address(address)?.to_owned(),
            }),
        }
    }

    /// Loads a URL that was stored with its order, with the callback secret under `secret_name`. It
    /// is checked as strictly as a new one.
    pub(super) fn from_stored(secret_name: &str, url: &str) -> Result<Self, CallbackUrlError> {
        checked_address(url.split('?').next().unwrap_or_default())?;
        let is_built = |byte: u8| is_unreserved(byte) || matches!(byte, b'%' | b'&' | b'=');
        if !query(url).bytes().all(is_built) || url.contains('#') {
            return Err(CallbackUrlError::InvalidQuery);
        }
        if FieldName::named(secret_name).is_some() {
            return Err(CallbackUrlError::ReservedName(secret_name.into()));
        }
        if !form::is_parameter_name(secret_name) {
            return Err(CallbackUrlError::invalid_name(secret_name));
        }
        let mut secret = None;
        let mut seen = HashSet::new();
        for pair in form::pairs(query(url)) {
            let name = pair.any_name().unwrap_or_default();
            if FieldName::named(&name).is_some() {
                return Err(CallbackUrlError::ReservedName(name.into()));
            }
            let text = pair.text().ok_or(CallbackUrlError::InvalidQuery)?;
            let repeated = !seen.insert(name.clone());
            if name == secret_name {
                if repeated {
                    return Err(CallbackUrlError::NotOneSecret);
                }
                secret = Some(text);
            } else if repeated || !form::is_parameter_name(&name) {
                return Err(CallbackUrlError::invalid_name(&name));
            }
        }
        let secret = secret.ok_or(CallbackUrlError::NotOneSecret)?;
        Ok(Self {
            secret: CallbackSecret::from_stored(&secret)?,
            secret_name: secret_name.to_owned(),
            url: url.to_owned(),
        })
    }

    /// Returns the whole URL, with the callback secret.
    ///
    /// Store it and pass it to the provider, and keep it out of logs: a client that knows it can
    /// arrange callbacks that bind by it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Returns the callback secret in the URL.
    #[must_use]
    pub const fn secret(&self) -> &CallbackSecret {
        &self.secret
    }

    /// Returns other spellings of the URL, each with one difference.
    pub(super) fn other_spellings(&self) -> Vec<(UrlDifference, String)> {
        let parts = Origin::split(&self.url);
        parts.map_or_else(Vec::new, |(origin, target)| {
            other_spellings(&origin, "", target)
        })
    }

    pub(super) fn secret_name(&self) -> &str {
        &self.secret_name
    }
}

impl CallbackUrlBuilder {
    /// Adds a parameter of your own. Under GET it comes back signed, under POST unsigned.
    ///
    /// Prefer letters, digits and `-._~`. Whether the provider keeps the spelling of an escape is
    /// not documented, and [`Expected::callback_url`](super::Expected::callback_url) compares the
    /// spelling.
    ///
    /// # Errors
    ///
    /// - [`CallbackUrlError::ReservedName`] if the name is that of a field of the provider or of
    ///   the callback secret;
    /// - [`CallbackUrlError::InvalidName`] if the name is not plain, or is in the URL already.
    pub fn parameter(mut self, name: &str, value: &str) -> Result<Self, CallbackUrlError> {
        if FieldName::named(name).is_some() || name == CallbackUrl::SECRET_NAME {
            return Err(CallbackUrlError::ReservedName(name.into()));
        }
        let is_there = names(&self.url).any(|it| it == name);
        if !form::is_parameter_name(name) || is_there {
            return Err(CallbackUrlError::invalid_name(name));
        }
        self.append(name, value);
        Ok(self)
    }

    /// Appends a random callback secret, and returns the URL.
    ///
    /// # Errors
    ///
    /// [`CallbackUrlError::NoRandomness`] if the operating system provides no randomness.
    pub fn build(mut self) -> Result<CallbackUrl, CallbackUrlError> {
        let secret = CallbackSecret::random()?;
        self.append(CallbackUrl::SECRET_NAME, secret.as_str());
        Ok(CallbackUrl {
            url: self.url,
            secret_name: CallbackUrl::SECRET_NAME.to_owned(),
            secret,
        })
    }

    fn append(&mut self, name: &str, value: &str) {
        // Every reserved character is escaped, and a space becomes `%20`.
        const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'.')
            .remove(b'_')
            .remove(b'~');
        self.url
            .push(if self.url.contains('?') { '&' } else { '?' });
        self.url.extend(utf8_percent_encode(name, ESCAPED));
        self.url.push('=');
        self.url.extend(utf8_percent_encode(value, ESCAPED));
    }
}

/// Returns the names of a URL's parameters.
fn names(url: &str) -> impl Iterator<Item = Cow<'_, str>> {
    form::pairs(query(url)).filter_map(|pair| pair.name())
}

/// Checks that an address is a lower-case origin followed by a path that has one spelling only:
/// letters, digits and `-._~`, and no empty, `.` or `..` segment.
fn checked_address(address: &str) -> Result<&str, CallbackUrlError> {
    let invalid = || CallbackUrlError::invalid_address(address);
    let (_, path) = Origin::split(address).ok_or_else(invalid)?;
    let segments = path.strip_prefix('/').unwrap_or(path);
    let segments = segments.strip_suffix('/').unwrap_or(segments);
    match path == "/" || segments.split('/').all(is_plain_segment) {
        true => Ok(address),
        false => Err(invalid()),
    }
}

/// Returns whether a path segment has one spelling only.
fn is_plain_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_unreserved)
}

/// Compares in constant time, because the URL holds a secret.
impl PartialEq for CallbackUrl {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.url.as_bytes(), other.url.as_bytes());
        constant_time::verify_slices_are_equal(one, other).is_ok()
    }
}

impl Eq for CallbackUrl {}

/// Shows nothing, because the URL holds a secret.
impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackUrl(..)")
    }
}

/// Shows nothing.
impl fmt::Debug for CallbackUrlBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackUrlBuilder(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_with_several_spellings_is_rejected() {
        for address in [
            "https://shop.example/",
            "https://shop.example/a/b.php",
            "http://shop.example:8080/a/",
        ] {
            assert!(CallbackUrl::builder(address).is_ok(), "{address}");
        }
        for address in [
            "https://shop.example",
            "https://Shop.example/",
            "https://shop.example/#a",
            "https://shop.example/a b",
            "https://shop.example//",
            "https://shop.example/a/../b",
            "https://shop.example/./b",
            "https://shop.example/a%7eb",
            "https://shop.example/it's(1)*",
            "/postback",
        ] {
            let rejected = CallbackUrl::builder(address).err();
            assert_eq!(rejected, Some(CallbackUrlError::invalid_address(address)));
        }
        let with_query = CallbackUrl::builder("https://shop.example/?a=1").err();
        assert_eq!(with_query, Some(CallbackUrlError::AddressWithQuery));
    }

    #[test]
    fn parameter_with_reserved_or_invalid_name_is_rejected() {
        let builder = CallbackUrl::builder("https://shop.example/").unwrap();
        let fields = FieldName::ALL.iter().map(|field| field.name());
        for name in fields.chain([CallbackUrl::SECRET_NAME]) {
            let rejected = builder.clone().parameter(name, "1").err();
            let expected = CallbackUrlError::ReservedName(name.into());
            assert_eq!(rejected, Some(expected));
        }
        let builder = builder.parameter("a", "1").unwrap();
        for name in ["", "a", "a b", "-a", "a=b", "\u{e4}"] {
            let rejected = builder.clone().parameter(name, "1").err();
            assert_eq!(rejected, Some(CallbackUrlError::invalid_name(name)));
        }
    }

    #[test]
    fn escaped_parameter_decodes_to_same_text() {
        let url = CallbackUrl::builder("https://shop.example/")
            .unwrap()
            .parameter("a[0]", "1/2 +&=%\u{e4}")
            .unwrap()
            .build()
            .unwrap();
        let (_, query) = url.as_str().split_once('?').unwrap();
        assert!(query.starts_with("a%5B0%5D=1%2F2%20%2B%26%3D%25%C3%A4&nonce="));
        let read = form::pairs(query).next().unwrap();
        assert_eq!(read.name().as_deref(), Some("a[0]"));
        assert_eq!(read.text().as_deref(), Some("1/2 +&=%\u{e4}"));
    }

    #[test]
    fn malformed_stored_url_is_rejected() {
        let good = "0123456789abcdef0123456789abcdef";
        let url = |query: &str| format!("https://shop.example/a?{query}");
        let stored = |url: &str| CallbackUrl::from_stored(CallbackUrl::SECRET_NAME, url);
        let one = stored(&url(&format!("b=1&nonce={good}"))).unwrap();
        assert_eq!(one.secret().as_str(), good);
        let named = CallbackUrl::from_stored("n", &url(&format!("n={good}"))).unwrap();
        assert_eq!(named.secret().as_str(), good);
        let reserved = CallbackUrl::from_stored("result", &url(&format!("result={good}")));
        assert_eq!(
            reserved.err(),
            Some(CallbackUrlError::ReservedName("result".into()))
        );
        let spaced = CallbackUrl::from_stored("a b", &url(&format!("a%20b={good}")));
        assert_eq!(spaced.err(), Some(CallbackUrlError::invalid_name("a b")));
        let invalid = CallbackUrlError::invalid_address;
        let name = CallbackUrlError::invalid_name;
        let reserved = |name: &str| CallbackUrlError::ReservedName(name.into());
        for (text, expected) in [
            (
                format!("https://shop.example//a?nonce={good}"),
                invalid("https://shop.example//a"),
            ),
            (
                format!("https://shop.example/a%7eb?nonce={good}"),
                invalid("https://shop.example/a%7eb"),
            ),
            (
                format!("https://shop.example?nonce={good}"),
                invalid("https://shop.example"),
            ),
            (format!("/a?nonce={good}"), invalid("/a")),
            (
                url(&format!("a=%zz&nonce={good}")),
                CallbackUrlError::InvalidQuery,
            ),
            (
                url(&format!("a:b=1&nonce={good}")),
                CallbackUrlError::InvalidQuery,
            ),
            (
                url(&format!("a=1+2&nonce={good}")),
                CallbackUrlError::InvalidQuery,
            ),
            (
                url(&format!("nonce={good}#a")),
                CallbackUrlError::InvalidQuery,
            ),
            (
                url(&format!("a=b c&nonce={good}")),
                CallbackUrlError::InvalidQuery,
            ),
            (url(&format!("a=1&a=2&nonce={good}")), name("a")),
            (url(&format!("a%3Ab=1&nonce={good}")), name("a:b")),
            (url(&format!("price=1&nonce={good}")), reserved("price")),
            (url(&format!("c%6fin=btc&nonce={good}")), reserved("coin")),
            (url("b=1"), CallbackUrlError::NotOneSecret),
            (
                url(&format!("nonce={good}&nonc%65={good}")),
                CallbackUrlError::NotOneSecret,
            ),
            (url("nonce=17"), CallbackUrlError::WeakSecret),
        ] {
            let error = stored(&text).err().unwrap();
            assert!(!error.to_string().contains(good), "{error}");
            assert_eq!(error, expected, "{text}");
        }
    }

    /// A stored URL can have any spelling.
    #[test]
    fn error_never_shows_secret() {
        let secret = "0123456789abcdef0123456789abcdef";
        let long = "n".repeat(65);
        for url in [
            format!("https%3A%2F%2Fshop.example%2Fcb%3Fnonce%3D{secret}"),
            format!("https://shop.example/cb&nonce={secret}"),
            format!("https://shop.example/cb;nonce={secret}"),
            format!("https://shop.example/cb#nonce={secret}"),
            format!("https://shop.example/cb%3Fnonce={secret}"),
            format!("https://shop.example/cb?{secret}{long}"),
            format!("https://shop.example/cb?{secret}&nonce={secret}!"),
            format!("/cb?nonce={secret}"),
            secret.to_owned(),
        ] {
            let error = CallbackUrl::from_stored("nonce", &url).err().unwrap();
            assert!(!error.to_string().contains(secret), "{error}");
            let error = CallbackUrlError::foreign_origin(&url);
            assert!(!error.to_string().contains(secret), "{error}");
        }
        assert_eq!(
            CallbackUrlError::foreign_origin("http://shop.example:80/a/b?c").to_string(),
            "foreign callback URL \"http://shop.example:80/a/b\": expected one of the provider's \
             public origins, followed by its `stripped_prefix` if one is set"
        );
    }
}
