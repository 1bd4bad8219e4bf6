use std::{fmt, ops::Deref, sync::Arc};

use aws_lc_rs::constant_time;

use super::{Callback, CallbackUrl, Expected, Nonce, Notice, expected::Arranged};
use crate::{Field, Provider, Verified};

/// A callback that is about the shop's own order: its amounts and stage are for crediting.
///
/// Made by [`Verified::bind`] and by nothing else. It derefs to the [`Notice`]; what credits should take
/// `&Bound<P>`, for a `&Notice` may be unbound.
#[must_use]
pub struct Bound<P: Provider> {
    verified: Verified<P>,
    /// What the callback's notice is read as, if not as a whole.
    notice: Option<Arc<Notice>>,
    basis: Basis,
}

/// What a callback was bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// Address, coin and payout addresses alone: anybody may have arranged it.
    AddressWithoutNonce,
    /// The stored callback URL, nonce included.
    CallbackUrl,
    /// The stored nonce.
    Nonce,
}

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
        Ok(Bound {
            verified: self.clone(),
            notice: behind.map(Arc::new),
            basis,
        })
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

/// EIP-55 writes a checksum into the case of an EVM address, and not every wallet does.
fn same_address(one: &str, other: &str) -> bool {
    one == other || (is_evm(one) && is_evm(other) && one.eq_ignore_ascii_case(other))
}

fn is_evm(address: &str) -> bool {
    address
        .strip_prefix("0x")
        .is_some_and(|digits| digits.len() == 40 && digits.bytes().all(|it| it.is_ascii_hexdigit()))
}

impl<P: Provider<Event = Callback>> Bound<P> {
    /// What the provider says of the payment.
    #[must_use]
    pub fn notice(&self) -> &Notice {
        self.notice.as_deref().unwrap_or(self.verified.unbound())
    }

    /// What it was bound by.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// The callback that was bound, with the proof that it is genuine.
    pub const fn verified(&self) -> &Verified<P> {
        &self.verified
    }
}

impl<P: Provider<Event = Callback>> Deref for Bound<P> {
    type Target = Notice;

    fn deref(&self) -> &Notice {
        self.notice()
    }
}

impl<P: Provider> Clone for Bound<P> {
    fn clone(&self) -> Self {
        Self {
            verified: self.verified.clone(),
            notice: self.notice.clone(),
            basis: self.basis,
        }
    }
}

impl<P: Provider<Event = Callback>> fmt::Debug for Bound<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("provider", &P::NAME)
            .field("notice", self.notice())
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_evm_addresses_compare_without_case() {
        let evm = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B";
        assert!(same_address(evm, &evm.to_lowercase()));
        assert!(same_address("1H6Z", "1H6Z"));
        assert!(!same_address("1H6Z", "1h6z"));
        assert!(!same_address(evm, &evm[..41]));
        assert!(!same_address(&evm[..41], &evm[..41].to_lowercase()));
        assert!(!same_address(evm, &evm.replace("0x", "0X")));
        let other = evm.replace('A', "Z");
        assert!(!same_address(&other, &other.to_lowercase()));
    }
}
