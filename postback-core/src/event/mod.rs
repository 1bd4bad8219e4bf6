//! Records of payments, by which a store credits each payment once.
//!
//! A provider may send the same postback several times: after a time-out, when a person requests
//! it, or twice at the same time. An [`EventRecord`] identifies the payment by an [`EventKey`],
//! which is the same in each delivery, and holds [`FieldDigests`] of the fields that must not
//! change from one delivery to the next.
//!
//! `reconcile` creates the record of a verified payment or of a bound callback, and returns it
//! together with the outcome. A store takes both, because a payment that is not credited must not
//! prevent a later delivery from being credited.

mod digest;
mod field_digests;
mod key;
mod stage;

use std::fmt;

use serde::Serialize;

pub use self::{digest::Digest, field_digests::FieldDigests, key::EventKey, stage::Stage};
pub(crate) use self::{digest::Digester, key::MAX_ID_LENGTH};

/// Record of a payment in a store; created by `reconcile`.
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
/// // The second delivery has another token.
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
    counts_transfer: bool,
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

    /// Returns the stage of the payment.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the digests of the fields that must not change from one delivery to the next.
    #[must_use]
    pub const fn digest(&self) -> &FieldDigests {
        &self.digest
    }

    /// Returns the digest of the transfer on the chain, if the provider identifies it, whether it
    /// [counts](Self::counted_transfer) or not. A store keeps it with the record, because it counts
    /// when a person has the payment credited.
    #[must_use]
    pub const fn transfer(&self) -> Option<&Digest> {
        self.transfer.as_ref()
    }

    /// Returns the digest of the transfer on the chain, if it counts as soon as the payment is
    /// recorded. A store uses it to recognise a transfer that was recorded before for another
    /// payment.
    ///
    /// A transfer does not count if the assurance is below the one that the price requires: a
    /// payment that another client of the provider arranged must not make a genuine one look like
    /// its duplicate.
    #[must_use]
    pub fn counted_transfer(&self) -> Option<&Digest> {
        self.transfer.as_ref().filter(|_| self.counts_transfer)
    }

    /// Returns the payload as JSON, for the operator.
    ///
    /// For CryptoCloud, Trybit, CryptAPI and BlockBee, amounts are texts, unreadable fields are as
    /// received, and neither token nor signature is included. A provider of your own defines it in
    /// [`PaymentProvider::payment_event`](crate::PaymentProvider::payment_event).
    #[must_use]
    pub fn payload_json(&self) -> &str {
        &self.payload_json
    }

    pub(crate) fn without_counting_transfer(self) -> Self {
        Self {
            counts_transfer: false,
            ..self
        }
    }
}

/// Shows the key, and no part of the payload.
impl fmt::Debug for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRecord")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Parts of an [`EventRecord`].
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
            counts_transfer: true,
            payload_json: contents.payload_json.into(),
        }
    }
}

/// Returns a payload as JSON, or `null` if it cannot be serialized, which must not prevent the
/// credit.
pub(crate) fn payload_json(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).unwrap_or_else(|_| "null".to_owned())
}
