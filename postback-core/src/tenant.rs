use std::{fmt, marker::PhantomData};

use bytes::Bytes;

use crate::{
    ConfigError, LogFields, MediaType, Namespace, PaymentEvent, PaymentProvider, Provider,
    Rejection, Reply, RequestHead, VerifyContext,
    reconcile::{Outcome, Price},
    verifier::is_name,
};

/// The same provider under a second type, for an application that keeps one verifier a type.
///
/// `Tag` is any type of the application's. A `Verified<Tenant<Eu, CryptoCloud>>` never passes for
/// a `Verified<Tenant<Us, CryptoCloud>>`. Each has the name of its project, which keeps the payments of two projects
/// apart where they are recorded.
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
///     eu: Verifier::new(Tenant::new("eu", CryptoCloud::new())?, SecretKey::new("eu secret")?),
///     us: Verifier::new(Tenant::new("us", CryptoCloud::new())?, SecretKey::new("us secret")?),
/// };
/// assert_eq!(verifiers.eu.project(), Some("eu"));
/// assert_eq!(verifiers.us.project(), Some("us"));
/// # Ok::<(), postback_core::ConfigError>(())
/// ```
pub struct Tenant<Tag, P> {
    project: Box<str>,
    provider: P,
    tag: PhantomData<fn() -> Tag>,
}

impl<Tag, P> Tenant<Tag, P> {
    /// Wraps `provider` in a type of its own. `project` names the project: do not change it when keys are replaced.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidProject`] if the name is empty, has surrounding white space, or holds a control
    /// character.
    pub fn new(project: impl Into<String>, provider: P) -> Result<Self, ConfigError> {
        let project = project.into();
        match is_name(&project) {
            true => Ok(Self {
                project: project.into(),
                provider,
                tag: PhantomData,
            }),
            false => Err(ConfigError::InvalidProject {
                name: project.into(),
            }),
        }
    }

    /// The provider as it was before it had a type of its own.
    pub const fn provider(&self) -> &P {
        &self.provider
    }
}

impl<Tag: 'static, P: Provider> Provider for Tenant<Tag, P> {
    type Accepts = P::Accepts;
    type Payload = P::Payload;
    type Evidence = P::Evidence;
    type Key = P::Key;

    const NAME: &'static str = P::NAME;
    const ACK: Reply = P::ACK;
    const UNVERIFIED_STATUS: u16 = P::UNVERIFIED_STATUS;

    fn accepts(&self) -> P::Accepts {
        self.provider.accepts()
    }

    fn inspect(
        &self,
        head: &RequestHead<'_>,
        media_type: Option<MediaType>,
    ) -> Result<Self::Evidence, Rejection> {
        self.provider.inspect(head, media_type)
    }

    fn verify(
        &self,
        evidence: Self::Evidence,
        body: Bytes,
        context: &mut VerifyContext<'_, Self::Key>,
    ) -> Result<Self::Payload, Rejection> {
        self.provider.verify(evidence, body, context)
    }

    fn project(&self) -> Option<&str> {
        Some(&self.project)
    }

    fn log_fields(event: &Self::Payload) -> LogFields<'_> {
        P::log_fields(event)
    }
}

impl<Tag: 'static, P: PaymentProvider> PaymentProvider for Tenant<Tag, P> {
    const NAMESPACE: Namespace<Self> = P::NAMESPACE.of_wrapper();

    fn payment_event(payload: &P::Payload) -> PaymentEvent<'_> {
        P::payment_event(payload)
    }

    fn outcome(payload: &P::Payload, price: &Price) -> Outcome {
        P::outcome(payload, price)
    }

    fn states_amounts_in(price: &Price) -> bool {
        P::states_amounts_in(price)
    }
}

impl<Tag, P: Clone> Clone for Tenant<Tag, P> {
    fn clone(&self) -> Self {
        Self {
            project: self.project.clone(),
            provider: self.provider.clone(),
            tag: PhantomData,
        }
    }
}

impl<Tag, P: fmt::Debug> fmt::Debug for Tenant<Tag, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("project", &self.project)
            .field("provider", &self.provider)
            .finish()
    }
}
