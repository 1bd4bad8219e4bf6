use std::fmt;

use bytes::Bytes;

use crate::{Accepts, LogFields, MediaType, Rejection, Reply, RequestHead, VerifyContext};

/// Payment provider, which defines the form of its postbacks and how they are signed.
///
/// A [`Verifier`](crate::Verifier) checks a request in this order and stops at the first rejection:
/// the method and media types of [`accepts`](Self::accepts); the declared size;
/// [`inspect`](Self::inspect) for the head, before the adapter reads the body; the size of the body;
/// then [`verify`](Self::verify).
///
/// Any crate can implement the trait. The provider of this example is invented: it sends GET
/// requests, signs the whole URL with HMAC-SHA-512, and sends the tag in base64. The guide has a
/// complete provider for BTCPay Server, which signs the body, and whose payments are recorded.
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
    /// Method of the provider's postbacks, and whether they have a body to read.
    type Accepts: Accepts;

    /// Payload of a verified postback.
    type Payload: Clone + fmt::Debug + Send + Sync + 'static;

    /// Parts of the head that [`inspect`](Self::inspect) keeps for [`verify`](Self::verify), such
    /// as a signature.
    type Evidence: Send + 'static;

    /// Key that signatures are checked with.
    type Key: Send + Sync + 'static;

    /// Name of the provider in logs and, for a provider outside this crate, in records: lower-case
    /// letters, digits, `-` and `_`.
    ///
    /// Do not change it: **under another name, a payment that was credited before can be credited
    /// again**.
    const NAME: &'static str;

    /// Reply that acknowledges a postback. Defaults to 200 with the text `ok`.
    const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

    /// Status of the replies to unverified postbacks, from 400 to 599; another value does not
    /// compile. Defaults to 401.
    ///
    /// Set it for a provider that stops sending after a 401.
    const UNVERIFIED_STATUS: u16 = 401;

    /// Returns the method and media types of the provider's postbacks. Defaults to GET, or POST
    /// with JSON.
    fn accepts(&self) -> Self::Accepts {
        Self::Accepts::default()
    }

    /// Checks the head, whose method, media type, encoding and declared size are already accepted.
    ///
    /// `media_type` is `None` if the provider sends no body.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] of a request whose body is not read.
    fn inspect(
        &self,
        head: &RequestHead<'_>,
        media_type: Option<MediaType>,
    ) -> Result<Self::Evidence, Rejection>;

    /// Checks the signature, then decodes what it covers.
    ///
    /// Even if this returns `Ok`, the postback is rejected unless the last call of
    /// [`VerifyContext::signature`] or [`VerifyContext::url_signature`] found a key.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] of the postback.
    fn verify(
        &self,
        evidence: Self::Evidence,
        body: Bytes,
        context: &mut VerifyContext<'_, Self::Key>,
    ) -> Result<Self::Payload, Rejection>;

    /// Returns the only project that a verifier of this provider may have, as a
    /// [`Tenant`](crate::Tenant) does. Defaults to `None`, which allows any.
    ///
    /// The name is not empty, and contains neither surrounding white space nor control characters.
    fn project(&self) -> Option<&str> {
        None
    }

    /// Returns the fields of a verified postback that may be logged. Defaults to none of them.
    #[must_use]
    fn log_fields(_payload: &Self::Payload) -> LogFields<'_> {
        LogFields::default()
    }
}
