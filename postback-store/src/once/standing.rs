use std::time::Duration;

use postback_core::claim::Digest;

use super::Acquired;

/// How an event stands that was not leased.
pub(crate) struct Standing {
    pub(crate) digest: Digest,
    pub(crate) is_done: bool,
    /// A pending notice whose final one has come.
    pub(crate) is_superseded: bool,
    pub(crate) duplicate_of: Option<String>,
    pub(crate) held_for: Duration,
}

impl Standing {
    /// `now` is the digest of what was delivered, if something was.
    pub(crate) fn refusal(self, now: Option<Digest>) -> Acquired {
        match now {
            Some(now) if now != self.digest => Acquired::Changed {
                before: self.digest,
                now,
            },
            _ if self.is_done => Acquired::AlreadyDone,
            _ if self.is_superseded => Acquired::Superseded,
            _ => match self.duplicate_of {
                Some(of) => Acquired::PossibleDuplicate { of },
                None => Acquired::InFlight {
                    held_for: self.held_for,
                },
            },
        }
    }
}
