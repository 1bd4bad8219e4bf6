use super::{Assurance, fiat};
use crate::Amount;

/// What a payment must be worth: an amount of one currency.
///
/// Build it from your own records, never from a postback.
///
/// ```
/// use postback_core::reconcile::{Price, PriceError};
///
/// let price = Price::new("0.05".parse()?, "btc")?;
/// // A buyer's wallet may take its fee off what is sent.
/// let price = price.with_minimum("0.0499".parse()?)?;
/// assert_eq!(price.minimum().to_string(), "0.0499");
///
/// assert_eq!(Price::new("0".parse()?, "btc").err(), Some(PriceError::NotPositive));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Coin or fiat
///
/// A price may be in a coin or in a fiat currency of ISO 4217. Where the buyer picks the coin, the application
/// knows the price in fiat alone, and the postback states what was paid in it as far as the provider does:
/// CryptoCloud and Trybit in US dollars, within `invoice_info`, which forms and version 1 do not carry; CryptAPI
/// and BlockBee in the currencies of `value_coin_convert`, for addresses made with `convert=1`. Where a postback
/// does not state it, the outcome is [unknown](super::Outcome::Unknown); where a provider never does, `reconcile`
/// fails with [`ReconcileError`](super::ReconcileError).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a price does nothing until a payment is compared with it"]
pub struct Price {
    amount: Amount,
    minimum: Amount,
    currency: String,
    is_fiat: bool,
    assurance: Assurance,
}

/// Why a price cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// The minimum is more than the price.
    #[error("the minimum is more than the price")]
    AboveThePrice,
    /// The currency begins or ends with white space, or holds a control character: no payment would be in it.
    #[error("the currency begins or ends with white space, or holds a control character")]
    InvalidCurrency,
    /// No currency is named.
    #[error("the price names no currency")]
    NoCurrency,
    /// An amount of zero or less: every payment would pay it.
    #[error("the amount is not positive")]
    NotPositive,
}

impl Price {
    /// `amount` of a coin, as the provider writes it, or of a fiat currency: `USDT_TRC20` for CryptoCloud and
    /// Trybit, `trc20_usdt` or `trc20/usdt` for CryptAPI and BlockBee, `USD`.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotPositive`], [`PriceError::NoCurrency`] and [`PriceError::InvalidCurrency`].
    pub fn new(amount: Amount, currency: impl Into<String>) -> Result<Self, PriceError> {
        let currency = currency.into();
        if currency.trim().is_empty() {
            return Err(PriceError::NoCurrency);
        }
        if currency.trim() != currency || currency.contains(char::is_control) {
            return Err(PriceError::InvalidCurrency);
        }
        Ok(Self {
            minimum: positive(amount.clone())?,
            amount,
            is_fiat: fiat::is_fiat(&currency),
            currency,
            assurance: Assurance::Unsigned,
        })
    }

    /// Accepts less than the price, down to `minimum`. Defaults to the price itself.
    ///
    /// A price in fiat needs some room: the provider converts at its own rate, and rounds.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotPositive`] and [`PriceError::AboveThePrice`].
    pub fn with_minimum(self, minimum: Amount) -> Result<Self, PriceError> {
        let minimum = positive(minimum)?;
        match minimum > self.amount {
            true => Err(PriceError::AboveThePrice),
            false => Ok(Self { minimum, ..self }),
        }
    }

    /// Needs this assurance of the figures, or a higher one. Defaults to [`Assurance::Unsigned`].
    pub fn with_assurance(self, assurance: Assurance) -> Self {
        Self { assurance, ..self }
    }

    /// The amount that is owed.
    #[must_use]
    pub const fn amount(&self) -> &Amount {
        &self.amount
    }

    /// The least amount that pays it.
    #[must_use]
    pub const fn minimum(&self) -> &Amount {
        &self.minimum
    }

    /// The currency, as it was given.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Whether the currency is a fiat one.
    #[must_use]
    pub const fn is_fiat(&self) -> bool {
        self.is_fiat
    }

    /// The assurance that it needs.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }
}

fn positive(amount: Amount) -> Result<Amount, PriceError> {
    match amount.is_negative() || amount.is_zero() {
        true => Err(PriceError::NotPositive),
        false => Ok(amount),
    }
}
