use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    Admitted, ConfigError, KeyRing, Provider, Rejection, RequestHead, VerifyContext,
    accepts::sealed::Accepts as _,
    expected_body::ExpectedBody,
    log::{self, Findings},
    name::is_project_name,
    verified::Identity,
};

/// Verifies the postbacks that a provider sends for one project.
///
/// Cloning is cheap: clones share keys and identity.
///
/// ```
/// use std::time::Duration;
///
/// use postback_core::{Verifier, SecretKey, cryptocloud::CryptoCloud};
///
/// let verifier = Verifier::builder(CryptoCloud::new(), SecretKey::new("the project's secret")?)
///     .project("shop-1")
///     .max_lifetime(Duration::from_secs(300))
///     .build()?;
/// assert_eq!(verifier.body_limit(), 64 * 1024);
/// # Ok::<(), postback_core::ConfigError>(())
/// ```
pub struct Verifier<P: Provider> {
    inner: Arc<Inner<P>>,
}

struct Inner<P: Provider> {
    provider: P,
    keys: RwLock<Arc<KeyRing<P::Key>>>,
    identity: Arc<Identity>,
    body_limit: usize,
    leeway: Duration,
    max_lifetime: Duration,
    clock: Clock,
}

type Clock = Box<dyn Fn() -> Option<u64> + Send + Sync>;

impl<P: Provider> Verifier<P> {
    /// Longest leeway that can be configured: five minutes.
    pub const MAX_LEEWAY: Duration = Duration::from_secs(300);

    /// Default ceiling on the lifetime of a token: a day.
    pub const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(86_400);

    /// Creates a verifier with the defaults of [`builder`](Self::builder).
    pub fn new(provider: P, keys: impl Into<KeyRing<P::Key>>) -> Self {
        Self::builder(provider, keys).finish()
    }

    /// Returns a builder for a verifier.
    ///
    /// The project defaults to the provider's own, if it has one. The body limit defaults to 64
    /// KiB, the leeway to 30 seconds, the ceiling on the lifetime of a token to a day, and the
    /// clock to the system's.
    pub fn builder(provider: P, keys: impl Into<KeyRing<P::Key>>) -> VerifierBuilder<P> {
        VerifierBuilder {
            project: provider.project().map(str::to_owned),
            provider,
            keys: keys.into(),
            body_limit: 64 * 1024,
            leeway: Duration::from_secs(30),
            max_lifetime: Self::DEFAULT_MAX_LIFETIME,
            clock: Box::new(system_clock),
        }
    }

    /// Checks the head of a request, before the adapter reads its body.
    ///
    /// # Errors
    ///
    /// In this order: [`Rejection::MethodNotAllowed`], [`Rejection::UnsupportedMediaType`],
    /// [`Rejection::BodyTooLarge`] for a declared size over the limit, then the rejections of
    /// [`Provider::inspect`].
    pub fn admit(&self, head: &RequestHead<'_>) -> Result<Admitted<P>, Rejection> {
        let admitted = self.check_head(head);
        if let Err(rejection) = &admitted {
            log::rejected(self, rejection, &Findings::of_head(rejection, head));
        }
        admitted
    }

    fn check_head(&self, head: &RequestHead<'_>) -> Result<Admitted<P>, Rejection> {
        let allow = P::Accepts::METHOD;
        if head.method() != allow.as_str() {
            return Err(Rejection::MethodNotAllowed { allow });
        }
        let provider = self.provider();
        let accepted = provider.accepts().media_types();
        let expected_body = accepted
            .map(|accepted| ExpectedBody::of_head(head, accepted, self.body_limit()))
            .transpose()?;
        let media_type = expected_body.as_ref().map(ExpectedBody::media_type);
        let evidence = provider.inspect(head, media_type)?;
        Ok(Admitted::new(self, expected_body, evidence))
    }

    /// Replaces the trusted keys, here and in all clones.
    ///
    /// A call of [`Admitted::verify`] that is already running uses the previous keys.
    pub fn replace_keys(&self, keys: impl Into<KeyRing<P::Key>>) {
        let keys = Arc::new(keys.into());
        // The lock holds one pointer, so a panic cannot leave a partial ring in it.
        *self
            .inner
            .keys
            .write()
            .unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Returns the size of the largest body accepted, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.inner.body_limit
    }

