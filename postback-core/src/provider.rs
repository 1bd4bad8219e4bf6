use std::fmt;

use bytes::Bytes;

use crate::{Accepts, LogFields, MediaType, Rejection, Reply, RequestHead, VerifyContext};

/// A payment provider: what its postbacks look like and how they are signed.
///
/// A [`Verifier`](crate::Verifier) asks in this order and stops at the first rejection: the method
/// and media types that the provider [`accepts`](Self::accepts); [`inspect`](Self::inspect) for the
/// head, before any byte of the body is read; then [`verify`](Self::verify) for the body, which
/// never exceeds the verifier's limit.
///
/// The trait is open. This is the whole of a provider for BTCPay Server, which signs the raw body with HMAC-SHA-256 and
/// sends `BTCPay-Sig: sha256=` and the tag as hexadecimal digits (source: its webhook documentation):
///
/// ```
/// use postback_core::{
///     AcceptsPost, Bytes, MediaType, PaymentEvent, PaymentProvider, Provider, Rejection,
///     RequestHead, SecretKey, SignatureHeader, VerifyContext, body,
///     reconcile::{Outcome, Price},
/// };
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug)]
/// struct BtcPay;
///
/// #[derive(Clone, Debug, Deserialize, Serialize)]
/// #[serde(rename_all = "camelCase")]
/// struct InvoiceEvent {
///     r#type: String,
///     invoice_id: String,
/// }
///
/// impl Provider for BtcPay {
///     type Accepts = AcceptsPost;
///     type Payload = InvoiceEvent;
///     type Evidence = Vec<u8>;
///     type Key = SecretKey;
///
///     const NAME: &'static str = "btcpay";
///
///     fn inspect(&self, head: &RequestHead<'_>, _: Option<MediaType>) -> Result<Vec<u8>, Rejection> {
///         SignatureHeader::hexadecimal("btcpay-sig").with_prefix("sha256=").read(head)
///     }
///
///     fn verify(
///         &self,
///         tag: Vec<u8>,
///         body: Bytes,
///         context: &mut VerifyContext<'_, SecretKey>,
///     ) -> Result<InvoiceEvent, Rejection> {
///         context.signature(|key| key.verify_hmac_sha256(&body, &tag))?;
///         body::from_json(&body)
///     }
/// }
///
/// impl PaymentProvider for BtcPay {
///     fn payment_event(event: &InvoiceEvent) -> PaymentEvent<'_> {
///         PaymentEvent::new(&event.invoice_id, event)
///     }
///
///     fn outcome(event: &InvoiceEvent, price: &Price) -> Outcome {
///         match &*event.r#type {
///             "InvoiceSettled" => price.paid_in_full(),
///             "InvoiceProcessing" => Outcome::Pending,
///             _ => Outcome::NotSuccessful,
///         }
///     }
/// }
/// # #[cfg(feature = "testing")] {
/// use postback_core::{Method, Verifier, testing};
///
/// let secret = SecretKey::new("the webhook's secret")?;
/// let verifier = Verifier::new(BtcPay, secret.clone());
/// let deliver = |body: &'static str, signature: &str| {
///     let headers = [("Content-Type", "application/json"), ("BTCPay-Sig", signature)];
///     testing::request(&verifier, Method::Post, "/", &headers, body, 1_769_509_400)
/// };
///
/// let settled = r#"{"type":"InvoiceSettled","invoiceId":"R1wJ"}"#;
/// let signature = format!("sha256={}", testing::hmac_sha256_hex(&secret, settled));
/// let verified = deliver(settled, &signature)?;
/// assert_eq!(verified.payment_id(), "R1wJ");
/// assert!(verified.reconcile(&Price::new("10".parse()?, "EUR")?)?.is_paid());
///
/// let other = r#"{"type":"InvoiceSettled","invoiceId":"forged"}"#;
/// assert_eq!(deliver(other, &signature).err(), Some(Rejection::BadSignature));
/// assert_eq!(deliver(settled, "").err(), Some(Rejection::Unsigned));
/// # }
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

    /// The provider's name in logs and, unless [`PaymentProvider`](crate::PaymentProvider) says otherwise, in records:
    /// lower case, no spaces. It must not change.
    const NAME: &'static str;

    /// The reply that the provider takes as "received". Defaults to 200 with the text `ok`.
    const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

    /// Status of the replies to postbacks that are unsigned, forged, expired or about something else, from 400 to 599:
    /// another one does not compile. Defaults to 401.
    ///
    /// For a provider that stops sending after a 401: another status makes it send again, when the configuration has been
    /// fixed for example.
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
