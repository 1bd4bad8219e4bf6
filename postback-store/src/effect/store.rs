use super::{Access, EffectBackend, PendingEffect};
use crate::StoreError;

/// Store that leases effects to workers: each store of this crate.
///
/// Its methods are for operators and for sweeps; a handler calls [`run_effect`](crate::run_effect).
pub trait EffectStore: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    type Backend: EffectBackend + Send + Sync;

    #[doc(hidden)]
    fn backend(&self, access: Access) -> &Self::Backend;

    /// Returns the effects that are not done: at most `limit`, of all projects that share the
    /// store.
    ///
    /// First come those that were last tried the longest ago, and last the [possible
    /// duplicates](PendingEffect::possible_duplicate_of), which wait for a person. An effect that a
    /// worker runs, or ran when its process died, is [held](PendingEffect::held_for).
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn pending_effects(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<PendingEffect>, StoreError>> + Send {
        self.backend(Access::OURS).list(limit)
    }

    /// Lets the effect of a possible duplicate run, because a person has looked and found that it
    /// is not one. Returns false if it was not held as one, or was
    /// [replaced](PendingEffect::is_credited) after it was listed: then it is left as it is.
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

    /// Records an effect as done, because a person has decided that it is not to run, or has done
    /// it by hand. Returns false if it was done before, a worker holds it, or it was
    /// [replaced](PendingEffect::is_credited) after it was listed: then it is left as it is.
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
