use super::{InvoiceInfo, InvoiceStatus, Status, Unsigned};
use crate::{
    Amount, Field,
    reconcile::{Outcome, Price},
};

impl Unsigned {
    /// Compares the payment with a price, as described in the [module
    /// documentation](super#reconciling).
    ///
    /// `Err` is also an outcome, which was found before an amount was compared with the price.
    pub(super) fn outcome(&self, price: &Price) -> Result<Outcome, Outcome> {
        let info = match self.invoice_info() {
            Field::Absent => None,
            Field::Known(info) => Some(info),
            Field::Other(_) if self.is_unsuccessful() => return Err(Outcome::NotSuccessful),
            Field::Other(_) => return Err(Outcome::Unknown("invoice_info")),
        };
        let info = info.as_ref();
        if info.is_some_and(|info| matches!(info.test_mode, Field::Known(true))) {
            return Err(Outcome::TestMode);
        }
        if self.is_unsuccessful() && info.is_none_or(|info| !may_be_funded(info)) {
            return Err(Outcome::NotSuccessful);
        }
        let status = self.status().ok_or(Outcome::Unknown("status"))?;
        let contradiction = (*status != Status::Success).then_some("status");
        let contradiction = contradiction.or(match info {
            Some(info) => self.contradiction(info)?,
            None => None,
        });

        let amounts = Amounts::of(self, info)?;
        if amounts.are_zero() {
            return Err(Outcome::Underpaid(amounts.asked.clone()));
        }
        let currency = self.currency().ok_or(Outcome::Unknown("currency"))?;
        let (worth, name) = if price.is_fiat() {
            info.ok_or(Outcome::Unknown("invoice_info"))?;
            amounts.in_dollars()?
        } else if currency.as_str() != price.currency() {
            return Err(Outcome::WrongCurrency(currency.as_str().to_owned()));
        } else {
            amounts.in_the_coin()
        };
        if worth.is_zero() {
            return Err(Outcome::Unknown(name));
        }
        // For a price in dollars, less of the coin paid than asked is a contradiction. For a price
        // in the coin, the price decides whether the amount is enough.
        let contradiction = contradiction
            .or((price.is_fiat() && amounts.is_less_paid_than_asked()).then_some(PAID));
        Ok(match (price.compare(worth), contradiction) {
            (Outcome::Underpaid(worth), _) if matches!(name, PAID | PAID_USD) => {
                Outcome::Underpaid(worth)
            }
            // Another field contradicts that the asked amount was paid, and the paid one is
            // unknown.
            (_, Some(field)) => Outcome::Unknown(field),
            (outcome, None) => outcome,
        })
    }

    fn is_unsuccessful(&self) -> bool {
        self.status()
            .is_some_and(|status| *status != Status::Success)
    }

    /// Returns the first field that contradicts that the invoice was paid in full, if there is one.
    fn contradiction(&self, info: &InvoiceInfo<'_>) -> Result<Option<&'static str>, Outcome> {
        const STATUS: &str = "invoice_info.status";
        const INVOICE_STATUS: &str = "invoice_info.invoice_status";
        let is_funded = may_be_funded(info);
        let mut contradiction = match &info.status {
            Field::Absent | Field::Known(InvoiceStatus::Paid | InvoiceStatus::Overpaid) => None,
            Field::Known(InvoiceStatus::Partial) => Some(STATUS),
            Field::Known(InvoiceStatus::Canceled | InvoiceStatus::Created) if is_funded => {
                Some(STATUS)
            }
            Field::Known(InvoiceStatus::Canceled | InvoiceStatus::Created) => {
                return Err(Outcome::NotSuccessful);
            }
            Field::Known(InvoiceStatus::Other(_)) | Field::Other(_) => {
                return Err(Outcome::Unknown(STATUS));
            }
        };
        match &info.invoice_status {
            Field::Absent | Field::Known(Status::Success) => {}
            Field::Known(_) if is_funded => contradiction = contradiction.or(Some(INVOICE_STATUS)),
            Field::Known(_) => return Err(Outcome::NotSuccessful),
            Field::Other(_) => return Err(Outcome::Unknown(INVOICE_STATUS)),
        }
        if !matches!(info.test_mode, Field::Known(false)) {
            return Err(Outcome::Unknown("invoice_info.test_mode"));
        }
        let code = match &info.currency {
            Field::Absent => &Field::Absent,
            Field::Known(currency) => &currency.fullcode,
            Field::Other(_) => return Err(Outcome::Unknown("invoice_info.currency")),
        };
        match code {
            Field::Absent => {}
            Field::Known(code) if Some(code) == self.currency() => {}
            Field::Known(_) | Field::Other(_) => {
                return Err(Outcome::Unknown("invoice_info.currency"));
            }
        }
        for (surcharge, name, asked) in [
            (
                &info.to_surcharge,
                "invoice_info.to_surcharge",
                self.amount(),
            ),
            (
                &info.to_surcharge_usd,
                "invoice_info.to_surcharge_usd",
                known(&info.amount_usd).or(known(&info.amount_paid_usd)),
            ),
        ] {
            match surcharge {
                Field::Absent => {}
                Field::Known(due) if due.is_negative() || due.is_zero() => {}
                Field::Known(due) if asked.is_some_and(|asked| is_rounding_error(due, asked)) => {}
                Field::Known(_) => contradiction = contradiction.or(Some(name)),
                Field::Other(_) => return Err(Outcome::Unknown(name)),
            }
        }
        Ok(contradiction)
    }
}

/// Amounts of a postback.
///
/// Dollars are not compared with the coin, because the rate changes between the invoice and its
/// payment.
struct Amounts<'a> {
    /// `amount_crypto`.
    asked: &'a Amount,
    /// `invoice_info.amount`.
    amount: Option<&'a Amount>,
    paid: Option<&'a Amount>,
    asked_usd: Option<&'a Amount>,
    paid_usd: Option<&'a Amount>,
    received: Option<&'a Amount>,
    received_usd: Option<&'a Amount>,
}

