use super::{Basis, Bound, Callback, Stage};
use crate::{
    Provider,
    settle::{Ground, Outcome, Price, Settlement},
};

impl<P: Provider<Event = Callback>> Bound<P> {
    /// What the payment is worth against a price, by `value_coin`: what was paid, fees included.
    ///
    /// It is [`Ground::Confirmed`] where it is, and was bound by its URL or nonce; [`Ground::Signed`] otherwise.
    pub fn settle(&self, price: &Price) -> Settlement {
        let ground = match (self.stage(), self.basis()) {
            (Stage::Confirmed, Basis::CallbackUrl | Basis::Nonce) => Ground::Confirmed,
            _ => Ground::Signed,
        };
        Settlement::new(ground, self.outcome(price))
    }

    fn outcome(&self, price: &Price) -> Outcome {
        if self.is_test() {
            return Outcome::TestMode;
        }
        if self.stage() == Stage::Pending {
            return Outcome::Pending;
        }
        match self.value_coin() {
            None => Outcome::Unknown("value_coin"),
            Some(paid) => {
                let is_coin = self.coin() == price.coin().replace('/', "_");
                price.outcome_of(self.coin(), is_coin, &paid)
            }
        }
    }
}
