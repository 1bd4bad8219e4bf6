use std::{fmt, marker::PhantomData};

use bytes::Bytes;

use crate::{
    ConfigError, LogFields, MediaType, Namespace, PaymentEvent, PaymentProvider, Provider,
    Rejection, Reply, RequestHead, VerifyContext,
    name::is_project_name,
    reconcile::{Outcome, Price},
};

/// Wrapper that gives a provider a type and a project of its own, for an application with several
/// projects.
///
/// `Tag` is any type of your application. A `Verified<Tenant<Eu, CryptoCloud>>` is never accepted
/// in place of a `Verified<Tenant<Us, CryptoCloud>>`. The project of each is part of the key of its
/// payments, so that the payments of two projects are recorded separately.
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
    /// Wraps `provider` in a type of its own, for the project with the name `project`.
    ///
    /// Do not change the name, even when keys are replaced: see
    /// [`VerifierBuilder::project`](crate::VerifierBuilder::project).
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidProject`] if the name is empty, has surrounding white space, or
    /// contains a control character.
    pub fn new(project: impl Into<String>, provider: P) -> Result<Self, ConfigError> {
        let project = project.into();
        match is_project_name(&project) {
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

    /// Returns the wrapped provider.
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

    fn log_fields(payload: &Self::Payload) -> LogFields<'_> {
        P::log_fields(payload)
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
