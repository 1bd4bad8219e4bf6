use std::fmt;

use bytes::Bytes;

use crate::{Accepts, Answer, Check, Head, MediaType, Rejection, Summary};

/// A payment gateway: what its postbacks look like and how they are signed.
///
/// A [`Verifier`](crate::Verifier) asks in this order and stops at the first refusal: the method
/// and media types that the gateway [`accepts`](Self::accepts); [`inspect`](Self::inspect) for the
/// head, before any byte of the body is read; then [`verify`](Self::verify) for the body, which
/// never exceeds the verifier's limit.
///
/// The trait is open. This gateway is invented; it signs the raw body with HMAC-SHA256 and sends
/// the 32 bytes as 64 hexadecimal digits in `x-signature`:
///
/// ```
/// use bytes::Bytes;
/// use postback_core::{
///     AcceptsPost, Answer, Check, Head, MediaType, Provider, Rejection, SecretKey, Verifier,
/// };
///
/// #[derive(Debug)]
/// struct ExamplePay;
///
/// impl Provider for ExamplePay {
///     type Accepts = AcceptsPost;
///     type Event = String;
///     type Evidence = [u8; 32];
///     type Key = SecretKey;
///
///     const NAME: &'static str = "example-pay";
///     const ACK: Answer = Answer::acknowledgement("text/plain", "thanks");
///
///     fn accepts(&self) -> AcceptsPost {
///         AcceptsPost(&[MediaType::Json])
///     }
///
///     fn inspect(&self, head: &Head<'_>, _: Option<MediaType>) -> Result<[u8; 32], Rejection> {
///         let value = head.only("x-signature").map_err(|_| Rejection::BadSignature)?;
///         tag(&value.ok_or(Rejection::Unsigned)?).ok_or(Rejection::BadSignature)
///     }
///
///     fn verify(
///         &self,
///         tag: [u8; 32],
///         body: Bytes,
///         check: &mut Check<'_, SecretKey>,
///     ) -> Result<String, Rejection> {
///         check.signature(|key| key.verify_hmac_sha256(&body, &tag))?;
///         Ok(String::from_utf8_lossy(&body).into_owned())
///     }
/// }
///
/// /// 64 lower-case hexadecimal digits as 32 bytes.
/// fn tag(digits: &[u8]) -> Option<[u8; 32]> {
///     let digit = |byte: u8| match byte {
///         b'0'..=b'9' => Some(byte - b'0'),
///         b'a'..=b'f' => Some(byte - b'a' + 10),
///         _ => None,
///     };
///     let bytes: Option<Vec<u8>> = digits
///         .chunks(2)
///         .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?))
///         .collect();
///     bytes?.try_into().ok()
/// }
///
/// let verifier = Verifier::new(ExamplePay, SecretKey::new("a secret for this example")?);
/// let deliver = |body: &'static [u8], signature: &'static [u8]| {
///     let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| match name {
///         "content-type" => visit(b"application/json"),
///         "x-signature" => visit(signature),
///         _ => {}
///     };
///     let admitted = verifier.admit(&Head::new("POST", "/postback", &headers))?;
///     admitted.verify(Bytes::from_static(body))
/// };
///
/// let genuine = br#"{"paid":"12.50"}"#;
/// let signature = b"105f857d7e6c96635af9a8616d198ade351009e030f16a3580e4687c5edc6264";
/// let verified = deliver(genuine, signature)?;
/// assert_eq!(verified.event(), r#"{"paid":"12.50"}"#);
///
/// let forged = deliver(br#"{"paid":"99.50"}"#, signature);
/// assert_eq!(forged.err(), Some(Rejection::BadSignature));
/// assert_eq!(deliver(genuine, b"").err(), Some(Rejection::BadSignature));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Provider: fmt::Debug + Send + Sized + Sync + 'static {
    /// The gateway's method, and whether its postbacks have a body to read.
    type Accepts: Accepts;

    /// What a verified postback says.
    type Event: Clone + fmt::Debug + Send + Sync + 'static;

    /// What [`inspect`](Self::inspect) keeps of the head until the body is there.
    type Evidence: Send + 'static;

    /// What signatures are checked with.
    type Key: Send + Sync + 'static;

    /// The gateway's name in logs: lower case, no spaces.
    const NAME: &'static str;

    /// The answer that the gateway takes as "received".
    const ACK: Answer;

    /// The method and media types of the gateway's postbacks.
    fn accepts(&self) -> Self::Accepts;

    /// Looks at the head, whose method, media type, encoding and declared size are already
    /// accepted. `media_type` is `None` where the gateway sends no body.
    ///
    /// # Errors
    ///
    /// The reason to refuse the request without reading its body.
    fn inspect(
        &self,
        head: &Head<'_>,
        media_type: Option<MediaType>,
    ) -> Result<Self::Evidence, Rejection>;

    /// Checks the signature, then decodes what it covers.
    ///
    /// Whatever this returns, no postback is verified unless the last call of
    /// [`Check::signature`] found a key.
    ///
    /// # Errors
    ///
    /// The reason to refuse the postback.
    fn verify(
        &self,
        evidence: Self::Evidence,
        body: Bytes,
        check: &mut Check<'_, Self::Key>,
    ) -> Result<Self::Event, Rejection>;

    /// The project that this value is for, where its type stands for one project: see [`Tenant`](crate::Tenant). A
    /// verifier cannot have another. By default, none.
    ///
    /// Not empty, without white space at its ends, and without control characters.
    fn project(&self) -> Option<&str> {
        None
    }

    /// What the operator's log may say of a verified event. By default, nothing.
    #[must_use]
    fn summary(_event: &Self::Event) -> Summary<'_> {
        Summary::default()
    }

    /// The same key without the white space at its ends, if it has any.
    ///
    /// It vouches for nothing: the operator's log says when it would have fitted a signature that
    /// was refused. By default, keys have none.
    #[must_use]
    fn unpadded(_key: &Self::Key) -> Option<&Self::Key> {
        None
    }
}