/// Name of the field for the amount that was paid, in the coin.
const PAID: &str = "invoice_info.amount_paid";
/// Name of the field for the amount that was paid, in US dollars.
const PAID_USD: &str = "invoice_info.amount_paid_usd";

impl<'a> Amounts<'a> {
    fn of(unsigned: &'a Unsigned, info: Option<&'a InvoiceInfo<'a>>) -> Result<Self, Outcome> {
        let asked = unsigned.amount();
        Ok(Self {
            asked: asked.ok_or(Outcome::Unknown("amount_crypto"))?,
            amount: stated(info.map(|info| &info.amount), "invoice_info.amount")?,
            paid: stated(info.map(|info| &info.amount_paid), PAID)?,
            asked_usd: stated(info.map(|info| &info.amount_usd), "invoice_info.amount_usd")?,
            paid_usd: stated(info.map(|info| &info.amount_paid_usd), PAID_USD)?,
            received: info.and_then(|info| known(&info.received)),
            received_usd: info.and_then(|info| known(&info.received_usd)),
        })
    }

    fn are_zero(&self) -> bool {
        let optional = [
            self.amount,
            self.paid,
            self.asked_usd,
            self.paid_usd,
            self.received,
            self.received_usd,
        ];
        let mut all = optional.into_iter().flatten().chain([self.asked]);
        all.all(Amount::is_zero)
    }

    /// Returns the amount in the coin that is compared with a price, and the field that states it.
    fn in_the_coin(&self) -> (&'a Amount, &'static str) {
        let mut worth = (self.asked, "amount_crypto");
        if let Some(amount) = self.amount.filter(|amount| *amount < worth.0) {
            worth = (amount, "invoice_info.amount");
        }
        if let Some(paid) = self.paid.filter(|paid| is_less(paid, worth.0)) {
            worth = (paid, PAID);
        }
        worth
    }

    /// Returns whether less of the coin was paid than asked.
    fn is_less_paid_than_asked(&self) -> bool {
        self.paid.is_some_and(|paid| is_less(paid, self.asked))
    }

    /// Returns the amount in US dollars that is compared with a price, and the field that states
    /// it.
    fn in_dollars(&self) -> Result<(&'a Amount, &'static str), Outcome> {
        let paid = self.paid_usd.ok_or(Outcome::Unknown(PAID_USD))?;
        Ok(match self.asked_usd {
            Some(asked) if !is_less(paid, asked) => (asked, "invoice_info.amount_usd"),
            _ => (paid, PAID_USD),
        })
    }
}

/// Returns an amount, which may be absent, but neither unreadable nor negative.
fn stated<'a>(
    field: Option<&'a Field<'_, Amount>>,
    name: &'static str,
) -> Result<Option<&'a Amount>, Outcome> {
    match field {
        None | Some(Field::Absent) => Ok(None),
        Some(Field::Known(amount)) if !amount.is_negative() => Ok(Some(amount)),
        Some(Field::Known(_) | Field::Other(_)) => Err(Outcome::Unknown(name)),
    }
}

fn known<'a>(field: &'a Field<'_, Amount>) -> Option<&'a Amount> {
    match field {
        Field::Known(amount) => Some(amount),
        Field::Absent | Field::Other(_) => None,
    }
}

/// Returns whether money may have arrived, even if a status reports that the payment did not
/// succeed.
fn may_be_funded(info: &InvoiceInfo<'_>) -> bool {
    let amounts = [
        &info.amount_paid,
        &info.amount_paid_usd,
        &info.received,
        &info.received_usd,
    ];
    let may_be_positive = |field: &&Field<'_, Amount>| match field {
        Field::Known(amount) => !amount.is_zero() && !amount.is_negative(),
        Field::Absent => false,
        Field::Other(_) => true,
    };
    let is_funded = matches!(
        &info.status,
        Field::Known(InvoiceStatus::Overpaid | InvoiceStatus::Paid | InvoiceStatus::Partial)
    );
    is_funded || amounts.iter().any(may_be_positive)
}

/// Returns whether an amount is less than another by more than a rounding error.
fn is_less(amount: &Amount, than: &Amount) -> bool {
    let rounded = || match (binary(amount), binary(than)) {
        (Some(amount), Some(than)) => than - amount <= than * TOLERANCE,
        _ => false,
    };
    amount < than && !rounded()
}

/// Returns whether an amount is at most a rounding error of another.
fn is_rounding_error(amount: &Amount, of: &Amount) -> bool {
    match (binary(amount), binary(of)) {
        (Some(amount), Some(of)) => amount <= of * TOLERANCE,
        _ => false,
    }
}

/// Largest rounding error, relative to the amount. The provider calculates in binary fractions,
/// whose rounding errors are far smaller than a billionth.
const TOLERANCE: f64 = 1e-9;

/// Converts an amount as the provider does, only to recognise its rounding errors.
fn binary(amount: &Amount) -> Option<f64> {
    amount.as_received().parse().ok()
}
