use std::{borrow::Cow, time::Duration};

use crate::MediaType;

/// An HTTP answer in numbers and texts, for an adapter to write in its framework's own types.
///
/// Every answer carries `Cache-Control: no-store`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    further: &'static [(&'static str, &'static str)],
    /// In seconds.
    retry_after: Option<u64>,
    body: &'static str,
}

impl Reply {
    /// The answer that tells a provider that its postback has arrived: status 200.
    ///
    /// What a provider wants to read is part of its protocol; see
    /// [`Provider::ACK`](crate::Provider::ACK), a constant, so that the panic is a compiler's error.
    ///
    /// # Panics
    ///
    /// If `content_type` is empty or cannot stand in a header: it may hold visible ASCII characters
    /// and spaces.
    pub const fn acknowledgement(content_type: &'static str, body: &'static str) -> Self {
        assert!(is_header_value(content_type), "not a header's value");
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

    /// With `Retry-After`: the delay in whole seconds, rounded up, and at least one.
    pub(crate) const fn retry_after(self, delay: Duration) -> Self {
        let rounded = delay
            .as_secs()
            .saturating_add(if delay.subsec_nanos() > 0 { 1 } else { 0 });
        Self {
            retry_after: Some(if rounded == 0 { 1 } else { rounded }),
            ..self
        }
    }

    /// The HTTP status; a number because the frameworks disagree on the type.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The media type of [`body`](Self::body), also among the [`headers`](Self::headers).
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Every header to send, as lower-case names and values.
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

    /// The whole body.
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
    fn a_content_type_can_stand_in_a_header() {
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
