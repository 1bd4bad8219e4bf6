use std::str;

use bytes::Bytes;

use crate::{
    MediaType, Rejection, RequestHead,
    log::{self, BodyFindings, Hint},
};

/// What the head of a request says of a body that is read.
pub(crate) struct ExpectedBody {
    media_type: MediaType,
    /// In bytes.
    pub(crate) limit: usize,
    /// Size that the head declares, in bytes.
    declared: Option<u128>,
}

impl ExpectedBody {
    /// Rejects a head that names none of the accepted media types, or declares more bytes than the limit.
    pub(crate) fn of_head(
        head: &RequestHead<'_>,
        accepted: &[MediaType],
        limit: usize,
    ) -> Result<Self, Rejection> {
        let media_type = media_type(head, accepted)?;
        let declared = declared_size(head);
        match declared {
            Some(declared) if declared > limit as u128 => Err(Rejection::BodyTooLarge { limit }),
            _ => Ok(Self {
                media_type,
                limit,
                declared,
            }),
        }
    }

    pub(crate) const fn media_type(&self) -> MediaType {
        self.media_type
    }

    /// Returns whether the body has the length that the head declares, if it declares one.
    pub(crate) fn is_complete(&self, body: &Bytes) -> bool {
        self.declared
            .is_none_or(|declared| declared == body.len() as u128)
    }

    /// Returns what differs between body and head, for the log of a rejection.
    pub(crate) fn findings(&self, body: &Bytes) -> BodyFindings {
        BodyFindings {
            is_rewritten: !self.is_complete(body),
            mislabelled: log::is_read()
                .then(|| Hint::of_mislabelled(self.media_type, body))
                .flatten(),
        }
    }
}

/// Returns the one media type that the head names, if it is accepted and the body is not encoded.
fn media_type(head: &RequestHead<'_>, accepted: &[MediaType]) -> Result<MediaType, Rejection> {
    let mut encoded = false;
    head.values("content-encoding", |value| {
        let value = value.trim_ascii();
        encoded |= !value.is_empty() && !value.eq_ignore_ascii_case(b"identity");
    });
    let mut count: u32 = 0;
    let mut found = None;
    head.values("content-type", |value| {
        count = count.saturating_add(1);
        // Parameters do not count: both media types are UTF-8 text whatever a charset says.
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
        let essence = essence.trim_ascii();
        let matches = |it: &&MediaType| essence.eq_ignore_ascii_case(it.as_str().as_bytes());
        found = accepted.iter().find(matches).copied();
    });
    match found {
        Some(media_type) if count == 1 && !encoded => Ok(media_type),
        _ => Err(Rejection::UnsupportedMediaType),
    }
}

/// Returns the largest size that a `Content-Length` declares, in bytes.
///
/// A value that is not a number is left to the HTTP server to reject. Reading is limited in any case.
fn declared_size(head: &RequestHead<'_>) -> Option<u128> {
    let mut largest = None;
    head.values("content-length", |value| {
        let digits = value.trim_ascii();
        if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
            let size = str::from_utf8(digits).map(|text| text.parse().unwrap_or(u128::MAX));
            largest = largest.max(Some(size.unwrap_or(u128::MAX)));
        }
    });
    largest
}
