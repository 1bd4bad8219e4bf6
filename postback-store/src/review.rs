use std::fmt;

use postback_core::{
    event::{Digest, EventKey, EventRecord, FieldDigests},
    reconcile::Outcome,
};

use crate::Recorded;

/// Delivery that a person has to look at. It is written in the transaction of the record, and kept
/// until a person resolves it.
///
/// A delivery that was recorded for review is no longer listed when its payment is credited. If a
/// later delivery of the payment is for review too, both are listed.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a person has to look at it"]
#[non_exhaustive]
pub struct Review {
    /// Key of the payment.
    pub key: EventKey,
    /// Reason why a person has to look at the delivery.
    pub reason: ReviewReason,
    /// Digests of the delivery's fields that must not change.
    pub digest: FieldDigests,
    /// Payload of the delivery as JSON, as
    /// [`EventRecord::payload_json`](postback_core::event::EventRecord::payload_json) returned it.
    pub payload: String,
    /// Time when the delivery was recorded last, by the store's clock, in Unix seconds.
    pub recorded_at: i64,
    /// Amount that was paid, if the outcome has one; empty otherwise.
    pub(crate) amount: String,
    pub(crate) transfer: Option<Digest>,
}

/// Reason why a person has to look at a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviewReason {
    /// The payment is credited, and the delivery [contradicts](Recorded::Conflict) it.
    Conflict {
        /// Names of the fields that have another value or are missing.
        fields: Vec<String>,
    },
    /// The payment does not pay the price, or it is unknown [whether it does](Recorded::Review).
    NotPaid {
        /// Text of the [`Outcome`](postback_core::reconcile::Outcome).
        outcome: String,
    },
    /// The transfer on the chain is already recorded for
    /// [another payment](Recorded::PossibleDuplicate).
    PossibleDuplicate {
        /// Id of the other payment.
        of: String,
    },
}

/// Result of marking a payment as credited by hand. Commit only if it is
/// [`Credited`](Self::Credited).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it decides whether to credit the order"]
#[non_exhaustive]
pub enum Marked {
    /// The payment was for review, and is credited now, by the delivery of the review. Credit the
    /// order.
    Credited,
    /// The payment is credited already, or the review is a conflict with a credited payment.
    NotForReview,
    /// Another delivery of the payment is listed for review: look at it, and resolve one of the
    /// two.
    OtherReview,
    /// The transfer of the payment on the chain is already recorded for another payment, which the
    /// review does not name. If the other payment is credited, resolve the review. Otherwise credit
    /// the other payment by its own review.
    PossibleDuplicate {
        /// Id of the other payment.
        of: String,
    },
}

impl Review {
    /// Returns a delivery that was recorded, if a person has to look at it.
    pub(crate) fn of(
        event: &EventRecord,
        outcome: &Outcome,
        recorded: &Recorded,
        recorded_at: i64,
    ) -> Option<Self> {
        let amount = match outcome {
            Outcome::InsufficientAssurance(amount)
            | Outcome::Overpaid(amount)
            | Outcome::Paid(amount)
            | Outcome::Underpaid(amount) => amount.to_string(),
            _ => String::new(),
        };
        Some(Self {
            key: event.key().clone(),
            reason: ReviewReason::of(recorded)?,
            digest: event.digest().clone(),
            payload: event.payload_json().to_owned(),
            recorded_at,
            amount,
            transfer: event.transfer().copied(),
        })
    }

    /// Returns true if the person who looked at the review knows that the transfer is recorded for
    /// this other payment.
    pub(crate) fn names_other(&self, id: &str) -> bool {
        matches!(&self.reason, ReviewReason::PossibleDuplicate { of } if of == id)
    }
}

/// Selection of the deliveries that a store lists for review.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a filter does nothing unless it is passed to a store"]
pub struct ReviewFilter {
    /// Empty for the project without a name.
    pub(crate) project: Option<Box<str>>,
    pub(crate) limit: u32,
    pub(crate) after: Option<Review>,
}

impl ReviewFilter {
    const LIMIT: u32 = 100;

    /// Selects the deliveries of one project. `None` is the project that has no name.
    pub fn of_project(project: Option<&str>) -> Self {
        Self {
            project: Some(project.unwrap_or_default().into()),
            ..Self::of_all_projects()
        }
    }

    /// Selects the deliveries of all projects that share the store.
    pub const fn of_all_projects() -> Self {
        Self {
            project: None,
            limit: Self::LIMIT,
            after: None,
        }
    }

    /// Sets the maximum number of deliveries. Defaults to 100.
    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    /// Selects the deliveries that follow one that was listed, for the next page.
    pub fn after(self, listed: &Review) -> Self {
        Self {
            after: Some(listed.clone()),
            ..self
        }
    }
}

const CONFLICT: &str = "conflict";
const NOT_PAID: &str = "not_paid";
const POSSIBLE_DUPLICATE: &str = "possible_duplicate";

impl ReviewReason {
    /// Returns the reason why a person has to look at a delivery that was recorded, if there is
    /// one.
    fn of(recorded: &Recorded) -> Option<Self> {
        Some(match recorded {
            Recorded::Conflict { fields } => Self::Conflict {
                fields: fields.clone(),
            },
            Recorded::PossibleDuplicate { of } => Self::PossibleDuplicate { of: of.clone() },
            Recorded::Review(outcome) => Self::NotPaid {
                outcome: outcome.to_string(),
            },
            Recorded::Duplicate
            | Recorded::New
            | Recorded::NotCredited(_)
            | Recorded::Superseded => return None,
        })
    }

    /// Returns the code under which the reason is stored.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => CONFLICT,
            Self::NotPaid { .. } => NOT_PAID,
            Self::PossibleDuplicate { .. } => POSSIBLE_DUPLICATE,
        }
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl ReviewReason {
    /// Returns the details that are stored beside the code. Names of fields contain no semicolon,
    /// because their digests escape it.
    pub(crate) fn details(&self) -> String {
        match self {
            Self::Conflict { fields } => fields.join(";"),
            Self::NotPaid { outcome } => outcome.clone(),
            Self::PossibleDuplicate { of } => of.clone(),
        }
    }

    /// Creates a reason from what was stored, or returns `None` if the code is unknown.
    pub(crate) fn from_stored(code: &str, details: String) -> Option<Self> {
        Some(match code {
            CONFLICT => Self::Conflict {
                fields: details.split(';').map(str::to_owned).collect(),
            },
            NOT_PAID => Self::NotPaid { outcome: details },
            POSSIBLE_DUPLICATE => Self::PossibleDuplicate { of: details },
            _ => return None,
        })
    }
}

/// Shows the reason for the operator's log, without amounts.
impl fmt::Display for ReviewReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { fields } => crate::recorded::conflict(f, fields),
            Self::NotPaid { outcome } => f.write_str(outcome),
            Self::PossibleDuplicate { of } => crate::recorded::possible_duplicate(f, of),
        }
    }
}

/// Shows no payload.
impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review")
            .field("key", &self.key)
            .field("reason", &self.reason)
            .field("digest", &self.digest)
            .field("recorded_at", &self.recorded_at)
            .finish_non_exhaustive()
    }
}
