use super::{Origin, UrlDifference, is_unreserved, origin::default_port};

/// Maximum length of a target whose other spellings are tried, in bytes. Each spelling costs time.
pub(super) const LONGEST_TARGET: usize = 2 * 1024;

/// Returns other spellings of a URL, each with one difference.
pub(crate) fn other_spellings(
    origin: &Origin,
    prefix: &str,
    target: &str,
) -> Vec<(UrlDifference, String)> {
    let url = [origin.as_str(), prefix, target].concat();
    let begin = [origin.as_str(), prefix].concat();
    let of_origin = of_origin(origin).into_iter();
    let of_origin =
        of_origin.map(|(difference, origin)| (difference, [&origin, prefix, target].concat()));
    let of_target = of_target(target).into_iter();
    let of_target = of_target.map(|(difference, target)| (difference, [&*begin, &target].concat()));
    // A prefix may be configured although nothing strips it.
    let unstripped = (UrlDifference::NoPrefix, [origin.as_str(), target].concat());
    of_origin
        .chain([unstripped])
        .chain(of_target)
        .filter(|(_, spelling)| *spelling != url)
        .collect()
}

fn of_origin(origin: &Origin) -> Vec<(UrlDifference, String)> {
    let (scheme, authority) = origin.parts();
    let mut spellings = vec![
        match scheme {
            "http" => (UrlDifference::Https, ["https://", authority].concat()),
            _ => (UrlDifference::Http, ["http://", authority].concat()),
        },
        match authority.strip_prefix("www.") {
            Some(bare) => (UrlDifference::NoWww, [scheme, "://", bare].concat()),
            None => (UrlDifference::Www, [scheme, "://www.", authority].concat()),
        },
    ];
    if !authority.contains(':') {
        let with_port = [origin.as_str(), ":", default_port(scheme)].concat();
        spellings.push((UrlDifference::DefaultPort, with_port));
    }
    spellings
}

fn of_target(target: &str) -> Vec<(UrlDifference, String)> {
    let mut spellings = Vec::new();
    let (path, query) = match target.find('?') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    for (at, _) in path.match_indices('/').skip(1).take(MOST_SEGMENTS) {
        let rest = target.get(at..).unwrap_or_default();
        spellings.push((UrlDifference::NoPrefix, rest.to_owned()));
    }
    let other_path = match path.strip_suffix('/') {
        Some("") => None,
        Some(without) => Some(without.to_owned()),
        None => Some([path, "/"].concat()),
    };
    let other_path = other_path.map(|path| path + query);
    spellings.extend(other_path.map(|target| (UrlDifference::TrailingSlash, target)));
    let upper = |escape: &str| escape.to_ascii_uppercase();
    let lower = |escape: &str| escape.to_ascii_lowercase();
    spellings.extend([
        (UrlDifference::EscapeCase, with_escapes(target, upper)),
        (UrlDifference::EscapeCase, with_escapes(target, lower)),
        (
            UrlDifference::Escapes,
            with_escapes(target, |escape| unescaped(escape, is_unreserved)),
        ),
        (
            UrlDifference::Escapes,
            with_escapes(target, |escape| unescaped(escape, is_plain_in_query)),
        ),
        (UrlDifference::Escapes, target.replace('~', "%7E")),
        (UrlDifference::Escapes, target.replace('+', "%20")),
        (UrlDifference::Escapes, target.replace("%20", "+")),
        (UrlDifference::EncodedOnceMore, target.replace('%', "%25")),
        (UrlDifference::EncodedOnceLess, target.replace("%25", "%")),
    ]);
    spellings
}

/// Maximum number of leading path segments that are left out.
const MOST_SEGMENTS: usize = 4;

/// Replaces the escapes of a text: `%` and two hexadecimal digits.
fn with_escapes(text: &str, replace: impl Fn(&str) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escape_and_rest) = rest.split_at(at);
        replaced.push_str(before);
        let (escape, after) = match escape_and_rest.split_at_checked(3) {
            Some((escape, after)) if is_escape(escape) => (replace(escape), after),
            _ => (
                "%".to_owned(),
                escape_and_rest.strip_prefix('%').unwrap_or_default(),
            ),
        };
        replaced.push_str(&escape);
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

fn is_escape(text: &str) -> bool {
    text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the character of an escape if a URL may have it unescaped, and the escape otherwise.
fn unescaped(escape: &str, may_have: impl Fn(u8) -> bool) -> String {
    let digits = escape.strip_prefix('%').unwrap_or_default();
    match u8::from_str_radix(digits, 16) {
        Ok(byte) if may_have(byte) => char::from(byte).into(),
        _ => escape.to_owned(),
    }
}

/// Returns whether a query may have the byte unescaped without a change of its pairs (RFC 3986,
/// section 3.4).
fn is_plain_in_query(byte: u8) -> bool {
    is_unreserved(byte) || b"!$'()*,;:@/?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_differ_in_one_thing() {
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
            (
                UrlDifference::NoPrefix,
                "https://shop.example/a/c?b=%2F~%25",
            ),
            (
                UrlDifference::NoPrefix,
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
    fn http_url_with_www_and_port_has_two_other_spellings() {
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
    fn broken_escape_is_unchanged() {
        let upper = |text| with_escapes(text, |escape| escape.to_ascii_uppercase());
        assert_eq!(upper("a%2fb%zz%2"), "a%2Fb%zz%2");
        assert_eq!(upper("%%2f\u{e4}%\u{e4}"), "%%2F\u{e4}%\u{e4}");
    }
}
