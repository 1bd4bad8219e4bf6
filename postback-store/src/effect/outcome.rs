use std::{error::Error, fmt, time::Duration};

use postback_core::{Retry, RetryReason, reconcile::Outcome};

use crate::{StoreError, recorded::conflict};

/// Result of an effect. Acknowledge all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it says what a person should look at"]
#[non_exhaustive]
pub enum EffectOutcome<T> {
    /// The payment was recorded before and said something else. What was recorded stays, whether
    /// its effect is done or not, and what the delivery says now is not kept: a person must look at
    /// it.
    Conflict {
        /// Names of the fields that say something else now, or are missing.
        fields: Vec<String>,
    },
    /// The effect was done before. There is nothing to do.
    Duplicate,
    /// The payment does not pay the price; the effect was not run and nothing was recorded. The
    /// delivery that does pay runs it.
    NotCredited(Outcome),
    /// Its transfer on the chain was counted under another id. The effect was not run: a person
    /// looks at it among the [pending](crate::EffectStore::pending_effects) effects, and approves
    /// or dismisses it.
    PossibleDuplicate {
        /// The id that the transfer was counted under.
        of: String,
    },
    /// The effect was run, and is recorded as done.
    Ran(T),
}

/// Error returned when an effect was not run, or is not known to be done. Do not acknowledge any of
/// them.
///
/// It converts into the [`Retry`] to return from a handler, so that the provider sends the postback
/// again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EffectError<E> {
    /// The effect failed. Its lease is given back, so that the next delivery runs it again.
    #[error("effect failed")]
    Effect(#[source] E),
    /// Another delivery runs the effect, or its process died while it did. Or the effect that was
    /// to be [resumed](crate::resume_effect) was [replaced](crate::PendingEffect::is_credited)
    /// after it was listed.
    #[error("effect is leased by another worker for at most {held_for:?}")]
    InFlight {
        /// For how long at most, unless it extends its lease; zero if the effect was replaced.
        held_for: Duration,
    },
    /// The effect was run, and took longer than its lease: another worker may have run it, or will,
    /// unless a person has dismissed it.
    #[error("effect took longer than its lease")]
    LeaseExpired,
    /// The store did not respond. If the effect was run, it may be run again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows what the operator's log needs, and neither an amount nor the effect's value.
impl<T> fmt::Display for EffectOutcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { fields } => conflict(f, fields),
            Self::Duplicate => f.write_str("duplicate"),
            Self::NotCredited(outcome) => outcome.fmt(f),
            Self::PossibleDuplicate { of } => write!(f, "possible duplicate of {of}"),
            Self::Ran(_) => f.write_str("ran"),
        }
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<EffectError<E>> for Retry {
    fn from(error: EffectError<E>) -> Self {
        match error {
            EffectError::Effect(error) => Self::effect_failed(error),
            EffectError::InFlight { held_for } => Self::in_flight(held_for),
            EffectError::LeaseExpired => RetryReason::LeaseExpired.into(),
            EffectError::Store(error) => error.into(),
        }
    }
}
