use std::time::Duration;

use postback_core::{Rejection, claim::Digest};

use crate::StoreError;

/// What became of an event. Each of them is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what a person should look at depends on it"]
#[non_exhaustive]
pub enum Once<T> {
    /// The effect was run, and is recorded as done.
    Ran(T),
    /// It was done before. There is nothing to do.
    AlreadyDone,
    /// A pending notice of a payment whose final one has come before. There is nothing to do.
    Superseded,
    /// It was recorded before and said something else. What was recorded stands, whether its effect is done or not, and
    /// nothing of what is said now is kept: tell a person.
    Changed {
        /// Of what was recorded.
        before: Digest,
        /// Of what is said now.
        now: Digest,
    },
    /// Its transfer on the chain was recorded under another id. The effect was not run: tell a person, who looks at
    /// it among what is [unfinished](crate::LeaseStore::unfinished), and approves or dismisses it.
    PossibleDuplicate {
        /// The other id.
        of: String,
    },
}

/// Why an effect was not run, or is not known to be done. None of them is acknowledged.
///
/// It becomes the [`Rejection`] to answer with, for the provider to try again. That says no more of the effect's own
/// error than that there was one: log it before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnceError<E> {
    /// The effect failed. Its lease is given back, so that the next delivery runs it again.
    #[error("the effect failed")]
    Effect(#[source] E),
    /// The effect was run, and took longer than its lease: another may have run it, or will, unless a person dismissed
    /// it meanwhile.
    #[error("the effect took longer than its lease")]
    Fenced,
    /// Another delivery is at work, or died at it.
    #[error("another delivery is at work")]
    InFlight {
        /// For how long at most, unless it extends its lease.
        held_for: Duration,
    },
    /// The store did not answer. If the effect was run, it may be run again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> From<OnceError<E>> for Rejection {
    fn from(error: OnceError<E>) -> Self {
        match error {
            OnceError::Effect(_) => Self::EffectFailed,
            OnceError::Fenced => Self::Fenced,
            OnceError::InFlight { .. } => Self::InFlight,
            OnceError::Store(error) => error.into(),
        }
    }
}
