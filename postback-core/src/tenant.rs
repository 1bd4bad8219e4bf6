use std::{fmt, marker::PhantomData};

use bytes::Bytes;

use crate::{Answer, Check, Head, MediaType, Provider, Rejection, Summary};

/// The same gateway under a second type, for an application that keeps one verifier a type.
///
/// `Tag` is any type of the application's. A `Verified<Tenant<Eu, CryptoCloud>>` never passes for
/// a `Verified<Tenant<Us, CryptoCloud>>`.
///
/// ```
/// use postback_core::{SecretKey, Tenant, Verifier, cryptocloud::CryptoCloud};
///
/// enum Eu {}
/// enum Us {}
///
/// struct Verifiers {
///     eu: Verifier<Tenant<Eu, CryptoCloud>>,
///     us: Verifier<Tenant<Us, CryptoCloud>>,
/// }
///
/// let verifiers = Verifiers {
///     eu: Verifier::builder(Tenant::new(CryptoCloud::new()), SecretKey::new("eu secret")?)
///         .scope("eu")
///         .build()?,
///     us: Verifier::builder(Tenant::new(CryptoCloud::new()), SecretKey::new("us secret")?)
///         .scope("us")
///         .build()?,
/// };
/// assert_eq!(verifiers.eu.scope(), Some("eu"));
/// assert_eq!(verifiers.us.scope(), Some("us"));
/// # Ok::<(), postback_core::ConfigError>(())
/// ```
pub struct Tenant<Tag, P> {
    provider: P,
    tag: PhantomData<fn() -> Tag>,
}

impl<Tag, P> Tenant<Tag, P> {
    /// Gives `provider` a type of its own.
    pub const fn new(provider: P) -> Self {
        Self {
            provider,
            tag: PhantomData,
        }
    }
}

impl<Tag: 'static, P: Provider> Provider for Tenant<Tag, P> {
    type Accepts = P::Accepts;
    type Event = P::Event;
    type Evidence = P::Evidence;
    type Key = P::Key;

    const NAME: &'static str = P::NAME;
    const ACK: Answer = P::ACK;

    fn accepts(&self) -> P::Accepts {
        self.provider.accepts()
    }

    fn inspect(
        &self,
        head: &Head<'_>,
        media_type: Option<MediaType>,
    ) -> Result<Self::Evidence, Rejection> {
        self.provider.inspect(head, media_type)
    }

    fn verify(
        &self,
        evidence: Self::Evidence,
        body: Bytes,
        check: &mut Check<'_, Self::Key>,
    ) -> Result<Self::Event, Rejection> {
        self.provider.verify(evidence, body, check)
    }

    fn summary(event: &Self::Event) -> Summary<'_> {
        P::summary(event)
    }

    fn unpadded(key: &Self::Key) -> Option<&Self::Key> {
        P::unpadded(key)
    }
}

impl<Tag, P: Clone> Clone for Tenant<Tag, P> {
    fn clone(&self) -> Self {
        Self::new(self.provider.clone())
    }
}

impl<Tag, P: fmt::Debug> fmt::Debug for Tenant<Tag, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tenant").field(&self.provider).finish()
    }
}
