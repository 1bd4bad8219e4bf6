use std::fmt;

#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
use postback_core::event::FieldDigests;
use postback_core::reconcile::Outcome;

/// Result of recording a payment. Credit [`New`](Self::New) only. Acknowledge each of them, after the
/// commit has succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it decides whether to credit the payment"]
#[non_exhaustive]
pub enum Recorded {
    /// The payment is credited, and this delivery contradicts it: a field that must not change has
    /// another value or is missing. For CryptoCloud and Trybit these are `status`, `amount_crypto`
    /// and `currency`; for CryptAPI and BlockBee `address_in`, `coin`, `value_coin` and `txid_in`.
    ///
    /// The record is unchanged. A person has to look at the delivery: it is kept as a
    /// [`Review`](crate::Review). A delivery that itself credits nothing is
    /// [`NotCredited`](Self::NotCredited) instead, or [`Superseded`](Self::Superseded).
    Conflict {
        /// Names of the fields that have another value or are missing.
        fields: Vec<String>,
    },
    /// The payment is credited, and this is the same delivery again. There is nothing to do.
    Duplicate,
    /// The payment pays the price and is recorded now. Credit it in the same transaction, so that
    /// the database keeps both or neither.
    New,
    /// The payment credits nothing: it is pending, in test mode or not successful, or its amount is
    /// zero. It is not recorded, so that the delivery that pays can be [`New`](Self::New). A
    /// payment that is credited stays credited.
    NotCredited(Outcome),
    /// The transfer of the payment on the chain is already recorded for another payment. This one
    /// is recorded for review and **must not be credited** before a person has looked at it. Each
    /// later delivery that is to be credited or reviewed is recorded in its place; with that
    /// transfer it returns the same.
    PossibleDuplicate {
        /// Id of the other payment.
        of: String,
    },
    /// The payment does not pay the price: the amount is too low, the currency is another one, or
    /// the assurance is insufficient. Or it is unknown whether it does: a field that decides is
    /// absent or unreadable, or contradicts another one. It is recorded for review and not
    /// credited: a person has to look at it.
    ///
    /// Each later delivery of the payment that is to be credited or reviewed is recorded in its
    /// place: for review again, or as [`New`](Self::New) if it pays the price. If you count part
    /// payments, store one amount for each payment, in place of the amount of an earlier delivery:
    /// **never add a delivery to a running total**.
    Review(Outcome),
    /// The payment is pending in this delivery, and a confirmed one is credited. There is nothing
    /// to do.
    Superseded,
}

impl Recorded {
    /// Returns true if the payment is to be credited.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }
}

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
impl Recorded {
    /// Returns the result for a payment that credits nothing.
    pub(crate) fn ignored(outcome: &Outcome, is_superseded: bool) -> Self {
        match is_superseded {
            true => Self::Superseded,
            false => Self::NotCredited(outcome.clone()),
        }
    }

    /// Returns the result for a payment whose record is credited.
    pub(crate) fn kept(before: &FieldDigests, now: &FieldDigests) -> Self {
        let fields = contradicted_fields(before, now);
        match fields.is_empty() {
            true => Self::Duplicate,
            false => Self::Conflict { fields },
        }
    }

    /// Returns the result for a payment whose record was written.
    pub(crate) fn written(outcome: &Outcome, duplicate_of: Option<String>) -> Self {
        match duplicate_of {
            Some(of) => Self::PossibleDuplicate { of },
            None if outcome.is_paid() => Self::New,
            None => Self::Review(outcome.clone()),
        }
    }
}

/// Shows the result for the operator's log, without amounts.
impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { fields } => conflict(f, fields),
            Self::Duplicate => f.write_str("duplicate"),
            Self::New => f.write_str("new"),
            Self::NotCredited(outcome) => outcome.fmt(f),
            Self::PossibleDuplicate { of } => possible_duplicate(f, of),
            Self::Review(outcome) => write!(f, "{outcome}, kept for review"),
            Self::Superseded => f.write_str("superseded"),
        }
    }
}

/// Returns the names of the recorded fields that a delivery contradicts. Of a payment that was
/// imported, no field is known.
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) fn contradicted_fields(
    recorded: &FieldDigests,
    delivered: &FieldDigests,
) -> Vec<String> {
    match recorded.is_unknown() {
        true => Vec::new(),
        false => recorded.changed_fields(delivered),
    }
}

/// Writes the id of the other payment that a transfer is recorded for.
pub(crate) fn possible_duplicate(f: &mut fmt::Formatter<'_>, of: &str) -> fmt::Result {
    write!(f, "possible duplicate of {of}")
}

/// Writes the names of the fields that changed, without their values.
pub(crate) fn conflict(f: &mut fmt::Formatter<'_>, fields: &[String]) -> fmt::Result {
    write!(
        f,
        "conflict with what was recorded before in {}",
        fields.join(", ")
    )
}
