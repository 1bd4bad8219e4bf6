//! What a store keeps of a payment, so that it is credited once.
//!
//! A provider sends the same postback again: after a time-out, when a person asks for it, or twice at once. An
//! [`EventRecord`] names the payment by what is *signed* and by the verifier's project, so that each delivery has
//! the same key, and it holds
//! [`FieldDigests`] of what must not change from one delivery to the next.
//!
//! `reconcile` makes it, of a verified payment or of a bound callback, and hands it out with the outcome: a store
//! takes both together, because only a payment that is credited may use up the record.

mod digest;
mod field_digests;
mod key;
mod stage;

use std::fmt;

use serde::Serialize;

pub(crate) use self::digest::Digester;
pub use self::{digest::Digest, field_digests::FieldDigests, key::EventKey, stage::Stage};

/// A payment as a store knows it; made by `reconcile`.
///
/// ```
/// # #[cfg(all(feature = "cryptocloud", feature = "testing"))] {
/// use postback_core::{
///     MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, reconcile::Price, testing,
/// };
///
/// let secret = SecretKey::new("the project's secret key")?;
/// let verifier = Verifier::builder(CryptoCloud::new(), secret.clone()).project("shop-1").build()?;
/// let deliver = |expiry| {
///     let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", expiry)));
///     testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)
/// };
/// let price = Price::new("0.000113".parse()?, "BNB")?;
/// // The second has another token.
/// let first = deliver(1_769_509_700)?.reconcile(&price)?;
/// let again = deliver(1_769_509_701)?.reconcile(&price)?;
/// assert_eq!((first.event().project(), first.event().id()), (Some("shop-1"), "ILRAJE1Q"));
/// assert_eq!(first.event().key(), again.event().key());
/// assert_eq!(first.event().digest(), again.event().digest());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EventRecord {
    key: EventKey,
    stage: Stage,
    digest: FieldDigests,
    transfer: Option<Digest>,
    payload_json: Box<str>,
}

impl EventRecord {
    /// Returns the key of the payment: namespace, project and id.
    #[must_use]
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// Returns the [namespace](EventKey::namespace) of the key.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.key.namespace()
    }

    /// Returns the [project](EventKey::project) of the key.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.key.project()
    }

    /// Returns the [id](EventKey::id) of the key.
    #[must_use]
    pub fn id(&self) -> &str {
        self.key.id()
    }

    /// Returns how far the payment is.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the digests of the fields that must not change from one delivery to the next.
    #[must_use]
    pub const fn digest(&self) -> &FieldDigests {
        &self.digest
    }

    /// The digest of the transfer on the chain, where the provider names it: the same transfer under another id
    /// may have been counted before.
    #[must_use]
    pub const fn transfer(&self) -> Option<&Digest> {
        self.transfer.as_ref()
    }

    /// Returns the payload as JSON, for the operator. That of CryptoCloud, Trybit, CryptAPI and BlockBee has
    /// amounts as texts, fields that cannot be read as received, and neither token nor signature. A provider
    /// of your own chooses it, in
    /// [`PaymentProvider::payment_event`](crate::PaymentProvider::payment_event).
    #[must_use]
    pub fn payload_json(&self) -> &str {
        &self.payload_json
    }

    pub(crate) fn without_transfer(self) -> Self {
        Self {
            transfer: None,
            ..self
        }
    }
}

/// Shows the key, and nothing of the payload.
impl fmt::Debug for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRecord")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What a record is made of.
pub(crate) struct Contents<'a> {
    pub(crate) namespace: &'static str,
    pub(crate) project: Option<&'a str>,
    pub(crate) id: &'a str,
    pub(crate) stage: Stage,
    pub(crate) digest: FieldDigests,
    pub(crate) transfer: Option<Digest>,
    pub(crate) payload_json: String,
}

impl From<Contents<'_>> for EventRecord {
    fn from(contents: Contents<'_>) -> Self {
        Self {
            key: EventKey::new(contents.namespace, contents.project, contents.id),
            stage: contents.stage,
            digest: contents.digest,
            transfer: contents.transfer,
            payload_json: contents.payload_json.into(),
        }
    }
}

/// Returns a payload as JSON. One that cannot be serialized is `null`, so that it does not cost the payment.
pub(crate) fn payload_json(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).unwrap_or_else(|_| "null".to_owned())
}
