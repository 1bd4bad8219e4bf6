use super::{Bound, BoundBy, CallbackProvider, Converted, event, ticker};
use crate::{
    Field,
    event::Stage,
    reconcile::{Assurance, Outcome, Price, Reconciliation},
};

impl<P: CallbackProvider> Bound<P> {
    /// Compares the payment with a price, by `value_coin`: what was paid, fees included. A price in fiat is
    /// compared with `value_coin_convert`, which addresses made with `convert=1` have.
    ///
    /// The assurance is [`Assurance::Confirmed`] of a confirmed payment that was bound by its URL or callback secret,
    /// [`Assurance::Signed`] of a pending one, and [`Assurance::ArrangedByAnyone`] of one that was bound by the
    /// address alone, **which pays nothing unless the price [asks for it](Price::with_assurance)**.
    pub fn reconcile(&self, price: &Price) -> Reconciliation {
        let assurance = match (self.bound_by(), self.stage()) {
            (BoundBy::AddressWithoutSecret, _) => Assurance::ArrangedByAnyone,
            (BoundBy::CallbackUrl | BoundBy::Secret, Stage::Pending) => Assurance::Signed,
            (BoundBy::CallbackUrl | BoundBy::Secret, Stage::Confirmed) => Assurance::Confirmed,
        };
        let outcome = self.outcome(price);
        Reconciliation::new(event::record(self), price, assurance, outcome)
    }

    fn outcome(&self, price: &Price) -> Outcome {
        if self.is_test() {
            return Outcome::TestMode;
        }
        if self.stage() == Stage::Pending {
            return Outcome::Pending;
        }
        let paid = self.value_coin();
        match paid {
            Some(nothing) if nothing.is_zero() => Outcome::Underpaid(nothing),
            _ if price.is_fiat() => self.outcome_in_fiat(price),
            None => Outcome::Unknown("value_coin"),
            Some(_) if !ticker::same_coin(self.coin(), price.currency()) => {
                Outcome::WrongCurrency(self.coin().to_owned())
            }
            Some(paid) => price.compare(&paid),
        }
    }

    fn outcome_in_fiat(&self, price: &Price) -> Outcome {
        let unknown = Outcome::Unknown("value_coin_convert");
        let Field::Known(converted) = self.value_coin_convert() else {
            return unknown;
        };
        let is_asked = |it: &&Converted<'_>| it.currency.eq_ignore_ascii_case(price.currency());
        let mut stated = converted.iter().filter(is_asked);
        match (stated.next(), stated.next()) {
            // Something arrived, so that zero is not what it is worth.
            (Some(paid), None) if !paid.amount.is_zero() => price.compare(&paid.amount),
            _ => unknown,
        }
    }
}
