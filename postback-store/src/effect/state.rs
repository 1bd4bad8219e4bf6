use std::time::Duration;

use postback_core::event::FieldDigests;

use super::Acquired;

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
        match now {
            Some(now) if *now != self.digest => Acquired::Conflict {
                fields: self.digest.changed_fields(now),
            },
            _ if self.is_done => Acquired::Duplicate,
            _ => match self.duplicate_of {
                Some(of) => Acquired::PossibleDuplicate { of },
                None => Acquired::InFlight {
                    held_for: self.held_for,
                },
            },
        }
    }
}
