//! Comparison of what was paid with what is owed.
//!
//! `reconcile` compares a verified payment or a bound callback with a [`Price`], and returns a
//! [`Reconciliation`]: the outcome, the [`Assurance`] of the figures, and the record of the
//! payment. It credits nothing and has no memory: a store records the reconciliation, so that the
//! payment is credited once.
//!
//! Amounts are compared exactly, as decimals. The only exception is that the rules of CryptoCloud
//! and Trybit ignore the rounding errors of the provider: see the module `cryptocloud`.

mod fiat;
mod price;
mod recordable;

use std::fmt;

pub use self::{
    price::{Price, PriceError},
    recordable::Recordable,
};
use crate::{
    Amount,
    event::{EventRecord, MAX_ID_LENGTH},
};

/// Payment that was compared with a price: the outcome, and the record for a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the outcome decides whether to credit the payment"]
pub struct Reconciliation {
    event: EventRecord,
    assurance: Assurance,
    outcome: Outcome,
}

/// Degree to which the figures of a payment can be trusted, in ascending order.
///
/// A [`Price`] requires [`Unsigned`](Self::Unsigned) by default. A payment with
/// [`ArrangedByAnyone`](Self::ArrangedByAnyone) therefore credits nothing unless the price requires
/// no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Assurance {
    /// Any client of the provider's API can have arranged the callback and chosen its contents:
    /// CryptAPI and BlockBee, bound by the address alone.
    ArrangedByAnyone,
    /// The provider announced this payment, but its figures are not signed: a client that can read
    /// or change a genuine postback in transit can change them. CryptoCloud and Trybit.
    Unsigned,
    /// The provider signed the figures of a payment to this order, which may still disappear:
    /// CryptAPI and BlockBee, pending.
    Signed,
    /// The provider signed the figures of a confirmed payment to this order: CryptAPI and BlockBee,
    /// confirmed.
    Confirmed,
}

/// Result of comparing a payment with a price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The price requires a higher [`Assurance`] than the payment has. The amount, in the price's
    /// currency, is not credited.
    InsufficientAssurance(Amount),
    /// The payment did not succeed, according to a status in the postback.
    NotSuccessful,
    /// More than the price was paid.
    Overpaid(Amount),
    /// The price was paid, or less, but not less than its [minimum](Price::with_minimum).
    Paid(Amount),
    /// The payment was seen on the chain, and is not confirmed.
    Pending,
    /// No money has moved: the project is in test mode, or an id, address or transaction begins
    /// with `TEST_`.
    TestMode,
    /// Less than the minimum of the price was paid. A later payment may complete it.
    Underpaid(Amount),
    /// A required field is absent, is [unreadable](crate::Field::Other), or contradicts other
    /// fields. Contains the name of the field in the postback.
    Unknown(&'static str),
    /// Another currency was paid. Contains its code as the provider writes it.
    WrongCurrency(String),
}

/// Treatment of a payment, by its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a store must handle all of them")]
pub enum Disposition {
    /// The payment pays the price: credit it, and record it as credited.
    Credit,
    /// Money arrived, or may have arrived, that does not pay the price: record it for a person to
    /// check. A later delivery of the same payment may still be credited.
    Review,
    /// The postback credits nothing: record nothing, so that a later delivery of the same payment
    /// can be credited.
    Ignore,
}

/// Error returned when a payment cannot be compared with a price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The price is in a fiat currency in which the provider's postbacks state no amounts. Price
    /// the order in a currency that they state, or in a coin.
    #[error(
        "{provider} states no amounts in {currency}: expected a price in a currency that it states, or in a coin"
    )]
    #[non_exhaustive]
    FiatNotStated {
        /// Name of the provider.
        provider: &'static str,
        /// Currency of the price.
        currency: String,
    },
    /// The id of the payment is blank, contains a control character, or is longer than 256 bytes:
    /// two payments could have the same record.
    #[error(
        "{provider} reports a payment with an invalid id: expected 1 to {MAX_ID_LENGTH} bytes, not blank and without control characters"
    )]
    #[non_exhaustive]
    InvalidPaymentId {
        /// Name of the provider.
        provider: &'static str,
    },
}

impl Reconciliation {
    /// Returns the record of the payment, for a store.
    #[must_use]
    pub const fn event(&self) -> &EventRecord {
        &self.event
    }

