use std::time::Duration;

use postback_core::claim::{Claim, Digest};

use super::Unfinished;
use crate::{Key, StoreError};

/// What a store does, each step at once or not at all.
pub trait Steps {
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

    /// Records that an event is done, if the lease is in force; tells the same when it is asked again.
    fn complete(
        &self,
        key: &Key,
        token: u64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends a lease, if it is this one.
    fn release(&self, key: &Key, token: u64)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What is not done and not superseded: first what was tried the longest ago, last possible duplicates.
    fn list(&self, limit: u32) -> impl Future<Output = Result<Vec<Unfinished>, StoreError>> + Send;

    /// Lets a possible duplicate be worked on.
    fn clear(&self, key: &Key) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records that an event is done, if nobody works on it. Who worked on it too long is fenced.
    fn close(&self, key: &Key) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it has no public path")]
pub enum Acquired {
    AlreadyDone,
    Changed { before: Digest, now: Digest },
    InFlight { held_for: Duration },
    Lease { token: u64 },
    PossibleDuplicate { of: String },
    Superseded,
}

/// What only this crate can make: the steps are not for others to take.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "it has no public path")]
pub struct Access(());

impl Access {
    pub(crate) const OURS: Self = Self(());
}
