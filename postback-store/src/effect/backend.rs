use std::time::Duration;

use postback_core::event::EventRecord;

use super::{EffectFilter, EffectKey, PendingEffect};
use crate::StoreError;

/// Steps of a store, each of which is atomic.
pub trait EffectBackend {
    /// Records an effect unless it is recorded, and leases it if it can run.
    fn acquire(
        &self,
        event: &EventRecord,
        name: &str,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Leases an effect that is recorded, if it can run and was not replaced: an effect that was
    /// replaced differs in `credited`.
    fn acquire_recorded(
        &self,
        key: &EffectKey,
        credited: bool,
        length: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Makes a lease end at least `length` from now, unless a later lease was given, the lease was
    /// released or the effect is done.
    fn extend(
        &self,
        key: &EffectKey,
        token: u64,
        length: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records an effect as done, unless a later lease was given. A repeated call returns the same.
    fn complete(
        &self,
        key: &EffectKey,
        token: u64,
    ) -> impl Future<Output = Result<Completion, StoreError>> + Send;

    /// Ends the lease with this token.
    fn release(
        &self,
        key: &EffectKey,
        token: u64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lists the effects that are not done: those with the oldest attempt first, possible
    /// duplicates last.
    fn list(
        &self,
        filter: &EffectFilter,
    ) -> impl Future<Output = Result<Vec<PendingEffect>, StoreError>> + Send;

    /// Lets a possible duplicate run, if it was not replaced.
    fn approve(
        &self,
        key: &EffectKey,
        credited: bool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records an effect as done, if it was not replaced and no worker holds it. A worker whose
    /// lease has ended cannot complete it.
    fn dismiss(
        &self,
        key: &EffectKey,
        credited: bool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records an effect as done, unless it is recorded.
    fn import(&self, key: &EffectKey) -> impl Future<Output = Result<bool, StoreError>> + Send;
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

/// Result of completing an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it has no public path")]
pub enum Completion {
    /// The lease was in force.
    InTime,
    /// The lease had ended, and no other was given since.
    Late,
    /// A later lease was given, or a person dismissed the effect.
    Superseded,
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
