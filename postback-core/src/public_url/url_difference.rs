use std::fmt;

use super::{Origin, is_unreserved, origin::default_port};

/// How the URL that was signed differs from the one that was expected, in one thing alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlDifference {
    /// The signed URL writes the scheme's own port, such as `:443`.
    DefaultPort,
    /// The signed URL is encoded once more: `%252F` for `%2F`. Some clients of the providers encode a callback URL
    /// twice.
    EncodedOnceMore,
    /// The signed URL is encoded once less: `%2F` for `%252F`.
    EncodedOnceLess,
    /// The signed URL has other characters escaped: `%7E` for `~`, `:` for `%3A`, or `+` for `%20`.
    Escapes,
    /// The signed URL writes the digits of escapes in the other case: `%2f` for `%2F`.
    EscapeCase,
    /// The signed URL begins with `http://`.
    Http,
    /// The signed URL begins with `https://`.
    Https,
    /// The signed URL has no `www.` in front of the host.
    NoWww,
    /// The signed URL does not have the prefix that was configured as stripped, or one that the path of the request
    /// has: it was added on the way, or not removed.
    Prefix,
    /// The signed URL has a slash at the end of the path, or the request has one that the signed URL does not have.
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
            Self::EncodedOnceMore => "signed_encoded_once_more",
            Self::EncodedOnceLess => "signed_encoded_once_less",
            Self::Escapes => "signed_with_other_escapes",
            Self::EscapeCase => "signed_with_other_escape_case",
            Self::Http => "signed_for_http",
            Self::Https => "signed_for_https",
            Self::NoWww => "signed_without_www",
            Self::Prefix => "signed_without_prefix",
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

/// Longest target whose other spellings are tried, in bytes: trying them costs time for each.
pub(super) const LONGEST_TARGET: usize = 8 * 1024;

/// Spells a URL otherwise, in one thing at a time.
pub(crate) fn other_spellings(
    origin: &Origin,
    prefix: &str,
    target: &str,
) -> Vec<(UrlDifference, String)> {
    let url = [origin.as_str(), prefix, target].concat();
    let mut spellings = Vec::new();
    let (scheme, authority) = origin.parts();
    let mut of_origin = |difference, scheme: &str, authority: &str| {
        let url = [scheme, "://", authority, prefix, target].concat();
        spellings.push((difference, url));
    };
    match scheme {
        "http" => of_origin(UrlDifference::Https, "https", authority),
        _ => of_origin(UrlDifference::Http, "http", authority),
    }
    match authority.strip_prefix("www.") {
        Some(bare) => of_origin(UrlDifference::NoWww, scheme, bare),
        None => of_origin(UrlDifference::Www, scheme, &["www.", authority].concat()),
    }
    if !authority.contains(':') {
        let with_port = [authority, ":", default_port(scheme)].concat();
        of_origin(UrlDifference::DefaultPort, scheme, &with_port);
    }

    let begin = [origin.as_str(), prefix].concat();
    let mut of_target = |difference, begin: &str, target: &str| {
        spellings.push((difference, [begin, target].concat()));
    };
    if !prefix.is_empty() {
        of_target(UrlDifference::Prefix, origin.as_str(), target);
    }
    let (path, query) = match target.find('?') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    for (at, _) in path.match_indices('/').skip(1).take(MOST_SEGMENTS) {
        of_target(
            UrlDifference::Prefix,
            &begin,
            target.get(at..).unwrap_or_default(),
        );
    }
    let path = match path.strip_suffix('/') {
        Some("") => None,
        Some(without) => Some(without.to_owned()),
        None => Some([path, "/"].concat()),
    };
    if let Some(path) = path {
        of_target(
            UrlDifference::TrailingSlash,
            &begin,
            &[&path, query].concat(),
        );
    }
    for (difference, respelled) in [
        (
            UrlDifference::EscapeCase,
            with_escapes(target, |escape| escape.to_ascii_uppercase()),
        ),
        (
            UrlDifference::EscapeCase,
            with_escapes(target, |escape| escape.to_ascii_lowercase()),
        ),
        (
            UrlDifference::Escapes,
            with_escapes(target, |escape| unescaped(escape, is_unreserved)),
        ),
        (
            UrlDifference::Escapes,
            with_escapes(target, |escape| unescaped(escape, is_plain_in_a_query)),
        ),
        (UrlDifference::Escapes, target.replace('~', "%7E")),
        (UrlDifference::Escapes, target.replace('+', "%20")),
        (UrlDifference::Escapes, target.replace("%20", "+")),
        (UrlDifference::EncodedOnceMore, target.replace('%', "%25")),
        (UrlDifference::EncodedOnceLess, target.replace("%25", "%")),
    ] {
        of_target(difference, &begin, &respelled);
    }
    spellings.retain(|(_, spelling)| *spelling != url);
    spellings
}

