use std::time::Duration;

use postback_core::claim::{Claim, Digest};

use super::Unfinished;
use crate::{Key, StoreError};

/// A store that gives leases: each store of this crate.
///
/// Its methods are the operator's; a handler calls [`once`](crate::once).
pub trait LeaseStore: Steps {
    /// The events whose effect was never done, or not yet: at most `limit`, those first that were last tried the
    /// longest ago. An event that is being worked on, or was when its process died, is
    /// [held](Unfinished::held_for).
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
        self.list(limit)
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
        self.clear(&unfinished.key)
    }

    /// A person has looked, and the effect is not to run, or was done by hand: the event is done from now on. Tells
    /// whether it is, for what is being worked on is left alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Failed`].
    fn dismiss(
        &self,
        unfinished: &Unfinished,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.close(&unfinished.key)
    }
}

impl<S: Steps> LeaseStore for S {}

/// What a store does, each step at once or not at all.
pub trait Steps: Clone + Send + Sync + 'static {
    /// Records an event unless it is recorded, and leases it if it may be worked on.
    fn acquire(
        &self,
        claim: &Claim,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Leases an event that was recorded, if it may be worked on.
    fn acquire_recorded(
        &self,
        key: &Key,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Lets a lease end so much later than now, if it is in force.
    fn extend(
        &self,
        key: &Key,
        token: u64,
        length: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records that an event is done, if the lease is in force.
    fn complete(
        &self,
        key: &Key,
        token: u64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends a lease, if it is this one.
    fn release(&self, key: &Key, token: u64)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    fn list(&self, limit: u32) -> impl Future<Output = Result<Vec<Unfinished>, StoreError>> + Send;

    fn clear(&self, key: &Key) -> impl Future<Output = Result<bool, StoreError>> + Send;

    fn close(&self, key: &Key) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it has no public path")]
pub enum Acquired {
    Lease { token: u64 },
    AlreadyDone,
    Superseded,
    Changed { before: Digest, now: Digest },
    PossibleDuplicate { of: String },
    InFlight { held_for: Duration },
}
