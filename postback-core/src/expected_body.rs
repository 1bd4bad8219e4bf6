use std::str;

use bytes::Bytes;

use crate::{
    MediaType, Rejection, RequestHead,
    log::{self, BodyFindings, Hint},
};

/// Properties that the head of a request declares of its body.
pub(crate) struct ExpectedBody {
    media_type: MediaType,
    /// Largest size accepted, in bytes.
    pub(crate) limit: usize,
    /// Declared size, in bytes.
    declared: Option<u128>,
}

impl ExpectedBody {
    /// Reads the head, and rejects one that does not name an accepted media type or that declares
    /// more bytes than the limit.
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

    /// Returns whether the body has the declared length, if the head declares one.
    pub(crate) fn is_complete(&self, body: &Bytes) -> bool {
        self.declared
            .is_none_or(|declared| declared == body.len() as u128)
    }

    /// Returns the differences between body and head, for the log event of a rejection.
    pub(crate) fn findings(&self, body: &Bytes) -> BodyFindings {
        BodyFindings {
            is_rewritten: !self.is_complete(body),
            mislabelled: log::is_enabled()
                .then(|| Hint::of_mislabelled(self.media_type, body))
                .flatten(),
        }
    }
}

/// Returns the media type, if there is exactly one, it is accepted, and the body is not encoded.
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
        // Parameters are ignored: both media types are UTF-8, whatever the charset.
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

/// Returns the largest declared `Content-Length`, in bytes.
///
/// A value that is not a number is ignored: rejecting it is up to the HTTP server, and reading is
/// limited in any case.
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