/// How many leading segments of a path are left out, one more each time.
const MOST_SEGMENTS: usize = 4;

/// A text whose escapes, `%` and two hexadecimal digits, are replaced.
fn with_escapes(text: &str, replace: impl Fn(&str) -> String) -> String {
    let mut parts = text.split('%');
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_at_checked(2) {
            Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                replaced.push_str(&replace(&["%", digits].concat()));
                replaced.push_str(rest);
            }
            _ => {
                replaced.push('%');
                replaced.push_str(part);
            }
        }
    }
    replaced
}

/// The character of an escape, if a URL may have it as it is.
fn unescaped(escape: &str, may_have: impl Fn(u8) -> bool) -> String {
    let byte = escape
        .strip_prefix('%')
        .and_then(|digits| u8::from_str_radix(digits, 16).ok());
    match byte {
        Some(byte) if may_have(byte) => char::from(byte).into(),
        _ => escape.to_owned(),
    }
}

/// Whether a query may have it as it is without a change of its pairs (RFC 3986, section 3.4).
fn is_plain_in_a_query(byte: u8) -> bool {
    is_unreserved(byte) || b"!$'()*,;:@/?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a URL may be spelled, by its difference from `https://shop.example/shop/a?b=%2F~`.
    #[test]
    fn spelling_differs_in_one_thing() {
        let origin = Origin::parse("https://shop.example").unwrap();
        let spellings = other_spellings(&origin, "/shop", "/a/c?b=%2F~%25");
        for (difference, expected) in [
            (
                UrlDifference::Http,
                "http://shop.example/shop/a/c?b=%2F~%25",
            ),
            (
                UrlDifference::Www,
                "https://www.shop.example/shop/a/c?b=%2F~%25",
            ),
            (
                UrlDifference::DefaultPort,
                "https://shop.example:443/shop/a/c?b=%2F~%25",
            ),
            (UrlDifference::Prefix, "https://shop.example/a/c?b=%2F~%25"),
            (
                UrlDifference::Prefix,
                "https://shop.example/shop/c?b=%2F~%25",
            ),
            (
                UrlDifference::TrailingSlash,
                "https://shop.example/shop/a/c/?b=%2F~%25",
            ),
            (
                UrlDifference::EscapeCase,
                "https://shop.example/shop/a/c?b=%2f~%25",
            ),
            (
                UrlDifference::Escapes,
                "https://shop.example/shop/a/c?b=/~%25",
            ),
            (
                UrlDifference::Escapes,
                "https://shop.example/shop/a/c?b=%2F%7E%25",
            ),
            (
                UrlDifference::EncodedOnceMore,
                "https://shop.example/shop/a/c?b=%252F~%2525",
            ),
            (
                UrlDifference::EncodedOnceLess,
                "https://shop.example/shop/a/c?b=%2F~%",
            ),
        ] {
            let spelling = (difference, expected.to_owned());
            assert!(spellings.contains(&spelling), "{spelling:?}: {spellings:?}");
        }
        assert_eq!(spellings.len(), 11, "{spellings:?}");
    }

    #[test]
    fn spelling_of_a_plain_http_url_with_www_and_port() {
        let origin = Origin::parse("http://www.shop.example:8080").unwrap();
        let spellings = other_spellings(&origin, "", "/");
        let urls: Vec<_> = spellings.iter().map(|(_, url)| &**url).collect();
        assert_eq!(
            urls,
            [
                "https://www.shop.example:8080/",
                "http://shop.example:8080/"
            ]
        );
    }

    #[test]
    fn broken_escape_stays_as_it_is() {
        let upper = |text| with_escapes(text, |escape| escape.to_ascii_uppercase());
        assert_eq!(upper("a%2fb%zz%2"), "a%2Fb%zz%2");
        assert_eq!(upper("%%2f\u{e4}%\u{e4}"), "%%2F\u{e4}%\u{e4}");
    }
}
