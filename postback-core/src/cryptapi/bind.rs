use aws_lc_rs::constant_time;

use super::{
    Basis, Bound, Callback, CallbackUrl, Expected, Nonce, Notice, address::same_address,
    expected::Arranged,
};
use crate::{Field, Provider, Verified};

/// Why a genuine callback is not the order's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another address was paid to.
    #[error("another address was paid to")]
    AddressIn,
    /// The payment is forwarded to an address that is not the shop's own, or it is not said to which.
    #[error("the payment is not forwarded to the shop's own addresses alone")]
    AddressOut,
    /// The signed URL does not begin with the stored one, or does not hold all fields behind it; or the
    /// callback is a POST, whose URL is not signed.
    #[error("the signed URL is not the stored one with the provider's fields behind it")]
    CallbackUrl,
    /// Another coin was paid.
    #[error("another coin was paid")]
    Coin,
    /// The expectation lacks an address, a coin or a payout address. It would bind what it should not.
    #[error("the expectation is incomplete")]
    IncompleteExpectation,
    /// The nonce is another, is absent, or occurs more than once.
    #[error("the nonce is another, is absent, or occurs more than once")]
    Nonce,
}

impl<P: Provider<Event = Callback>> Verified<P> {
    /// Finds out whether this callback of CryptAPI or BlockBee is about the order that the shop expects.
    ///
    /// Without it, a callback is genuine and anybody's. What is compared: the nonce, or the whole URL;
    /// the address that was paid to; all addresses that are forwarded to; the coin. Of EVM addresses (`0x`
    /// and 40 hexadecimal digits) case does not count, of all others it does.
    ///
    /// # Errors
    ///
    /// [`BindError`]: then it is not this order's. Do not acknowledge it; an answer of 404 has the provider
    /// try again, and somebody should look.
    pub fn bind(&self, expected: &Expected) -> Result<Bound<P>, BindError> {
        if !expected.is_complete() {
            return Err(BindError::IncompleteExpectation);
        }
        let (behind, basis) = match &expected.arranged {
            Arranged::CallbackUrl(url) => (Some(self.behind(url)?), Basis::CallbackUrl),
            Arranged::Nonce { name, nonce } => {
                self.has_nonce(name, nonce)?;
                (None, Basis::Nonce)
            }
            Arranged::Unknown => (None, Basis::AddressWithoutNonce),
        };
        let notice = behind.as_ref().unwrap_or(self.unbound());
        if !same_address(notice.address_in(), &expected.address_in) {
            return Err(BindError::AddressIn);
        }
        if !is_forwarded_to(notice, &expected.payout_addresses) {
            return Err(BindError::AddressOut);
        }
        if notice.coin() != expected.coin {
            return Err(BindError::Coin);
        }
        Ok(Bound::new(self.clone(), behind, basis))
    }
}

impl Callback {
    /// Reads the fields behind a stored URL, which the signed one must begin with.
    fn behind(&self, stored: &CallbackUrl) -> Result<Notice, BindError> {
        let url = self.signed_url().ok_or(BindError::CallbackUrl)?;
        let fields_at = fields_at(url.as_bytes(), stored.as_str()).ok_or(BindError::CallbackUrl)?;
        self.has_nonce(stored.nonce_name(), stored.nonce())?;
        let read = self.unbound().again_from(fields_at);
        read.map_err(|_| BindError::CallbackUrl)
    }

    fn has_nonce(&self, name: &str, nonce: &Nonce) -> Result<(), BindError> {
        match self.parameter(name) {
            Some(parameter) if nonce.is(parameter.value().for_look_up()) => Ok(()),
            _ => Err(BindError::Nonce),
        }
    }
}

/// Where the provider's fields begin in the signed URL, if it begins with the stored one.
fn fields_at(url: &[u8], stored: &str) -> Option<usize> {
    let (begin, rest) = url.split_at_checked(stored.len())?;
    // The stored URL holds a secret: nobody learns by the time taken how much of it he guessed.
    constant_time::verify_slices_are_equal(begin, stored.as_bytes()).ok()?;
    // The stored URL has a query: its nonce is there.
    (rest.first() == Some(&b'&')).then(|| stored.len().saturating_add(1))
}

fn is_forwarded_to(notice: &Notice, own: &[String]) -> bool {
    let is_own = |address: &str| own.iter().any(|it| same_address(it, address));
    match notice.payouts() {
        Field::Known(payouts) => {
            !payouts.is_empty() && payouts.iter().all(|payout| is_own(&payout.address))
        }
        Field::Absent | Field::Other(_) => false,
    }
}
