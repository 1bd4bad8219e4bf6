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

/// The `DefaultBodyLimit` that the application set, in bytes. The one that axum assumes where none
/// is set is meant for its extractors, and not for a service that may know no axum at all; the same one
/// set by the application cannot be told from it.
pub(super) fn of_route(extensions: &mut Extensions) -> Option<usize> {
    static ASSUMED: LazyLock<Option<u64>> = LazyLock::new(|| in_force(&mut Extensions::new()));

    let limit = in_force(extensions);
    if limit == *ASSUMED {
        return None;
    }
    limit.and_then(|limit| limit.try_into().ok())
}

fn in_force(extensions: &mut Extensions) -> Option<u64> {
    let mut request = Request::new(axum_core::body::Body::new(Unknown));
    mem::swap(request.extensions_mut(), extensions);
    let mut request = request.with_limited_body();
    mem::swap(request.extensions_mut(), extensions);
    request.body().size_hint().upper()
}

/// A body of unknown size, so that a limit around it shows in its size hint.
struct Unknown;

impl Body for Unknown {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}
