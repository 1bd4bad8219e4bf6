use std::{
    error::Error,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use http::Extensions;
use http_body::Body;
use http_body_util::{LengthLimitError, Limited};
use pin_project_lite::pin_project;
use postback_core::{Admitted, Provider, Rejection, Verified};

#[cfg(feature = "axum")]
use crate::axum::default_body_limit;
use crate::body::BoxError;

pin_project! {
    /// Future that reads the body of an admitted request under its limits, and verifies it.
    ///
    /// The output has the bytes that were verified.
    pub(crate) struct VerifyBody<B, P>
    where
        P: Provider,
    {
        // `None` if the provider needs no body, and when the body has ended.
        #[pin]
        body: Option<Limited<B>>,
        buffer: Buffer,
        // The verifier's limit, in bytes. The body may already be under a smaller one.
        limit: usize,
        is_too_large: bool,
        // `None` when the future is complete.
        admitted: Option<Admitted<P>>,
    }
}

/// Frames to read before the task yields. Without a limit, an endless body whose frames are always
/// ready would keep the task from polling a deadline.
const FRAMES_PER_POLL: u8 = 64;

impl<B, P> VerifyBody<B, P>
where
    B: Body,
    B::Error: Into<BoxError>,
    P: Provider,
{
    /// `declared` is the lower bound of the body's size before any limit was put around it, in
    /// bytes.
    pub(crate) fn new(body: B, declared: u64, admitted: Admitted<P>) -> Self {
        let limit = admitted.body_limit();
        let body = limit.map(|limit| Limited::new(body, limit));
        // A smaller limit of the route shows only in the size hint.
        let upper = body.as_ref().and_then(|body| body.size_hint().upper());
        Self {
            body,
            buffer: Buffer::default(),
            limit: limit.unwrap_or_default(),
            is_too_large: upper.is_some_and(|upper| upper < declared),
            admitted: Some(admitted),
        }
    }
}

impl<B, P> Future for VerifyBody<B, P>
where
    B: Body,
    B::Error: Into<BoxError>,
    P: Provider,
{
    type Output = Result<(Verified<P>, Bytes), Rejection>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let body = match this.body.as_mut().as_pin_mut() {
            Some(_) if *this.is_too_large => Err(Rejection::body_too_large(*this.limit)),
            Some(body) => ready!(poll_body(body, this.buffer, *this.limit, context)),
            None => Ok(Bytes::new()),
        };
        this.body.set(None);
        Poll::Ready(match (this.admitted.take(), body) {
            (Some(admitted), Ok(body)) => {
                let verified = admitted.verify(body.clone());
                verified.map(|verified| (verified, body))
            }
            (Some(admitted), Err(rejection)) => Err(admitted.reject(rejection)),
            // Polled after completion: a body is read once.
            (None, _) => Err(Rejection::BodyUnreadable),
        })
    }
}

/// Reads a body to its end. `limit` is the verifier's.
fn poll_body<B>(
    mut body: Pin<&mut Limited<B>>,
    buffer: &mut Buffer,
    limit: usize,
    context: &mut Context<'_>,
) -> Poll<Result<Bytes, Rejection>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    for _ in 0..FRAMES_PER_POLL {
        // Only `None` ends a body: `is_end_stream` is a hint.
        match ready!(body.as_mut().poll_frame(context)) {
            Some(Ok(frame)) => {
                if let Ok(mut data) = frame.into_data() {
                    buffer.push(data.copy_to_bytes(data.remaining()));
                }
            }
            Some(Err(error)) => return Poll::Ready(Err(rejection(&error, limit))),
            None => return Poll::Ready(Ok(mem::take(buffer).into_bytes())),
        }
    }
    context.waker().wake_by_ref();
    Poll::Pending
}

/// Bytes of a body that have arrived. A single frame is kept without a copy; further frames are
/// appended, because a list of many small frames takes many times their size.
#[derive(Default)]
struct Buffer {
    first: Bytes,
    all: BytesMut,
}

impl Buffer {
    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = data;
            return;
        }
        self.all.extend_from_slice(&mem::take(&mut self.first));
        self.all.extend_from_slice(&data);
    }

    fn into_bytes(self) -> Bytes {
        match self.all.is_empty() {
            true => self.first,
            false => self.all.freeze(),
        }
    }
}

/// Distinguishes a limit, the verifier's or a smaller one, from a broken connection.
fn rejection(error: &BoxError, limit: usize) -> Rejection {
    // Each limit around a body may wrap its errors in a type of its own.
    let mut cause: Option<&(dyn Error + 'static)> = Some(&**error);
    while let Some(current) = cause {
        if current.is::<LengthLimitError>() {
            return Rejection::body_too_large(limit);
        }
        cause = current.source();
    }
    Rejection::BodyUnreadable
}

/// Puts the limit around a body that the application set for the route, if any.
pub(crate) fn limited<B>(extensions: &mut Extensions, body: B) -> Limited<B> {
    Limited::new(body, route_limit(extensions).unwrap_or(usize::MAX))
}

#[cfg(feature = "axum")]
fn route_limit(extensions: &mut Extensions) -> Option<usize> {
    default_body_limit::configured(extensions)
}

#[cfg(not(feature = "axum"))]
const fn route_limit(_: &mut Extensions) -> Option<usize> {
    None
}