    /// Returns the degree to which the figures can be trusted.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// Returns the result of the comparison.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns whether the payment pays the price, with the assurance that the price requires.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        self.outcome.is_paid()
    }

    /// Returns how to treat the payment.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        self.outcome.disposition()
    }

    /// Creates a reconciliation from an outcome that disregards the assurance.
    ///
    /// Without the assurance that the price requires, neither amount nor transfer counts. Otherwise
    /// a callback that another client of the provider arranged could make a genuine one look like
    /// its duplicate.
    pub(crate) fn new(
        event: EventRecord,
        price: &Price,
        assurance: Assurance,
        outcome: Outcome,
    ) -> Self {
        let outcome = price.with_required_assurance(assurance, outcome);
        Self {
            event: match assurance < price.assurance() {
                true => event.without_counting_transfer(),
                false => event,
            },
            assurance,
            outcome,
        }
    }
}

impl Outcome {
    /// Returns whether the price is paid.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        matches!(self, Self::Paid(_) | Self::Overpaid(_))
    }

    /// Returns how to treat a payment with this outcome.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Paid(_) | Self::Overpaid(_) => Disposition::Credit,
            Self::InsufficientAssurance(amount) | Self::Underpaid(amount) if !amount.is_zero() => {
                Disposition::Review
            }
            Self::Unknown(_) | Self::WrongCurrency(_) => Disposition::Review,
            Self::InsufficientAssurance(_)
            | Self::NotSuccessful
            | Self::Pending
            | Self::TestMode
            | Self::Underpaid(_) => Disposition::Ignore,
        }
    }
}

impl Price {
    /// Compares the total of several payments with the price.
    ///
    /// **Ensure that each of them is in the price's currency, confirmed, and counted once.**
    /// `assurance` is the lowest that one of them has.
    ///
    /// ```
    /// use postback_core::{Amount, reconcile::{Assurance, Outcome, Price}};
    ///
    /// let price = Price::new("0.05".parse()?, "btc")?.with_assurance(Assurance::Signed);
    /// let total: Amount = "0.051".parse()?;
    /// assert!(price.reconcile_total(&total, Assurance::Confirmed).is_paid());
    /// let unsigned = price.reconcile_total(&total, Assurance::Unsigned);
    /// assert_eq!(unsigned, Outcome::InsufficientAssurance(total));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reconcile_total(&self, total: &Amount, assurance: Assurance) -> Outcome {
        self.with_required_assurance(assurance, self.compare(total))
    }

    /// Compares an amount with the price, for a [`PaymentProvider`](crate::PaymentProvider).
    ///
    /// Currencies are compared exactly, including case; another one is [`Outcome::WrongCurrency`].
    ///
    /// ```
    /// use postback_core::{Amount, reconcile::{Outcome, Price}};
    ///
    /// let price = Price::new("10".parse()?, "USD")?;
    /// let paid: Amount = "10.00".parse()?;
    /// assert_eq!(price.compare_in(&paid, "USD"), Outcome::Paid(paid.clone()));
    /// assert_eq!(price.compare_in(&paid, "EUR"), Outcome::WrongCurrency("EUR".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compare_in(&self, paid: &Amount, currency: &str) -> Outcome {
        match currency == self.currency() {
            true => self.compare(paid),
            false => Outcome::WrongCurrency(currency.to_owned()),
        }
    }

    /// Returns the outcome of a payment whose provider states no amount, and reports that the
    /// invoice was paid in full.
    ///
    /// **Use it only for a provider that compared the payment with the amount of an invoice that
    /// you created.**
    #[must_use]
    pub fn paid_in_full(&self) -> Outcome {
        Outcome::Paid(self.amount().clone())
    }

    /// Compares an amount in the price's currency.
    pub(crate) fn compare(&self, paid: &Amount) -> Outcome {
        let paid = paid.clone();
        if paid > *self.amount() {
            Outcome::Overpaid(paid)
        } else if paid >= *self.minimum() {
            Outcome::Paid(paid)
        } else {
            Outcome::Underpaid(paid)
        }
    }

    /// Replaces the outcome of an amount without the assurance that the price requires.
    fn with_required_assurance(&self, assurance: Assurance, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Paid(amount) | Outcome::Overpaid(amount) | Outcome::Underpaid(amount)
                if assurance < self.assurance() =>
            {
                Outcome::InsufficientAssurance(amount)
            }
            outcome => outcome,
        }
    }
}

/// Writes the name of the outcome, and no amount, for the operator's log.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InsufficientAssurance(_) => "insufficient assurance",
            Self::NotSuccessful => "not successful",
            Self::Overpaid(_) => "overpaid",
            Self::Paid(_) => "paid",
            Self::Pending => "pending",
            Self::TestMode => "test mode",
            Self::Underpaid(_) => "underpaid",
            Self::Unknown(field) => {
                return write!(
                    f,
                    "unknown: `{field}` is absent, unreadable or contradictory"
                );
            }
            Self::WrongCurrency(_) => "wrong currency",
        })
    }
}
