use std::fmt;

use bytes::Bytes;

use crate::{Accepts, LogFields, MediaType, Rejection, Reply, RequestHead, VerifyContext};

/// Payment provider: what its postbacks look like and how they are signed.
///
/// A [`Verifier`](crate::Verifier) asks in this order and stops at the first rejection: the method
/// and media types that the provider [`accepts`](Self::accepts); [`inspect`](Self::inspect) for the
/// head, before any byte of the body is read; then [`verify`](Self::verify) for the body, which
/// never exceeds the verifier's limit.
///
/// The trait is open. This provider is invented: it calls back by GET, signs the whole URL with
/// HMAC-SHA-512, and sends the tag in base64. The guide has a whole provider for BTCPay Server, which
/// signs the body, and whose payments are recorded.
///
/// ```
/// use postback_core::{
///     AcceptsGet, Bytes, MediaType, Provider, PublicOrigins, ReceivedUrl, Rejection, RequestHead,
///     SecretKey, SignatureHeader, VerifyContext, Verifier,
/// };
///
/// const SIGNATURE: SignatureHeader = SignatureHeader::base64("x-signature");
///
/// #[derive(Debug)]
/// struct ExamplePay(PublicOrigins);
///
/// impl Provider for ExamplePay {
///     type Accepts = AcceptsGet;
///     type Payload = String;
///     type Evidence = (Vec<u8>, ReceivedUrl);
///     type Key = SecretKey;
///
///     const NAME: &'static str = "example-pay";
///
///     fn inspect(
///         &self,
///         head: &RequestHead<'_>,
///         _: Option<MediaType>,
///     ) -> Result<Self::Evidence, Rejection> {
///         Ok((SIGNATURE.read(head)?, self.0.received(head.target())?))
///     }
///
///     fn verify(
///         &self,
///         (tag, url): Self::Evidence,
///         _: Bytes,
///         context: &mut VerifyContext<'_, SecretKey>,
///     ) -> Result<String, Rejection> {
///         context.url_signature(&self.0, url, |key, url| key.verify_hmac_sha512(url, &tag))
///     }
/// }
///
/// let provider = ExamplePay(PublicOrigins::new(["https://shop.example"])?);
/// let verifier = Verifier::new(provider, SecretKey::new("a secret for this example")?);
/// let deliver = |target, signature| {
///     let headers = [("X-Signature", signature)];
///     let admitted = verifier.admit(&RequestHead::new("GET", target, &headers))?;
///     admitted.verify(Bytes::new())
/// };
///
/// // Signed with OpenSSL.
/// let signature = "VA4qaSH6jxkGaDL3DWPGTn3hJE/HlJViaB6s/3dEc8kkW6BghpCi9LyuEcuD\
///                  i0K6nMoEwNWqFFftLRlu1vx2Bg==";
/// let verified = deliver("/paid?order=7&amount=12.50", signature)?;
/// assert_eq!(verified.payload(), "https://shop.example/paid?order=7&amount=12.50");
///
/// let changed = deliver("/paid?order=7&amount=99.50", signature);
/// assert_eq!(changed.err(), Some(Rejection::BadSignature));
/// assert_eq!(deliver("/paid?order=7", "").err(), Some(Rejection::Unsigned));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Provider: fmt::Debug + Send + Sized + Sync + 'static {
    /// The provider's method, and whether its postbacks have a body to read.
    type Accepts: Accepts;

    /// What a verified postback says.
    type Payload: Clone + fmt::Debug + Send + Sync + 'static;

    /// What [`inspect`](Self::inspect) keeps of the head until the body is there.
    type Evidence: Send + 'static;

    /// What signatures are checked with.
    type Key: Send + Sync + 'static;

    /// The provider's name in logs and, for all but this crate's own providers, in records: lower-case
    /// letters, digits, `-` and `_`. It must not change.
    const NAME: &'static str;

    /// The reply that the provider takes as "received". Defaults to 200 with the text `ok`.
    const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

    /// Status of the replies to rejections that are 401 by default, from 400 to 599; another value does
    /// not compile. Defaults to 401.
    ///
    /// Set it for a provider that stops sending after a 401.
    const UNVERIFIED_STATUS: u16 = 401;

    /// Returns the method and media types of the provider's postbacks. Defaults to GET, or POST with JSON.
    fn accepts(&self) -> Self::Accepts {
        Self::Accepts::default()
    }

    /// Looks at the head, whose method, media type, encoding and declared size are already
    /// accepted. `media_type` is `None` if the provider sends no body.
    ///
    /// # Errors
    ///
    /// The reason to reject the request without reading its body.
    fn inspect(
        &self,
        head: &RequestHead<'_>,
        media_type: Option<MediaType>,
    ) -> Result<Self::Evidence, Rejection>;

    /// Checks the signature, then decodes what it covers.
    ///
    /// Whatever this returns, no postback is verified unless the last call of
    /// [`VerifyContext::signature`] found a key.
    ///
    /// # Errors
    ///
    /// The reason to reject the postback.
    fn verify(
        &self,
        evidence: Self::Evidence,
        body: Bytes,
        context: &mut VerifyContext<'_, Self::Key>,
    ) -> Result<Self::Payload, Rejection>;

    /// Returns the project that this value is for, if its type is that of one project: see [`Tenant`](crate::Tenant). A
    /// verifier cannot have another. Defaults to none.
    ///
    /// Not empty, without surrounding white space, and without control characters.
    fn project(&self) -> Option<&str> {
        None
    }

    /// Returns what the log may say of a verified postback. Defaults to nothing.
    #[must_use]
    fn log_fields(_payload: &Self::Payload) -> LogFields<'_> {
        LogFields::default()
    }
}
