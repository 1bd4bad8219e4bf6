use super::{Access, Steps, Unfinished};
use crate::StoreError;

/// A store that gives leases: each store of this crate.
///
/// Its methods are the operator's; a handler calls [`once`](crate::once).
pub trait LeaseStore: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    type Steps: Steps + Send + Sync;

    #[doc(hidden)]
    fn steps(&self, access: Access) -> &Self::Steps;

    /// The events whose effect was never done, or not yet: at most `limit`, of all projects that share the store. First
    /// come those that were last tried the longest ago, and last the
    /// [possible duplicates](Unfinished::possible_duplicate_of), which wait for a person. An event that is being
    /// worked on, or was when its process died, is [held](Unfinished::held_for).
    ///
    /// A pending notice is not among them once the final one has come.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn unfinished(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Unfinished>, StoreError>> + Send {
        self.steps(Access::OURS).list(limit)
    }

    /// A person has looked at a possible duplicate, and it is none: its effect may run. Tells whether it was held to
    /// be one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn approve(
        &self,
        unfinished: &Unfinished,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.steps(Access::OURS).clear(&unfinished.key)
    }

    /// A person has looked, and the effect is not to run, or was done by hand: the event is done from now on. False
    /// where it was done before, or is being worked on: that is left alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn dismiss(
        &self,
        unfinished: &Unfinished,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.steps(Access::OURS).close(&unfinished.key)
    }
}

impl<S: Steps + Clone + Send + Sync + 'static> LeaseStore for S {
    type Steps = Self;

    fn steps(&self, _: Access) -> &Self {
        self
    }
}
