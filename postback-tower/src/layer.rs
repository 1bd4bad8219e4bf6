use std::{fmt, marker::PhantomData};

use bytes::Bytes;
use postback_core::{Provider, Verifier};
use tower_layer::Layer;

use crate::{PostbackService, RequestBody};

/// Lets nothing but verified postbacks of `P` through to the service below it.
///
/// *Refuses*, by itself and without calling that service, when
///
/// - the method, content type, content encoding or declared size is not acceptable: before a byte
///   of the body is read;
/// - the body exceeds the verifier's limit, or an `axum` route's `DefaultBodyLimit` where that
///   feature is on and the limit was set above this layer (one of exactly 2,097,152 bytes is what axum
///   assumes where none is set, and cannot be told from that), or it breaks off;
/// - the postback is malformed, unsigned, forged, expired or about another invoice.
///
/// The response to a refused request carries the [`Rejection`](postback_core::Rejection) in its
/// extensions. The request that is let through carries the [`Verified<P>`](postback_core::Verified)
/// in its own, and the same bytes as `Out`: by default a [`RequestBody`], or what
/// [`with_request_body`](Self::with_request_body) asks for. Trailers are dropped, for no postback has
/// any, and so are `Transfer-Encoding`, `Trailer`, and a `Content-Length` of other than the bytes handed
/// on; the rest of the head is as it was received. For a gateway that signs no body none is handed on.
///
/// The service below is asked whether it is ready before the body is read, and waits for it. How
/// long a body may take is for the application to say, with a deadline above this layer.
///
/// See the [crate's documentation](crate) for examples.
pub struct PostbackLayer<P: Provider, Out = RequestBody> {
    verifier: Verifier<P>,
    out: PhantomData<fn() -> Out>,
}

impl<P: Provider> PostbackLayer<P> {
    /// A layer that asks `verifier`.
    #[must_use]
    pub const fn new(verifier: Verifier<P>) -> Self {
        Self {
            verifier,
            out: PhantomData,
        }
    }

    /// Hands the body on as another type, for a service that takes no other: `axum::body::Body`
    /// for `axum::middleware::from_fn`, or [`Bytes`] for a service that wants just them.
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
