use std::{fmt, marker::PhantomData};

use bytes::Bytes;
use postback_core::{Provider, Verifier};
use tower_layer::Layer;

use crate::{PostbackService, RequestBody};

/// Layer that lets only verified postbacks of `P` through to the inner service.
///
/// *Rejects* a request, without calling the inner service, when
///
/// - the method, content type, content encoding or declared size is not acceptable: before any byte
///   of the body is read;
/// - the body exceeds the verifier's limit, or cannot be read to its end;
/// - verification fails: [`Rejection`](postback_core::Rejection) lists all reasons.
///
/// With the feature `axum`, the body is also rejected when it exceeds the route's
/// `DefaultBodyLimit`, if that limit is set above this layer and is not exactly 2,097,152 bytes:
/// this is the default that axum assumes where none is set, and the layer ignores it.
///
/// The response to a rejected request has the [`Rejection`](postback_core::Rejection) in its
/// extensions.
///
/// A verified request has the [`Verified<P>`](postback_core::Verified) in its extensions, and the
/// bytes that were verified as its body: a [`RequestBody`] by default, or the type given to
/// [`with_request_body`](Self::with_request_body). The body is empty if the provider needs none.
/// The head is as received, except that `Transfer-Encoding`, `Trailer` and a wrong `Content-Length`
/// are removed. Trailers are dropped.
///
/// The layer waits until the inner service is ready before it reads the body. It sets no deadline
/// for the body: see [timeouts](crate#timeouts).
///
/// See the [crate's documentation](crate) for an example.
pub struct PostbackLayer<P: Provider, Out = RequestBody> {
    verifier: Verifier<P>,
    out: PhantomData<fn() -> Out>,
}

impl<P: Provider> PostbackLayer<P> {
    /// Creates a layer that verifies requests with `verifier`.
    #[must_use]
    pub const fn new(verifier: Verifier<P>) -> Self {
        Self {
            verifier,
            out: PhantomData,
        }
    }

    /// Changes the type of the body that the inner service receives: for example `axum::body::Body`
    /// for `axum::middleware::from_fn`, or [`Bytes`]. Defaults to [`RequestBody`].
    #[must_use]
    pub fn with_request_body<Out: From<Bytes>>(self) -> PostbackLayer<P, Out> {
        PostbackLayer {
            verifier: self.verifier,
            out: PhantomData,
        }
    }
}

impl<S, P: Provider, Out> Layer<S> for PostbackLayer<P, Out> {
    type Service = PostbackService<S, P, Out>;

    fn layer(&self, inner: S) -> Self::Service {
        PostbackService::new(inner, self.verifier.clone())
    }
}

impl<P: Provider, Out> Clone for PostbackLayer<P, Out> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            out: PhantomData,
        }
    }
}

impl<P: Provider, Out> fmt::Debug for PostbackLayer<P, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostbackLayer")
            .field(&self.verifier)
            .finish()
    }
}
