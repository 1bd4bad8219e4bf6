use std::time::Duration;

use postback_core::event::FieldDigests;

use super::Acquired;
use crate::recorded::contradicted_fields;

/// State of an effect that was not leased.
pub(crate) struct EffectState {
    pub(crate) digest: FieldDigests,
    pub(crate) is_done: bool,
    pub(crate) duplicate_of: Option<String>,
    pub(crate) held_for: Duration,
}

impl EffectState {
    /// Returns the reason why the effect was not leased. `now` is the digest of the delivery, if
    /// there is one.
    pub(crate) fn not_leased(self, now: Option<&FieldDigests>) -> Acquired {
        let fields = now.map(|now| contradicted_fields(&self.digest, now));
        let fields = fields.unwrap_or_default();
        if !fields.is_empty() {
            return Acquired::Conflict { fields };
        }
        if self.is_done {
            return Acquired::Duplicate;
        }
        match self.duplicate_of {
            Some(of) => Acquired::PossibleDuplicate { of },
            None => Acquired::InFlight {
                held_for: self.held_for,
            },
        }
    }
}
