use super::{Assurance, fiat};
use crate::{Amount, name::is_stable};

/// Amount of one currency that a payment must be worth.
///
/// **Create it from your own records, never from a postback.**
///
/// ```
/// use postback_core::reconcile::{Price, PriceError};
///
/// let price = Price::new("0.05".parse()?, "btc")?;
/// // The wallet of a buyer may deduct its fee from the amount.
/// let price = price.with_minimum("0.0499".parse()?)?;
/// assert_eq!(price.minimum().to_string(), "0.0499");
///
/// let free = Price::new("0".parse()?, "btc");
/// assert!(matches!(free, Err(PriceError::NotPositive { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Coin or fiat
///
/// A price is in a coin or in a fiat currency of ISO 4217. If the buyer picks the coin, the
/// application knows the price in fiat only, and the postback must state what was paid in that
/// currency:
///
/// - CryptoCloud and Trybit state US dollars, in `invoice_info`, which forms and version 1 do not
///   contain.
/// - CryptAPI and BlockBee state the currencies of `value_coin_convert`, for addresses created with
///   `convert=1`.
///
/// If a postback does not state it, the outcome is [unknown](super::Outcome::Unknown). If a
/// provider never does, `reconcile` returns a [`ReconcileError`](super::ReconcileError).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a price does nothing until a payment is compared with it"]
pub struct Price {
    amount: Amount,
    minimum: Amount,
    currency: String,
    is_fiat: bool,
    assurance: Assurance,
}

/// Error returned when a price is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// The currency has surrounding white space or contains a control character, so no payment
    /// could be in it.
    #[error(
        "invalid currency {currency:?}: expected no surrounding white space and no control characters"
    )]
    #[non_exhaustive]
    InvalidCurrency {
        /// The currency as given.
        currency: String,
    },
    /// The minimum is more than the price.
    #[error("invalid minimum {minimum}: expected at most the price, {price}")]
    #[non_exhaustive]
    MinimumAbovePrice {
        /// The minimum as given.
        minimum: Amount,
        /// The price.
        price: Amount,
    },
    /// The currency is blank.
    #[error("missing currency: expected a code such as \"USD\"")]
    NoCurrency,
    /// The amount is zero or less, so any payment would pay it.
    #[error("invalid amount {amount}: expected more than zero")]
    #[non_exhaustive]
    NotPositive {
        /// The amount as given.
        amount: Amount,
    },
}

impl Price {
    /// Creates a price of `amount` in a coin, in the spelling of the provider, or in a fiat
    /// currency.
    ///
    /// A coin is for example `USDT_TRC20` for CryptoCloud and Trybit, and `trc20_usdt` or
    /// `trc20/usdt` for CryptAPI and BlockBee. A fiat currency is for example `USD`.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotPositive`], [`PriceError::NoCurrency`] and [`PriceError::InvalidCurrency`].
    pub fn new(amount: Amount, currency: impl Into<String>) -> Result<Self, PriceError> {
        let currency = currency.into();
        if currency.trim().is_empty() {
            return Err(PriceError::NoCurrency);
        }
        if !is_stable(&currency) {
            return Err(PriceError::InvalidCurrency { currency });
        }
        Ok(Self {
            minimum: positive(amount.clone())?,
            amount,
            is_fiat: fiat::is_fiat(&currency),
            currency,
            assurance: Assurance::Unsigned,
        })
    }

    /// Sets the smallest amount that pays the price. Defaults to the price itself.
    ///
    /// Set it for a price in fiat, because the provider converts at its own rate and rounds.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotPositive`] and [`PriceError::MinimumAbovePrice`].
    pub fn with_minimum(self, minimum: Amount) -> Result<Self, PriceError> {
        let minimum = positive(minimum)?;
        match minimum > self.amount {
            true => Err(PriceError::MinimumAbovePrice {
                minimum,
                price: self.amount,
            }),
            false => Ok(Self { minimum, ..self }),
        }
    }

    /// Sets the lowest assurance that pays the price. Defaults to [`Assurance::Unsigned`].
    pub fn with_assurance(self, assurance: Assurance) -> Self {
        Self { assurance, ..self }
    }

    /// Returns the amount that is owed.
    #[must_use]
    pub const fn amount(&self) -> &Amount {
        &self.amount
    }

    /// Returns the smallest amount that pays the price.
    #[must_use]
    pub const fn minimum(&self) -> &Amount {
        &self.minimum
    }

    /// Returns the currency, in the spelling that was passed to [`new`](Self::new).
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Returns whether the currency is a fiat currency.
    #[must_use]
    pub const fn is_fiat(&self) -> bool {
        self.is_fiat
    }

    /// Returns the lowest assurance that pays the price.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }
}

fn positive(amount: Amount) -> Result<Amount, PriceError> {
    match amount.is_negative() || amount.is_zero() {
        true => Err(PriceError::NotPositive { amount }),
        false => Ok(amount),
    }
}
