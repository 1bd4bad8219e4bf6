use std::{error::Error, pin::pin};

use axum_core::{BoxError, RequestExt, body::Body, extract::Request};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use postback_core::{Need, Rejection};

/// A body under the route's limit, not read yet.
pub(crate) struct Unread {
    body: Body,
    /// The least size that the request declares, in bytes.
    declared: u64,
}

/// Takes a request apart. The route's limit stands in its extensions, so this comes first.
pub(crate) fn split(request: Request) -> (Parts, Unread) {
    let declared = request.body().size_hint().lower();
    let (head, body) = request.with_limited_body().into_parts();
    (head, Unread { body, declared })
}

impl Unread {
    /// Reads what is needed and never more than it, growing as bytes arrive.
    pub(crate) async fn read(self, need: Need) -> Result<Bytes, Rejection> {
        let limit = match need {
            Need::Body { limit } => limit,
            Need::Nothing => return Ok(Bytes::new()),
        };
        // The route's limit shows only in what it leaves of the size hint.
        if self
            .body
            .size_hint()
            .upper()
            .is_some_and(|most| most < self.declared)
        {
            return Err(Rejection::body_too_large(limit));
        }
        let mut body = pin!(Limited::new(self.body, limit));
        let mut gathered = Gathered::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| read_failure(&error, limit))?;
            if let Ok(data) = frame.into_data() {
                gathered.push(data);
            }
        }
        Ok(gathered.finish())
    }
}

/// What has arrived of a body. One frame is kept as it is; further ones are copied together, because
/// a list of many small frames takes many times their size.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    all: BytesMut,
}

impl Gathered {
    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = data;
            return;
        }
        self.all.extend_from_slice(&std::mem::take(&mut self.first));
        self.all.extend_from_slice(&data);
    }

    fn finish(self) -> Bytes {
        match self.all.is_empty() {
            true => self.first,
            false => self.all.freeze(),
        }
    }
}

/// Tells a limit, the verifier's or the route's, from a connection that broke.
fn read_failure(error: &BoxError, limit: usize) -> Rejection {
    // axum wraps the errors of bodies in its own type, once for each limit around the body.
    let mut cause: Option<&(dyn Error + 'static)> = Some(&**error);
    while let Some(current) = cause {
        if current.is::<LengthLimitError>() {
            return Rejection::body_too_large(limit);
        }
        cause = current.source();
    }
    Rejection::BodyUnreadable
}
