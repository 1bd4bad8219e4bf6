use std::{fmt, time::Duration};

use postback_core::event::EventKey;

/// Effect that is not done, with what is needed to run it again.
#[derive(Clone)]
#[must_use = "it may never be run again otherwise"]
pub struct PendingEffect {
    pub(crate) key: EventKey,
    pub(crate) credited: bool,
    /// Never pruned before it is done.
    pub(crate) payload: Option<String>,
    /// In Unix milliseconds.
    pub(crate) recorded_at: i64,
    pub(crate) attempts: u64,
    pub(crate) duplicate_of: Option<String>,
    pub(crate) held_for: Duration,
}

impl PendingEffect {
    /// Returns the provider whose ids these are, as
    /// [`EventRecord::namespace`](postback_core::event::EventRecord::namespace).
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.key.namespace()
    }

    /// Returns the name of the project whose verifier accepted the payment, if it has one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.key.project()
    }

    /// Returns the provider's signed id of the payment.
    #[must_use]
    pub fn id(&self) -> &str {
        self.key.id()
    }

    /// Returns whether it was enqueued for a payment that pays its price; false if it was enqueued
    /// for one under review.
    ///
    /// The effect of a payment under review is replaced when a later delivery pays the price. An
    /// entry that was listed before is then stale: it can be neither resumed nor dismissed.
    #[must_use]
    pub const fn is_credited(&self) -> bool {
        self.credited
    }

    /// Returns the payload as it was recorded, as JSON:
    /// [`EventRecord::payload_json`](postback_core::event::EventRecord::payload_json).
    #[must_use]
    pub fn payload_json(&self) -> &str {
        self.payload.as_deref().unwrap_or_default()
    }

    /// Returns when it was recorded, by the store's clock, in Unix seconds.
    #[must_use]
    pub const fn recorded_at(&self) -> i64 {
        self.recorded_at.div_euclid(1_000)
    }

    /// Returns how often it was begun, at most: the fencing token of the last lease.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Returns the other id that its transfer on the chain was counted under. The effect does not
    /// run until a person [approves](crate::EffectStore::approve) it.
    #[must_use]
    pub fn possible_duplicate_of(&self) -> Option<&str> {
        self.duplicate_of.as_deref()
    }

    /// Returns how long its lease was still in force when it was listed; zero if no worker holds
    /// it. The lease of a process that died stays in force until it ends.
    #[must_use]
    pub const fn held_for(&self) -> Duration {
        self.held_for
    }
}

/// Shows the key and the state, and nothing of the payload.
impl fmt::Debug for PendingEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingEffect")
            .field("key", &self.key)
            .field("credited", &self.credited)
            .field("recorded_at", &self.recorded_at)
            .field("attempts", &self.attempts)
            .field("duplicate_of", &self.duplicate_of)
            .field("held_for", &self.held_for)
            .finish_non_exhaustive()
    }
}
