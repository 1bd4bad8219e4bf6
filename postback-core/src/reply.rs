use std::{borrow::Cow, time::Duration};

use crate::MediaType;

/// HTTP response as numbers and texts, which an adapter converts into its framework's type.
///
/// Every reply has the header `Cache-Control: no-store`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    further: &'static [(&'static str, &'static str)],
    /// Delay in seconds.
    retry_after: Option<u64>,
    body: &'static str,
}

impl Reply {
    /// Creates the reply that acknowledges a postback, with status 200.
    ///
    /// The body that a provider expects is part of its protocol: see
    /// [`Provider::ACK`](crate::Provider::ACK). That is a constant, so this function panics at
    /// compile time.
    ///
    /// # Panics
    ///
    /// Panics if `content_type` is empty, or contains a character that is neither visible ASCII nor
    /// a space.
    pub const fn acknowledgement(content_type: &'static str, body: &'static str) -> Self {
        assert!(
            is_header_value(content_type),
            "invalid content type: expected visible ASCII characters and spaces"
        );
        Self {
            status: 200,
            content_type,
            further: &[],
            retry_after: None,
            body,
        }
    }

    pub(crate) const fn rejection(
        status: u16,
        further: &'static [(&'static str, &'static str)],
        body: &'static str,
    ) -> Self {
        Self {
            status,
            content_type: MediaType::Json.as_str(),
            further,
            retry_after: None,
            body,
        }
    }

    /// Adds `Retry-After`: the delay in whole seconds, rounded up, and at least one.
    pub(crate) const fn retry_after(self, delay: Duration) -> Self {
        let rounded = delay
            .as_secs()
            .saturating_add(if delay.subsec_nanos() > 0 { 1 } else { 0 });
        Self {
            retry_after: Some(if rounded == 0 { 1 } else { rounded }),
            ..self
        }
    }

    /// Returns the HTTP status, as a number because each framework has its own type.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the media type of [`body`](Self::body), which is also one of the
    /// [`headers`](Self::headers).
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Returns all headers to send, with lower-case names.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'static, str>)> + use<> {
        let retry_after = self.retry_after.map(|seconds| seconds.to_string());
        [
            ("content-type", self.content_type),
            ("cache-control", "no-store"),
        ]
        .into_iter()
        .chain(self.further.iter().copied())
        .map(|(name, value)| (name, Cow::Borrowed(value)))
        .chain(retry_after.map(|seconds| ("retry-after", Cow::Owned(seconds))))
    }

    /// Returns the body.
    #[must_use]
    pub const fn body(&self) -> &'static str {
        self.body
    }
}

const fn is_header_value(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    if bytes.is_empty() {
        return false;
    }
    while let [first, rest @ ..] = bytes {
        if !matches!(first, b' '..=b'~') {
            return false;
        }
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_is_that_of_header() {
        let reply = Reply::acknowledgement("text/plain", "ok");
        assert_eq!(reply.content_type(), "text/plain");
        let header = reply.headers().find(|(name, _)| *name == "content-type");
        assert_eq!(header.unwrap().1, "text/plain");
    }

    #[test]
    fn header_value_is_visible_ascii_and_spaces() {
        assert!(is_header_value("text/plain; charset=utf-8"));
        for text in [
            "",
            "text/plain\n",
            "text/plain\r\nx: y",
            "t\u{e9}xt",
            "\0",
            "\u{7f}",
        ] {
            assert!(!is_header_value(text), "{text:?}");
        }
    }
}
