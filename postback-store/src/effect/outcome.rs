use std::{error::Error, fmt, time::Duration};

use postback_core::{Retry, RetryReason, reconcile::Outcome};

use crate::{StoreError, recorded::conflict};

/// Result of running an effect. Acknowledge each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "some results need a person to look at the payment"]
#[non_exhaustive]
pub enum EffectOutcome<T> {
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
    /// The transfer of the payment on the chain is counted under another id. The effect was not
    /// run: it is [pending](crate::EffectStore::pending_effects) until a person approves or
    /// dismisses it.
    PossibleDuplicate {
        /// The id that the transfer is counted under.
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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EffectError<E> {
    /// The effect failed. Its lease has ended, so that the next delivery runs it again.
    #[error("effect failed")]
    Effect(#[source] E),
    /// Another worker runs the effect, or its process died while it did. Or the effect was
    /// [replaced](crate::PendingEffect::is_credited) after it was listed for
    /// [`resume_effect`](crate::resume_effect).
    #[error("effect is leased by another worker for at most {held_for:?}")]
    InFlight {
        /// Time until the lease ends, unless its worker extends it; zero if the effect was
        /// replaced.
        held_for: Duration,
    },
    /// The effect was run, and took longer than its lease. Another worker may have run it or may
    /// run it again, unless a person has dismissed it.
    #[error("effect took longer than its lease")]
    LeaseExpired,
    /// The store failed. If the effect was run, it may run again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows the result for the operator's log, without amounts and without the effect's value.
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
