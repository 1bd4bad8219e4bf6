use std::{fmt, time::Duration};

use postback_core::claim::Finality;

use crate::Key;

/// An event whose effect was never done, or not yet, with what is needed to run it again.
#[derive(Clone)]
#[must_use = "nobody else may run it again"]
pub struct Unfinished {
    pub(crate) key: Key,
    /// Never pruned before it is done.
    pub(crate) event: Option<String>,
    /// In Unix milliseconds.
    pub(crate) recorded_at: i64,
    pub(crate) attempts: u64,
    pub(crate) duplicate_of: Option<String>,
    pub(crate) held_for: Duration,
}

impl Unfinished {
    /// The gateway's ids, as [`Claim::namespace`](postback_core::claim::Claim::namespace).
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.key.namespace
    }

    /// The project whose verifier vouched, if it has a name.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        Some(&*self.key.scope).filter(|scope| !scope.is_empty())
    }

    /// The gateway's signed id of the payment.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.key.id
    }

    /// Whether it is the last word of the payment.
    #[must_use]
    pub const fn finality(&self) -> Finality {
        self.key.finality
    }

    /// What the event said when it was recorded, as JSON:
    /// [`Claim::event`](postback_core::claim::Claim::event).
    #[must_use]
    pub fn event(&self) -> &str {
        self.event.as_deref().unwrap_or_default()
    }

    /// When it was recorded, by the store's clock, in Unix seconds.
    #[must_use]
    pub const fn recorded_at(&self) -> i64 {
        self.recorded_at.div_euclid(1_000)
    }

    /// How often its effect was begun, at most: the fencing token of the last lease.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts
    }

    /// The other id that its transfer was counted under. Its effect was not begun, and is not until a person
    /// [approves](crate::LeaseStore::approve).
    #[must_use]
    pub fn possible_duplicate_of(&self) -> Option<&str> {
        self.duplicate_of.as_deref()
    }

    /// How long its lease was in force yet when it was listed; zero if nobody holds it. A process that died holds it
    /// so long.
    #[must_use]
    pub const fn held_for(&self) -> Duration {
        self.held_for
    }
}

/// Shows by what the event is known and how it stands, and nothing of what it said.
impl fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished")
            .field("key", &self.key)
            .field("recorded_at", &self.recorded_at)
            .field("attempts", &self.attempts)
            .field("duplicate_of", &self.duplicate_of)
            .field("held_for", &self.held_for)
            .finish_non_exhaustive()
    }
}
