//! Bodies, a gateway and deliveries that the tests share.

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
    AcceptsGet, MediaType, Provider, Rejection, Reply, RequestHead, SecretKey, Verifier,
    VerifyContext, cryptocloud::CryptoCloud, testing,
};

pub(crate) const NOW: u64 = 1_769_509_400;

/// The body limit of [`verifier`], in bytes.
pub(crate) const LIMIT: usize = 4_096;

pub(crate) fn verifier(secret: &str) -> Verifier<CryptoCloud> {
    verifier_of(CryptoCloud::new(), secret)
}

pub(crate) fn verifier_of<P: Provider<Key = SecretKey>>(provider: P, secret: &str) -> Verifier<P> {
    Verifier::builder(provider, SecretKey::new(secret).unwrap())
        .clock(|| Some(NOW))
        .body_limit(LIMIT)
        .build()
        .unwrap()
}

/// The documented sample, signed with a secret.
pub(crate) fn sample(secret: &str) -> Bytes {
    let secret = SecretKey::new(secret).unwrap();
    let token = testing::token(&secret, testing::SAMPLE_INVOICE_ID, NOW + 300);
    testing::sample_json(Some(&token)).into()
}

/// The head of a JSON postback.
pub(crate) fn post() -> request::Builder {
    Request::post("/").header("content-type", "application/json")
}

/// A body without a declared size that never ends, whose frames are always ready; it counts what was
/// read of it.
#[derive(Clone)]
pub(crate) struct Endless {
    pub(crate) read: Arc<AtomicUsize>,
    frame: &'static [u8],
    begun: Instant,
}

/// How many bytes of [`Endless::spaces`] come at once.
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
            begun: Instant::now(),
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
        assert!(before < LIMIT * 10, "nobody stops reading");
        let lasted = self.begun.elapsed();
        assert!(lasted.as_secs() < 5, "nobody else gets a turn");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.frame)))))
    }
}

/// A body that must not be read, and says how long it is.
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

/// A gateway that signs the request's target: it notes what it is shown, and lets every request
/// through if it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noting {
    pub(crate) target: Arc<Mutex<String>>,
    pub(crate) genuine: bool,
}

impl Provider for Noting {
    type Accepts = AcceptsGet;
    type Payload = ();
    type Evidence = ();
    type Key = ();

    const NAME: &'static str = "noting";
    const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

    fn accepts(&self) -> AcceptsGet {
        AcceptsGet
    }

    fn inspect(&self, head: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
        head.target().clone_into(&mut self.target.lock().unwrap());
        Ok(())
    }

    fn verify(&self, (): (), _: Bytes, check: &mut VerifyContext<'_, ()>) -> Result<(), Rejection> {
        check.signature(|()| self.genuine)
    }
}
