use crate::Amount;

/// What a payment must be worth: an amount of one coin.
///
/// Build it from the shop's own records, never from a postback.
///
/// ```
/// use postback_core::settle::{Price, PriceError};
///
/// let price = Price::new("0.05".parse()?, "btc")?;
/// // A buyer's wallet may take its fee off what is sent.
/// let price = price.accept_from("0.0499".parse()?)?;
/// assert_eq!(price.least().to_string(), "0.0499");
///
/// assert_eq!(Price::new("0".parse()?, "btc").err(), Some(PriceError::NotPositive));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a price does nothing until a payment is settled against it"]
pub struct Price {
    amount: Amount,
    least: Amount,
    coin: String,
}

/// Why an expectation is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// The least that is accepted is more than the price.
    #[error("the least that is accepted is more than the price")]
    AboveThePrice,
    /// No coin is named.
    #[error("the price names no coin")]
    NoCoin,
    /// An amount of zero or less: everything would pay it.
    #[error("the amount is not positive")]
    NotPositive,
}

impl Price {
    /// `amount` of the coin, as the provider writes it: `USDT_TRC20` for CryptoCloud and Trybit, `trc20_usdt`
    /// or `trc20/usdt` for CryptAPI and BlockBee.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotPositive`] and [`PriceError::NoCoin`].
    pub fn new(amount: Amount, coin: impl Into<String>) -> Result<Self, PriceError> {
        let coin = coin.into();
        if coin.trim().is_empty() {
            return Err(PriceError::NoCoin);
        }
        Ok(Self {
            least: positive(amount.clone())?,
            amount,
            coin,
        })
    }

    /// The tolerance, as the least amount that still pays the price. Without it, that is the price itself.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotPositive`] and [`PriceError::AboveThePrice`].
    pub fn accept_from(self, least: Amount) -> Result<Self, PriceError> {
        let least = positive(least)?;
        match least > self.amount {
            true => Err(PriceError::AboveThePrice),
            false => Ok(Self { least, ..self }),
        }
    }

    /// The amount asked for.
    #[must_use]
    pub const fn amount(&self) -> &Amount {
        &self.amount
    }

    /// The least amount that pays it.
    #[must_use]
    pub const fn least(&self) -> &Amount {
        &self.least
    }

    /// The coin, as it was given.
    #[must_use]
    pub fn coin(&self) -> &str {
        &self.coin
    }
}

fn positive(amount: Amount) -> Result<Amount, PriceError> {
    match amount.is_negative() || amount.is_zero() {
        true => Err(PriceError::NotPositive),
        false => Ok(amount),
    }
}
