use std::borrow::Cow;

/// Maximum length of the id of a payment, in bytes. No known provider has ids of this length.
pub(crate) const MAX_ID_LENGTH: usize = 256;

/// Key of a payment event, which is the same in each of its deliveries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    namespace: Cow<'static, str>,
    project: Option<Box<str>>,
    id: Box<str>,
}

impl EventKey {
    /// Creates the key of a stored payment event.
    ///
    /// Use [`EventRecord::key`](super::EventRecord::key) for the key of a payment that was
    /// reconciled.
    pub fn new(
        namespace: impl Into<Cow<'static, str>>,
        project: Option<&str>,
        id: impl Into<Box<str>>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            project: project.map(Into::into),
            id: id.into(),
        }
    }

    /// Returns the namespace of the id: the name of the provider, which two brands of one provider
    /// share.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the name of the project whose verifier verified the payment, if it has one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Returns the provider's signed id of the payment: the same in each of its deliveries, pending
    /// or confirmed.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}
