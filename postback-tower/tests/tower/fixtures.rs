//! Shared bodies, deliveries and a provider.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use http::{Request, request};
use http_body::{Body, Frame, SizeHint};
use postback_core::{
    AcceptsGet, KeyRing, MediaType, Provider, Rejection, Reply, RequestHead, SecretKey, Verifier,
    VerifierBuilder, VerifyContext, cryptocloud::CryptoCloud, testing,
};

pub(crate) const NOW: u64 = 1_769_509_400;

/// The body limit of [`verifier`], in bytes.
pub(crate) const LIMIT: usize = 4_096;

pub(crate) fn verifier(secret: &str) -> Verifier<CryptoCloud> {
    verifier_of(CryptoCloud::new(), secret)
}

pub(crate) fn verifier_of<P: Provider<Key = SecretKey>>(provider: P, secret: &str) -> Verifier<P> {
    builder_of(provider, self::secret(secret)).build().unwrap()
}

pub(crate) fn builder(keys: impl Into<KeyRing<SecretKey>>) -> VerifierBuilder<CryptoCloud> {
    builder_of(CryptoCloud::new(), keys)
}

/// Returns a builder with the body limit [`LIMIT`] and a clock at [`NOW`].
pub(crate) fn builder_of<P: Provider<Key = SecretKey>>(
    provider: P,
    keys: impl Into<KeyRing<SecretKey>>,
) -> VerifierBuilder<P> {
    Verifier::builder(provider, keys)
        .clock(|| Some(NOW))
        .body_limit(LIMIT)
}

pub(crate) fn secret(text: &str) -> SecretKey {
    SecretKey::new(text).unwrap()
}

/// Returns the documented sample, signed with a secret.
pub(crate) fn sample(secret: &str) -> Bytes {
    let token = testing::token(&self::secret(secret), testing::SAMPLE_INVOICE_ID, NOW + 300);
    testing::sample_json(Some(&token)).into()
}

/// Returns the head of a JSON postback.
pub(crate) fn post() -> request::Builder {
    Request::post("/").header("content-type", "application/json")
}

/// Body that never ends, without a declared size, whose frames are always ready. It counts the
/// bytes that were read.
#[derive(Clone)]
pub(crate) struct Endless {
    pub(crate) read: Arc<AtomicUsize>,
    frame: &'static [u8],
    started: Instant,
}

/// Size of a frame of [`Endless::spaces`], in bytes.
pub(crate) const FRAME: usize = 100;

impl Endless {
    pub(crate) fn spaces() -> Self {
        Self::of(&[b' '; FRAME])
    }

    pub(crate) fn nothing() -> Self {
        Self::of(&[])
    }

    fn of(frame: &'static [u8]) -> Self {
        Self {
            read: Arc::default(),
            frame,
            started: Instant::now(),
        }
    }
}

impl Body for Endless {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let before = self.read.fetch_add(self.frame.len(), Ordering::Relaxed);
        assert!(before < LIMIT * 10, "reading does not stop at the limit");
        let lasted = self.started.elapsed();
        assert!(lasted.as_secs() < 5, "the task does not yield");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.frame)))))
    }
}

/// Body that must not be read, with a declared size.
pub(crate) struct Unread {
    pub(crate) declared: u64,
}

impl Body for Unread {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        panic!("the body was read")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.declared)
    }
}

/// Provider that signs the target of the request. It stores the target, and accepts every request
/// if `is_genuine` is set.
#[derive(Clone, Debug, Default)]
pub(crate) struct TargetProvider {
    pub(crate) target: Arc<Mutex<String>>,
    pub(crate) is_genuine: bool,
}

impl Provider for TargetProvider {
    type Accepts = AcceptsGet;
    type Payload = ();
    type Evidence = ();
    type Key = ();

    const NAME: &'static str = "target";
    const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

    fn accepts(&self) -> AcceptsGet {
        AcceptsGet
    }

    fn inspect(&self, head: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
        head.target().clone_into(&mut self.target.lock().unwrap());
        Ok(())
    }

    fn verify(&self, (): (), _: Bytes, check: &mut VerifyContext<'_, ()>) -> Result<(), Rejection> {
        check.signature(|()| self.is_genuine)
    }
}
