use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
};

use axum_core::{RequestExt, extract::Request};
use bytes::Bytes;
use http::Extensions;
use http_body::{Body, Frame};

/// Returns the `DefaultBodyLimit` that the application set for the route, in bytes.
///
/// `None` also for the default that axum assumes where no limit is set: it is meant for axum's
/// extractors, and a service below the layer need not be axum's. An application that sets exactly
/// this default cannot be distinguished.
pub(crate) fn configured(extensions: &mut Extensions) -> Option<usize> {
    static ASSUMED: LazyLock<Option<u64>> = LazyLock::new(|| effective(&mut Extensions::new()));

    let limit = effective(extensions);
    if limit == *ASSUMED {
        return None;
    }
    limit.and_then(|limit| limit.try_into().ok())
}

/// Returns the limit that axum puts around a body, in bytes. axum shows it only in the size hint.
fn effective(extensions: &mut Extensions) -> Option<u64> {
    let mut request = Request::new(axum_core::body::Body::new(UnknownSize));
    mem::swap(request.extensions_mut(), extensions);
    let mut request = request.with_limited_body();
    mem::swap(request.extensions_mut(), extensions);
    request.body().size_hint().upper()
}

/// Empty body without a size hint of its own.
struct UnknownSize;

impl Body for UnknownSize {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}
