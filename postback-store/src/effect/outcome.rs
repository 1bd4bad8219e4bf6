use std::{error::Error, fmt, time::Duration};

use postback_core::{Retry, RetryReason, reconcile::Outcome};

use crate::{
    StoreError,
    recorded::{conflict, possible_duplicate},
};

/// Result of running an effect. Acknowledge each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "some results need a person to look at the payment"]
#[non_exhaustive]
pub enum EffectOutcome<T> {
    /// The effect was run, and is recorded as done. Its lease had ended before, and no other worker
    /// has begun the effect since.
    CompletedLate(T),
    /// The payment was recorded before, and this delivery contradicts it. The record is unchanged,
    /// whether its effect is done or not, and the delivery is not kept: **log it, because the log
    /// is its only trace**. A person has to look at it.
    Conflict {
        /// Names of the fields that have another value or are missing.
        fields: Vec<String>,
    },
    /// The effect was done before. There is nothing to do.
    Duplicate,
    /// The payment does not pay the price. The effect was not run and nothing was recorded. A later
    /// delivery that pays runs it.
    NotCredited(Outcome),
    /// The transfer of the payment on the chain is already recorded for another payment. The effect
    /// was not run: it is [pending](crate::EffectStore::pending_effects) until a person approves or
    /// dismisses it.
    PossibleDuplicate {
        /// Id of the other payment.
        of: String,
    },
    /// The effect was run, and is recorded as done.
    Ran(T),
}

/// Error returned when an effect was not run, or is not recorded as done. Do not acknowledge the
/// postback.
///
/// It converts into the [`Retry`] that a handler returns, which asks the provider to send the
/// postback again.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum EffectError<T, E> {
    /// The effect failed. Its lease has ended, unless the store failed too, so that the next
    /// delivery runs it again.
    #[error("effect failed")]
    Effect(#[source] E),
    /// Another worker runs the effect, or its process died while it did. Or the effect was
    /// [replaced](crate::PendingEffect::is_credited) after it was listed for
    /// [`resume_effect`](crate::resume_effect).
    #[error("effect cannot be leased now: its lease ends in {held_for:?} unless it is extended")]
    InFlight {
        /// Time until the lease ends, unless it is extended; zero if the effect was replaced.
        held_for: Duration,
    },
    /// The effect was run, and its lease had ended before. Another worker has begun the effect
    /// since, or a person has dismissed it.
    #[error("effect took longer than its lease, and was begun again or dismissed")]
    LeaseExpired {
        /// Value that the effect returned.
        value: T,
    },
    /// The effect was run, and the store failed to record it as done until the lease ended, for 30
    /// seconds at least and 60 at most. It may be recorded all the same; if it is not, the effect
    /// runs again.
    #[error("effect is not recorded as done")]
    NotCompleted {
        /// Value that the effect returned.
        value: T,
        /// Last error of the store.
        source: StoreError,
    },
    /// The store failed, and the effect was not run.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows the result for the operator's log, without amounts and without the effect's value.
impl<T> fmt::Display for EffectOutcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CompletedLate(_) => f.write_str("completed late"),
            Self::Conflict { fields } => conflict(f, fields),
            Self::Duplicate => f.write_str("duplicate"),
            Self::NotCredited(outcome) => outcome.fmt(f),
            Self::PossibleDuplicate { of } => possible_duplicate(f, of),
            Self::Ran(_) => f.write_str("ran"),
        }
    }
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> From<EffectError<T, E>> for Retry {
    fn from(error: EffectError<T, E>) -> Self {
        match error {
            EffectError::Effect(error) => Self::effect_failed(error),
            EffectError::InFlight { held_for } => Self::in_flight(held_for),
            EffectError::LeaseExpired { .. } => RetryReason::LeaseExpired.into(),
            EffectError::NotCompleted { source, .. } | EffectError::Store(source) => source.into(),
        }
    }
}

/// Shows no value of an effect.
impl<T, E: fmt::Debug> fmt::Debug for EffectError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effect(error) => f.debug_tuple("Effect").field(error).finish(),
            Self::InFlight { held_for } => {
                let mut in_flight = f.debug_struct("InFlight");
                in_flight.field("held_for", held_for).finish()
            }
            Self::LeaseExpired { .. } => f.debug_struct("LeaseExpired").finish_non_exhaustive(),
            Self::NotCompleted { source, .. } => {
                let mut not_completed = f.debug_struct("NotCompleted");
                not_completed
                    .field("source", source)
                    .finish_non_exhaustive()
            }
            Self::Store(error) => f.debug_tuple("Store").field(error).finish(),
        }
    }
}