    /// Returns the name of the project, if it has one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.inner.identity.project.as_deref()
    }

    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.inner.identity
    }

    /// Returns the provider, as it was configured.
    #[must_use]
    pub fn provider(&self) -> &P {
        &self.inner.provider
    }

    pub(crate) fn now(&self) -> Result<u64, Rejection> {
        (self.inner.clock)().ok_or(Rejection::ClockUnavailable)
    }

    pub(crate) fn context<'a>(
        &self,
        keys: &'a KeyRing<P::Key>,
        now: u64,
    ) -> VerifyContext<'a, P::Key> {
        VerifyContext::new(keys, now, self.inner.leeway, self.inner.max_lifetime)
    }

    /// Returns the keys to verify one delivery with.
    pub(crate) fn keys(&self) -> Arc<KeyRing<P::Key>> {
        let keys = self.inner.keys.read();
        Arc::clone(&keys.unwrap_or_else(PoisonError::into_inner))
    }
}

impl<P: Provider> Clone for Verifier<P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<P: Provider> fmt::Debug for Verifier<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("provider", &P::NAME)
            .field("project", &self.project())
            .field("keys", &self.keys())
            .field("body_limit", &self.inner.body_limit)
            .field("leeway", &self.inner.leeway)
            .field("max_lifetime", &self.inner.max_lifetime)
            .finish_non_exhaustive()
    }
}

/// Builder for a [`Verifier`]; created by [`Verifier::builder`].
#[must_use = "a builder does nothing until built"]
pub struct VerifierBuilder<P: Provider> {
    provider: P,
    keys: KeyRing<P::Key>,
    project: Option<String>,
    body_limit: usize,
    leeway: Duration,
    max_lifetime: Duration,
    clock: Clock,
}

impl<P: Provider> VerifierBuilder<P> {
    /// Sets the name of the project, which is part of the key of each payment.
    ///
    /// Do not change the name, even when keys are replaced: **under another name, a payment that
    /// was credited before can be credited again**. An application that verifies for two projects
    /// names both.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Sets the size of the largest body accepted, in bytes. Defaults to 64 KiB.
    ///
    /// If the framework has a smaller limit that the adapter can see, the smaller one applies.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets how far the sender's clock may differ from this one. Defaults to 30 seconds.
    ///
    /// A fraction of a second is cut off. A provider that signs no times is not affected.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the ceiling on the lifetime of a token. Defaults to a day,
    /// [`Verifier::DEFAULT_MAX_LIFETIME`].
    ///
    /// A token that is valid for longer than the ceiling plus the leeway, counted from now, is
    /// rejected. Without a ceiling, a clock in the past would accept any expired token. A fraction
    /// of a second is cut off. A provider that signs no times is not affected.
    pub const fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = max_lifetime;
        self
    }

    /// Sets the clock, which returns the time in Unix seconds. Defaults to the system's clock.
    ///
    /// If it returns `None`, the postback is rejected with [`Rejection::ClockUnavailable`].
    pub fn clock(mut self, clock: impl Fn() -> Option<u64> + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::InvalidProject`] if the name is empty, has surrounding white space, or
    ///   contains a control character;
    /// - [`ConfigError::OtherProject`] if the name differs from the provider's own
    ///   [project](Provider::project);
    /// - [`ConfigError::BodyLimitZero`] if the body limit is zero;
    /// - [`ConfigError::LeewayTooLong`] if the leeway, in whole seconds, exceeds
    ///   [`Verifier::MAX_LEEWAY`];
    /// - [`ConfigError::LifetimeTooShort`] if the ceiling is less than a second.
    pub fn build(self) -> Result<Verifier<P>, ConfigError> {
        let max = Verifier::<P>::MAX_LEEWAY;
        let own = self.provider.project();
        let name = self.project.as_deref().unwrap_or_default();
        if self.project.is_some() && !is_project_name(name) {
            Err(ConfigError::InvalidProject { name: name.into() })
        } else if let Some(own) = own
            && self.project.as_deref() != Some(own)
        {
            Err(ConfigError::OtherProject {
                name: name.into(),
                expected: own.into(),
            })
        } else if self.body_limit == 0 {
            Err(ConfigError::BodyLimitZero)
        } else if self.leeway.as_secs() > max.as_secs() {
            Err(ConfigError::LeewayTooLong {
                leeway: self.leeway,
                max,
            })
        } else if self.max_lifetime.as_secs() == 0 {
            Err(ConfigError::LifetimeTooShort {
                lifetime: self.max_lifetime,
            })
        } else {
            Ok(self.finish())
        }
    }

    fn finish(self) -> Verifier<P> {
        Verifier {
            inner: Arc::new(Inner {
                provider: self.provider,
                keys: RwLock::new(Arc::new(self.keys)),
                identity: Arc::new(Identity {
                    project: self.project.map(String::into_boxed_str),
                }),
                body_limit: self.body_limit,
                leeway: self.leeway,
                max_lifetime: self.max_lifetime,
                clock: self.clock,
            }),
        }
    }
}

impl<P: Provider> fmt::Debug for VerifierBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("provider", &P::NAME)
            .field("project", &self.project)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

fn system_clock() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}
