use std::{
    error::Error,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;
use http_body_util::{LengthLimitError, Limited};
use pin_project_lite::pin_project;
use postback_core::Rejection;

use super::BoxError;

pin_project! {
    /// Reads what is needed of a body and never more than it, growing as bytes arrive.
    pub(crate) struct Reading<B> {
        #[pin]
        body: Option<Limited<B>>,
        // The verifier's, in bytes; the body may stand under a smaller one already.
        limit: usize,
        over: bool,
        gathered: Gathered,
    }
}

/// How many frames are taken before others get their turn: were every frame of an endless body
/// ready, no deadline would ever be looked at.
const FRAMES_AT_ONCE: u8 = 64;

impl<B> Reading<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// `declared` is the least size that the body announced, in bytes, before any limit was put
    /// around it. Without a `limit` nothing is read.
    pub(crate) fn new(body: B, declared: u64, limit: Option<usize>) -> Self {
        let body = limit.map(|limit| Limited::new(body, limit));
        // A route's limit shows only in what it leaves of the size hint.
        let most = body.as_ref().and_then(|body| body.size_hint().upper());
        Self {
            over: most.is_some_and(|most| most < declared),
            body,
            limit: limit.unwrap_or_default(),
            gathered: Gathered::default(),
        }
    }
}

impl<B> Future for Reading<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Bytes, Rejection>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(mut body) = this.body.as_pin_mut() else {
            return Poll::Ready(Ok(Bytes::new()));
        };
        if *this.over {
            return Poll::Ready(Err(Rejection::body_too_large(*this.limit)));
        }
        for _ in 0..FRAMES_AT_ONCE {
            // Only `None` ends a body: `is_end_stream` is a hint.
            match ready!(body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        this.gathered.push(data.copy_to_bytes(data.remaining()));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Err(failure(&error, *this.limit))),
                None => return Poll::Ready(Ok(mem::take(this.gathered).finish())),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
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
        self.all.extend_from_slice(&mem::take(&mut self.first));
        self.all.extend_from_slice(&data);
    }

    fn finish(self) -> Bytes {
        match self.all.is_empty() {
            true => self.first,
            false => self.all.freeze(),
        }
    }
}

/// Tells a limit, the verifier's or a smaller one, from a connection that broke.
fn failure(error: &BoxError, limit: usize) -> Rejection {
    // Frameworks wrap the errors of bodies in types of their own, once for each limit around one.
    let mut cause: Option<&(dyn Error + 'static)> = Some(&**error);
    while let Some(current) = cause {
        if current.is::<LengthLimitError>() {
            return Rejection::body_too_large(limit);
        }
        cause = current.source();
    }
    Rejection::BodyUnreadable
}
