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

/// A lease's length as stores keep it, in milliseconds: at least one, at most a year.
pub(crate) fn milliseconds(length: Duration) -> i64 {
    const YEAR: i64 = 366 * 24 * 60 * 60 * 1_000;
    let length = i64::try_from(length.as_millis()).unwrap_or(YEAR);
    length.clamp(1, YEAR)
}

/// How long a lease is in force yet, as far as a clock can tell that may have been set back.
pub(crate) fn held_for(leased_at: i64, leased_until: i64, now: i64) -> Duration {
    let from = now.max(leased_at);
    let left = leased_until.saturating_sub(from);
    Duration::from_millis(left.try_into().unwrap_or_default())
}
