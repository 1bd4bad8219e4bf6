use postback_core::event::EventKey;

use super::{Access, EffectBackend, EffectFilter, EffectKey, PendingEffect};
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

    /// Returns the effects that are not done and that the filter selects.
    ///
    /// Effects with the oldest attempt come first, so that an effect that keeps failing does not
    /// keep the others from running. A worker runs the effects of its own project and name: what an
    /// effect does is known by its name, and the id of a payment alone may be another provider's.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`], [`StoreError::Failed`] and [`StoreError::Inconsistent`].
    fn pending_effects(
        &self,
        filter: &EffectFilter,
    ) -> impl Future<Output = Result<Vec<PendingEffect>, StoreError>> + Send {
        self.backend(Access::OURS).list(filter)
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
            .approve(&pending.position.key, pending.credited)
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
            .dismiss(&pending.position.key, pending.credited)
    }

    /// Records the effect of an old payment as done, although it did not run. Call it for each
    /// payment and each effect that your application handled before it used this store, before the
    /// first postback is received: a callback of CryptAPI verifies forever, and would run the
    /// effect again.
    ///
    /// Returns false and changes nothing if the effect is recorded already.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn import_effect(
        &self,
        key: &EventKey,
        name: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        async {
            self.backend(Access::OURS)
                .import(&EffectKey::new(key, name))
                .await
        }
    }
}

impl<S: EffectBackend + Clone + Send + Sync + 'static> EffectStore for S {
    type Backend = Self;

    fn backend(&self, _: Access) -> &Self {
        self
    }
}
