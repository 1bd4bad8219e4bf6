use std::{fmt, time::Duration};

use super::filter::Position;
use postback_core::event::EventKey;

/// Effect that is not done. Pass it to [`resume_effect`](crate::resume_effect) to run it.
#[derive(Clone)]
#[must_use = "an effect that is not resumed may never run"]
pub struct PendingEffect {
    pub(crate) position: Position,
    pub(crate) credited: bool,
    /// Present until the effect is done and pruned.
    pub(crate) payload: Option<String>,
    /// Unix milliseconds.
    pub(crate) recorded_at: i64,
    pub(crate) attempts: u64,
    pub(crate) duplicate_of: Option<String>,
    pub(crate) held_for: Duration,
}

impl PendingEffect {
    /// Returns the name of the effect.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.position.key.name
    }

    /// Returns the key of the payment.
    #[must_use]
    pub const fn event_key(&self) -> &EventKey {
        &self.position.key.event
    }

    /// Returns the [namespace](EventKey::namespace) of the key: the provider's name, which two brands
    /// of one provider share.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.event_key().namespace()
    }

    /// Returns the [project](EventKey::project) of the key: its name, if it has one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.event_key().project()
    }

    /// Returns the [id](EventKey::id) of the key: the provider's signed id of the payment.
    #[must_use]
    pub fn id(&self) -> &str {
        self.event_key().id()
    }

    /// Returns true if the effect was enqueued for a payment that pays its price, false if it was
    /// enqueued for a payment under review.
    ///
    /// The effect of a payment under review is replaced when a later delivery pays the price. A
    /// `PendingEffect` that was listed before is then stale: it can be neither resumed, approved
    /// nor dismissed.
    #[must_use]
    pub const fn is_credited(&self) -> bool {
        self.credited
    }

    /// Returns the payload as JSON, as
    /// [`EventRecord::payload_json`](postback_core::event::EventRecord::payload_json) returned it
    /// when the effect was recorded.
    #[must_use]
    pub fn payload_json(&self) -> &str {
        self.payload.as_deref().unwrap_or_default()
    }

    /// Returns the time when the effect was recorded, by the store's clock, in Unix seconds.
    #[must_use]
    pub const fn recorded_at(&self) -> i64 {
        self.recorded_at.div_euclid(1_000)
    }

    /// Returns the fencing token of the last lease: the maximum number of times that the effect was
    /// begun.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Returns the id of the other payment that the transfer on the chain is recorded for, if there
    /// is one. The effect does not run until a person [approves](crate::EffectStore::approve) it.
    #[must_use]
    pub fn possible_duplicate_of(&self) -> Option<&str> {
        self.duplicate_of.as_deref()
    }

    /// Returns the time until the lease ends, as of when the effect was listed; zero if no worker
    /// holds it. The lease of a process that died stays in force until its time ends.
    #[must_use]
    pub const fn held_for(&self) -> Duration {
        self.held_for
    }
}

/// Shows the key and the state, without the payload.
impl fmt::Debug for PendingEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingEffect")
            .field("key", &self.position.key)
            .field("credited", &self.credited)
            .field("recorded_at", &self.recorded_at)
            .field("attempts", &self.attempts)
            .field("duplicate_of", &self.duplicate_of)
            .field("held_for", &self.held_for)
            .finish_non_exhaustive()
    }
}
