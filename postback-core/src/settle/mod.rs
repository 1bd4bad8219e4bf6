//! What was paid, against what was asked for.
//!
//! `settle` of a payment or of a bound callback compares it with a [`Price`], exactly, and says on what
//! [`Ground`] it stands. It credits nothing and remembers nothing: that a payment is credited once is for a store
//! to see to.

mod price;

use std::fmt;

pub use self::price::{Price, PriceError};
use crate::Amount;

/// What a payment is worth against a price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what a payment is worth decides whether to credit it"]
pub struct Settlement {
    ground: Ground,
    outcome: Outcome,
}

/// Who says so: how far the figures can be trusted. In rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ground {
    /// The figures are not signed: whoever can read a genuine postback on its way can change them.
    Claimed,
    /// The provider signed the figures, but of a payment that may still vanish, or of one that somebody may have
    /// arranged: bound without a nonce.
    Signed,
    /// The provider signed the figures, of a confirmed payment to an order of the shop's.
    Confirmed,
}

/// How a payment compares with a price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The price, or less by no more than is tolerated.
    Paid(Amount),
    /// More than the price.
    Over(Amount),
    /// Less than is tolerated. Further payments may make up for it.
    Short(Amount),
    /// Another coin, as the provider writes it.
    OtherCoin(String),
    /// Seen, and not confirmed.
    Pending,
    /// No money has moved: a project in test mode, or a callback whose id begins as a sample's.
    TestMode,
    /// The provider does not say that it succeeded.
    NotSuccessful,
    /// What is needed to tell is absent, or of a form never seen: its name on the wire.
    Unknown(&'static str),
}

impl Settlement {
    /// How far the figures can be trusted.
    #[must_use]
    pub const fn ground(&self) -> Ground {
        self.ground
    }

    /// How the payment compares with the price.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether the price is paid, on a ground of at least `least`.
    ///
    /// ```
    /// use postback_core::{Amount, settle::{Ground, Price}};
    ///
    /// let price = Price::new("0.05".parse()?, "btc")?;
    /// let sum: Amount = "0.051".parse()?;
    /// assert!(price.settle_sum(&sum, Ground::Confirmed).is_paid(Ground::Signed));
    /// assert!(!price.settle_sum(&sum, Ground::Claimed).is_paid(Ground::Signed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_paid(&self, least: Ground) -> bool {
        let paid = matches!(self.outcome, Outcome::Paid(_) | Outcome::Over(_));
        paid && self.ground >= least
    }

    #[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
    pub(crate) const fn new(ground: Ground, outcome: Outcome) -> Self {
        Self { ground, outcome }
    }
}

impl Price {
    /// What the sum of several payments in the price's coin is worth. That they are in it, confirmed and each
    /// counted once is the caller's to know; `ground` is the least that they stand on.
    pub fn settle_sum(&self, sum: &Amount, ground: Ground) -> Settlement {
        Settlement {
            ground,
            outcome: self.compare(sum),
        }
    }

    fn compare(&self, paid: &Amount) -> Outcome {
        let paid = paid.clone();
        if paid > *self.amount() {
            Outcome::Over(paid)
        } else if paid >= *self.least() {
            Outcome::Paid(paid)
        } else {
            Outcome::Short(paid)
        }
    }

    #[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
    pub(crate) fn outcome_of(&self, coin: &str, is_coin: bool, paid: &Amount) -> Outcome {
        match is_coin {
            true => self.compare(paid),
            false => Outcome::OtherCoin(coin.to_owned()),
        }
    }
}

/// For the operator's log: the outcome's name, without a figure.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paid(_) => "paid",
            Self::Over(_) => "over",
            Self::Short(_) => "short",
            Self::OtherCoin(_) => "other coin",
            Self::Pending => "pending",
            Self::TestMode => "test mode",
            Self::NotSuccessful => "not successful",
            Self::Unknown(_) => "unknown",
        })
    }
}
