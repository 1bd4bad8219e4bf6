use std::fmt;

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
use postback_core::event::FieldDigests;
use postback_core::reconcile::Outcome;

/// Result of recording a payment. Acknowledge all of them; credit [`New`](Self::New) alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it says whether to credit the payment"]
#[non_exhaustive]
pub enum Recorded {
    /// It was credited before, and a field that must not change says something else now or is
    /// missing: of CryptoCloud and Trybit `status`, `amount_crypto` or `currency`, of CryptAPI and
    /// BlockBee `address_in`, `coin`, `value_coin` or `txid_in`. What was credited stays, and what
    /// the delivery says now is not kept: a person must look at it.
    Conflict {
        /// Names of the fields that say something else now, or are missing.
        fields: Vec<String>,
    },
    /// It was credited before, and this is the same delivery again. There is nothing to do.
    Duplicate,
    /// It is recorded now, and pays the price: credit it in the same transaction, so that the
    /// database keeps both or neither.
    New,
    /// Nothing was recorded, because the postback credits nothing: it is pending, in test mode or
    /// not successful, or its amount is zero. The delivery that does pay finds room, and what was
    /// credited before stays.
    NotCredited(Outcome),
    /// Its transfer on the chain was counted under another id. It is recorded for review and **must
    /// not be credited** before a person has looked at it. Each further delivery by that transfer
    /// is recorded in its place, and returns the same.
    PossibleDuplicate {
        /// The id that the transfer was counted under.
        of: String,
    },
    /// Money arrived that does not pay the price: too little, in another currency, or with
    /// insufficient assurance. Or money may have arrived: a field that decides is absent,
    /// unreadable, or contradicts the others. It is recorded for a person to look at, and not
    /// credited.
    ///
    /// Each later delivery of the same payment is recorded in its place: for review again, or as
    /// [`New`](Self::New) if it pays the price.
    Review(Outcome),
    /// A pending notice of a payment whose confirmed one was credited before. There is nothing to
    /// do.
    Superseded,
}

impl Recorded {
    /// Whether to credit the payment.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }
}

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
impl Recorded {
    /// The result for a payment that credits nothing.
    pub(crate) fn ignored(outcome: &Outcome, is_superseded: bool) -> Self {
        match is_superseded {
            true => Self::Superseded,
            false => Self::NotCredited(outcome.clone()),
        }
    }

    /// The result for money of a payment that was credited before.
    pub(crate) fn kept(before: &FieldDigests, now: &FieldDigests) -> Self {
        let fields = before.changed_fields(now);
        match fields.is_empty() {
            true => Self::Duplicate,
            false => Self::Conflict { fields },
        }
    }

    /// The result for a payment whose record was written.
    pub(crate) fn written(outcome: &Outcome, duplicate_of: Option<String>) -> Self {
        match duplicate_of {
            Some(of) => Self::PossibleDuplicate { of },
            None if outcome.is_paid() => Self::New,
            None => Self::Review(outcome.clone()),
        }
    }
}

/// Shows what the operator's log needs, and no amount.
impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { fields } => conflict(f, fields),
            Self::Duplicate => f.write_str("duplicate"),
            Self::New => f.write_str("new"),
            Self::NotCredited(outcome) => outcome.fmt(f),
            Self::PossibleDuplicate { of } => write!(f, "possible duplicate of {of}"),
            Self::Review(outcome) => write!(f, "{outcome}, kept for review"),
            Self::Superseded => f.write_str("superseded"),
        }
    }
}

/// Names the fields that changed, and shows none of their values.
pub(crate) fn conflict(f: &mut fmt::Formatter<'_>, fields: &[String]) -> fmt::Result {
    write!(
        f,
        "conflict with what was recorded before in {}",
        fields.join(", ")
    )
}
