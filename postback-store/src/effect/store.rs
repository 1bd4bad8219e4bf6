use super::{Access, EffectBackend, PendingEffect};
use crate::StoreError;

/// Store that leases effects to workers, implemented by each store of this crate.
///
/// Its methods are for operators and for processes that resume effects. A handler calls
/// [`run_effect`](crate::run_effect).
pub trait EffectStore: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    type Backend: EffectBackend + Send + Sync;

    #[doc(hidden)]
    fn backend(&self, access: Access) -> &Self::Backend;

    /// Returns at most `limit` effects that are not done, of all providers and projects that share
    /// the store, and of payments for review. Look at the whole key and at
    /// [`is_credited`](PendingEffect::is_credited) before you run one: the id alone may be another
    /// provider's.
    ///
    /// Effects with the oldest attempt come first. Possible duplicates, which [wait for a
    /// person](PendingEffect::possible_duplicate_of), come last. An effect that a worker runs, or
    /// ran when its process died, is [held](PendingEffect::held_for).
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`].
    fn pending_effects(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<PendingEffect>, StoreError>> + Send {
        self.backend(Access::OURS).list(limit)
    }

    /// Lets the effect of a possible duplicate run. Call it if a person has found that the payment
    /// is not a duplicate.
    ///
    /// Returns false and changes nothing if the effect is not a possible duplicate, is done, or was
    /// [replaced](PendingEffect::is_credited) after it was listed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn approve(
        &self,
        pending: &PendingEffect,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.backend(Access::OURS)
            .approve(&pending.key, pending.credited)
    }

    /// Records an effect as done, although it did not run. Call it if a person has decided that it
    /// must not run, or has done by hand what it does.
    ///
    /// Returns false and changes nothing if the effect is done, a worker holds it, or it was
    /// [replaced](PendingEffect::is_credited) after it was listed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn dismiss(
        &self,
        pending: &PendingEffect,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.backend(Access::OURS)
            .dismiss(&pending.key, pending.credited)
    }
}

impl<S: EffectBackend + Clone + Send + Sync + 'static> EffectStore for S {
    type Backend = Self;

    fn backend(&self, _: Access) -> &Self {
        self
    }
}
