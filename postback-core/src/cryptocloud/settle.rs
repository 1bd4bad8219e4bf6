use super::{Payment, Status};
use crate::{
    Field,
    settle::{Ground, Outcome, Price, Settlement},
};

impl Payment {
    /// What the payment is worth against a price, by what the postback *claims*: status, amount and currency are
    /// not signed, so the ground is always [`Ground::Claimed`].
    ///
    /// A project's test mode stands in `invoice_info`, which a form does not carry: where it is absent, the
    /// payment is taken for real.
    pub fn settle(&self, price: &Price) -> Settlement {
        Settlement::new(Ground::Claimed, self.outcome(price))
    }

    fn outcome(&self, price: &Price) -> Outcome {
        let claimed = self.claimed();
        let info = claimed.invoice_info();
        match &info {
            Field::Absent => {}
            Field::Known(info) => match info.test_mode {
                Field::Known(true) => return Outcome::TestMode,
                Field::Known(false) | Field::Absent => {}
                Field::Other(_) => return Outcome::Unknown("invoice_info.test_mode"),
            },
            Field::Other(_) => return Outcome::Unknown("invoice_info"),
        }
        let (status, currency, amount) = (claimed.status(), claimed.currency(), claimed.amount());
        match (status, currency, amount) {
            (None, ..) => Outcome::Unknown("status"),
            (Some(status), ..) if *status != Status::Success => Outcome::NotSuccessful,
            (_, None, _) => Outcome::Unknown("currency"),
            (.., None) => Outcome::Unknown("amount_crypto"),
            (_, Some(currency), Some(amount)) => {
                let coin = currency.as_str();
                price.outcome_of(coin, coin == price.coin(), amount)
            }
        }
    }
}
