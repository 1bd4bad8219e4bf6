use postback_core::claim::{Claim, Finality};

/// What an event is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub(crate) namespace: String,
    /// Empty where the verifier has no scope.
    pub(crate) scope: String,
    pub(crate) id: String,
    pub(crate) finality: Finality,
}

impl Key {
    pub(crate) fn of(claim: &Claim) -> Self {
        Self {
            namespace: claim.namespace().to_owned(),
            scope: claim.scope().unwrap_or_default().to_owned(),
            id: claim.id().to_owned(),
            finality: claim.finality(),
        }
    }
}

#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
impl Key {
    pub(crate) fn is_final(&self) -> bool {
        self.finality == Finality::Final
    }

    /// The same payment's notice of that finality.
    #[cfg(any(feature = "memory", feature = "redis"))]
    pub(crate) fn with(&self, finality: Finality) -> Self {
        Self {
            finality,
            ..self.clone()
        }
    }
}
