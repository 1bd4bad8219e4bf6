use super::{Access, Steps, Unfinished};
use crate::StoreError;

/// Store that leases effects to workers: each store of this crate.
///
/// Its methods are for operators and for sweeps; a handler calls [`once`](crate::once).
pub trait LeaseStore: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    type Steps: Steps + Send + Sync;

    #[doc(hidden)]
    fn steps(&self, access: Access) -> &Self::Steps;

    /// Returns the effects that are not done: at most `limit`, of all projects that share the store.
    ///
    /// First come those that were last tried the longest ago, and last the
    /// [possible duplicates](Unfinished::possible_duplicate_of), which wait for a person. An effect that a worker runs,
    /// or ran when its process died, is [held](Unfinished::held_for).
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

    /// Lets the effect of a possible duplicate run, because a person has looked and found that it is
    /// not one. Returns false if it was not held as one, or was
    /// [replaced](Unfinished::is_credited) after it was listed: then it is left as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn approve(
        &self,
        unfinished: &Unfinished,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.steps(Access::OURS)
            .clear(&unfinished.key, unfinished.credited)
    }

    /// Records an effect as done, because a person has decided that it is not to run, or has done it
    /// by hand. Returns false if it was done before, a worker holds it, or it was
    /// [replaced](Unfinished::is_credited) after it was listed: then it is left as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn dismiss(
        &self,
        unfinished: &Unfinished,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.steps(Access::OURS)
            .close(&unfinished.key, unfinished.credited)
    }
}

impl<S: Steps + Clone + Send + Sync + 'static> LeaseStore for S {
    type Steps = Self;

    fn steps(&self, _: Access) -> &Self {
        self
    }
}
