//! What a store needs to know of an event, so that its effect happens once.
//!
//! A gateway sends the same postback again: when an answer is late, when somebody presses a button, or twice at
//! once. A [`Claim`] names the event by what is *signed* and by the verifier's configuration, so that each delivery
//! of it has the same name and no other event has; and it holds a [`Digest`] of what must not change from one
//! delivery to the next. It is made of a verified payment or of a bound callback, and of nothing else.

mod digest;

use std::fmt;

pub use self::digest::Digest;
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
pub(crate) use self::digest::Digester;

/// An event as a store knows it.
///
/// ```
/// # #[cfg(all(feature = "cryptocloud", feature = "testing"))] {
/// use postback_core::{
///     MediaType, SecretKey, Verifier, claim::{Claim, Finality}, cryptocloud::CryptoCloud, testing,
/// };
///
/// let secret = SecretKey::new("the project's secret key")?;
/// let verifier = Verifier::builder(CryptoCloud::new(), secret.clone()).scope("shop-1").build()?;
/// let deliver = |expiry| {
///     let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", expiry)));
///     testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)
/// };
/// // The second has another token.
/// let first = Claim::from(&deliver(1_769_509_700)?);
/// let again = Claim::from(&deliver(1_769_509_701)?);
/// assert_eq!((first.scope(), first.id()), (Some("shop-1"), "ILRAJE1Q"));
/// assert_eq!(first.finality(), Finality::Final);
/// assert!(first.is_same_event(&again) && first.digest() == again.digest());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a claim does nothing until a store takes it"]
pub struct Claim {
    namespace: &'static str,
    scope: Option<Box<str>>,
    id: Box<str>,
    finality: Finality,
    has_stages: bool,
    digest: Digest,
    transfer: Option<Digest>,
    event: Box<str>,
}

/// Whether more is to come of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a payment is final or it is not")]
pub enum Finality {
    /// A notice that another follows, with the same id.
    Pending,
    /// The last word.
    Final,
}

impl Claim {
    /// The gateway's ids: two brands of one gateway share a namespace.
    #[must_use]
    pub const fn namespace(&self) -> &'static str {
        self.namespace
    }

    /// The project whose verifier vouched, if it has a name.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// The gateway's signed id of the payment.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether more is to come of it. Both notices of a payment have one id.
    #[must_use]
    pub const fn finality(&self) -> Finality {
        self.finality
    }

    /// Whether the gateway tells of a payment that is pending, before it is final.
    #[must_use]
    pub const fn has_stages(&self) -> bool {
        self.has_stages
    }

    /// The digest of what must not change from one delivery to the next.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The digest of the transfer on the chain, where the gateway names it: the same transfer under another id
    /// may be one that was counted before.
    #[must_use]
    pub const fn transfer(&self) -> Option<&Digest> {
        self.transfer.as_ref()
    }

    /// What the event says, as JSON, for the operator: without token and signature, amounts as texts.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Whether both are deliveries of one event: the same namespace, scope, id and finality.
    #[must_use]
    pub fn is_same_event(&self, other: &Self) -> bool {
        (self.namespace, &self.scope, &self.id, self.finality)
            == (other.namespace, &other.scope, &other.id, other.finality)
    }
}

/// Shows by what the event is known, and nothing of what it says.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("namespace", &self.namespace)
            .field("scope", &self.scope)
            .field("id", &self.id)
            .field("finality", &self.finality)
            .finish_non_exhaustive()
    }
}

/// What a gateway's module fills in.
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
pub(crate) struct Terms<'a, E> {
    pub(crate) namespace: &'static str,
    pub(crate) scope: Option<&'a str>,
    pub(crate) id: &'a str,
    pub(crate) finality: Finality,
    pub(crate) has_stages: bool,
    pub(crate) digest: Digest,
    pub(crate) transfer: Option<Digest>,
    pub(crate) event: E,
}

#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
impl<E: serde::Serialize> From<Terms<'_, E>> for Claim {
    fn from(terms: Terms<'_, E>) -> Self {
        Self {
            namespace: terms.namespace,
            scope: terms.scope.map(Into::into),
            id: terms.id.into(),
            finality: terms.finality,
            has_stages: terms.has_stages,
            digest: terms.digest,
            transfer: terms.transfer,
            // Texts under fixed names always have a form in JSON.
            event: serde_json::to_string(&terms.event)
                .unwrap_or_default()
                .into(),
        }
    }
}
