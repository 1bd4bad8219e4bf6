//! Compares what was paid with what was owed.
//!
//! `reconcile` of a verified payment or of a bound callback compares it with a [`Price`], exactly, and says how far
//! the figures can be trusted: [`Assurance`]. It credits nothing and remembers nothing: a store sees to it that a
//! payment is credited once, by what `reconcile` returns.

mod fiat;
mod price;
mod recordable;

use std::fmt;

pub use self::{
    price::{Price, PriceError},
    recordable::Recordable,
};
use crate::{Amount, event::EventRecord};

/// A payment compared with a price: the outcome, and the record by which a store knows the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the outcome decides whether to credit the payment"]
pub struct Reconciliation {
    event: EventRecord,
    assurance: Assurance,
    outcome: Outcome,
}

/// How far the figures of a payment can be trusted, in rising order.
///
/// A [`Price`] says which is needed; by default [`Unsigned`](Self::Unsigned), so that the lowest pays nothing
/// unless it is asked for by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Assurance {
    /// Anyone can have arranged the callback, and can have chosen what it says: CryptAPI and BlockBee, bound by the
    /// address alone.
    ArrangedByAnyone,
    /// The provider announced this payment, but its figures are not signed: anyone who can read a genuine
    /// postback on its way can change them. CryptoCloud and Trybit.
    Unsigned,
    /// The provider signed the figures of a payment to this order, which may still vanish: CryptAPI and BlockBee,
    /// pending.
    Signed,
    /// The provider signed the figures of a confirmed payment to this order: CryptAPI and BlockBee, confirmed.
    Confirmed,
}

/// How a payment compares with a price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The price needs a higher [`Assurance`] than the payment has. The amount, in the price's currency, does not
    /// count.
    InsufficientAssurance(Amount),
    /// The provider does not say that the payment succeeded, or says something else elsewhere in the postback.
    NotSuccessful,
    /// More than the price.
    Overpaid(Amount),
    /// The price, or less by no more than [`Price::with_minimum`] allows.
    Paid(Amount),
    /// Seen on the chain, and not confirmed.
    Pending,
    /// No money has moved: a project in test mode, or a callback whose id begins as a sample's.
    TestMode,
    /// Less than the price's minimum. A later payment may complete it.
    Underpaid(Amount),
    /// A field that decides is absent, is [unreadable](crate::Field::Other), or contradicts the others: its name on the
    /// wire.
    Unknown(&'static str),
    /// Another coin, as the provider writes it.
    WrongCurrency(String),
}

/// Treatment of a payment, by its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a store must know them all")]
pub enum Disposition {
    /// It pays the price: credit it, and record it as credited.
    Credit,
    /// Money arrived that does not pay the price, or may have arrived: record it for a person to look at. A later
    /// delivery of the same payment may still be credited.
    Review,
    /// It credits nothing: record nothing, so that the delivery that does finds room.
    Ignore,
}

/// Error returned when a payment cannot be compared with a price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The price is in a fiat currency in which this provider's postbacks state no amount. Price the order in US
    /// dollars, or in the coin.
    #[error(
        "{provider} states no amounts in {currency}: expected a price in a currency that it states, or in a coin"
    )]
    #[non_exhaustive]
    FiatNotStated {
        /// The provider.
        provider: &'static str,
        /// The price's currency.
        currency: String,
    },
    /// The provider names the payment by a blank id, by one with control characters, or by one of more than 256 bytes:
    /// two payments could be taken for one.
    #[error(
        "{provider} reports a payment with an invalid id: expected 1 to 256 bytes without control characters"
    )]
    #[non_exhaustive]
    InvalidPaymentId {
        /// The provider.
        provider: &'static str,
    },
}

impl Reconciliation {
    /// The record by which a store knows the payment.
    #[must_use]
    pub const fn event(&self) -> &EventRecord {
        &self.event
    }

    /// How far the figures can be trusted.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// How the payment compares with the price.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns whether the payment pays the price, with the assurance that the price needs.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        self.outcome.is_paid()
    }

    /// Returns how to treat the payment.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        self.outcome.disposition()
    }

    /// `outcome` as found. Without the assurance that the price needs, neither the amount nor the transfer counts:
    /// else a callback that anyone arranged could make a genuine one look like its duplicate.
    pub(crate) fn new(
        event: EventRecord,
        price: &Price,
        assurance: Assurance,
        outcome: Outcome,
    ) -> Self {
        let outcome = price.with_enough(assurance, outcome);
        Self {
            event: match assurance < price.assurance() {
                true => event.without_transfer(),
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
    /// Compares the total of several payments with the price. The caller knows that each of them is in the price's
    /// currency, confirmed and counted once; `assurance` is the least that any of them has.
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
        self.with_enough(assurance, self.compare(total))
    }

    /// Compares an amount with the price, for a [`PaymentProvider`](crate::PaymentProvider). Currencies compare exactly;
    /// another one is [`Outcome::WrongCurrency`].
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

    /// Returns the outcome of a payment whose provider states no amount, and says that all it was asked for was paid.
    /// **Use it only for a provider that compared the payment with the amount of the application's own invoice.**
    #[must_use]
    pub fn paid_in_full(&self) -> Outcome {
        Outcome::Paid(self.amount().clone())
    }

    /// How an amount in the price's currency compares with it.
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

    /// An amount counts for nothing without the assurance that the price needs.
    fn with_enough(&self, assurance: Assurance, outcome: Outcome) -> Outcome {
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

/// Shows the outcome's name, and no figure: for the operator's log.
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
