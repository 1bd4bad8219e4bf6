use std::time::Duration;

use postback_core::event::{EventKey, EventRecord};

use super::PendingEffect;
use crate::StoreError;

/// What a store does; each step is atomic.
pub trait EffectBackend {
    /// Records an effect unless it is recorded, and leases it if it may be run.
    fn acquire(
        &self,
        event: &EventRecord,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Leases an effect that is recorded, if it may be run and has not been replaced: if `credited`
    /// is what the effect says.
    fn acquire_recorded(
        &self,
        key: &EventKey,
        credited: bool,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Lets a lease end so much later than now, if it is in force.
    fn extend(
        &self,
        key: &EventKey,
        token: u64,
        length: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records that an effect is done, if the lease is in force. Returns the same when it is called
    /// again.
    fn complete(
        &self,
        key: &EventKey,
        token: u64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends a lease, if it is this one.
    fn release(
        &self,
        key: &EventKey,
        token: u64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lists the effects that are not done: first those last tried the longest ago, last possible
    /// duplicates.
    fn list(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<PendingEffect>, StoreError>> + Send;

    /// Lets a possible duplicate be run, if it has not been replaced.
    fn approve(
        &self,
        key: &EventKey,
        credited: bool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records that an effect is done, if it has not been replaced and no worker holds it. A worker
    /// whose lease has ended cannot complete it.
    fn dismiss(
        &self,
        key: &EventKey,
        credited: bool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Result of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it has no public path")]
pub enum Acquired {
    Conflict { fields: Vec<String> },
    Duplicate,
    InFlight { held_for: Duration },
    Lease { token: u64 },
    PossibleDuplicate { of: String },
}

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
impl Acquired {
    /// The effect was replaced after it was listed.
    pub(crate) const REPLACED: Self = Self::InFlight {
        held_for: Duration::ZERO,
    };
}

/// Argument that only this crate can make: other crates cannot take the backend.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "it has no public path")]
pub struct Access(());

impl Access {
    pub(crate) const OURS: Self = Self(());
}
