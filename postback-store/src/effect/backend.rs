use std::time::Duration;

use postback_core::event::{EventKey, EventRecord};

use super::PendingEffect;
use crate::StoreError;

/// Steps of a store, each of which is atomic.
pub trait EffectBackend {
    /// Records an effect unless it is recorded, and leases it if it can run.
    fn acquire(
        &self,
        event: &EventRecord,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Leases an effect that is recorded, if it can run and was not replaced: an effect that was
    /// replaced differs in `credited`.
    fn acquire_recorded(
        &self,
        key: &EventKey,
        credited: bool,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Makes a lease end `length` from now, if it is in force.
    fn extend(
        &self,
        key: &EventKey,
        token: u64,
        length: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records an effect as done, if the lease is in force. A repeated call returns the same.
    fn complete(
        &self,
        key: &EventKey,
        token: u64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends the lease with this token.
    fn release(
        &self,
        key: &EventKey,
        token: u64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lists the effects that are not done: those with the oldest attempt first, possible
    /// duplicates last.
    fn list(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<PendingEffect>, StoreError>> + Send;

    /// Lets a possible duplicate run, if it was not replaced.
    fn approve(
        &self,
        key: &EventKey,
        credited: bool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records an effect as done, if it was not replaced and no worker holds it. A worker whose
    /// lease has ended cannot complete it.
    fn dismiss(
        &self,
        key: &EventKey,
        credited: bool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Result of acquiring a lease.
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
    /// Result for an effect that was replaced after it was listed.
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
