use aws_lc_rs::constant_time;

use super::{
    Bound, BoundBy, Callback, CallbackFields, CallbackProvider, CallbackSecret, CallbackUrl,
    Expected, address::same_address, expected::Arranged, ticker,
};
use crate::{Field, UrlDifference, Verified, log, public_url::Origin};

/// Error returned when a genuine callback is not the order's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another address was paid to.
    #[error("another address was paid to")]
    AddressIn,
    /// The payment is forwarded to an address that is not the application's own, or the callback names no payout
    /// address.
    #[error("the payment is not forwarded to the expected payout addresses alone")]
    AddressOut,
    /// The signed URL does not begin with the stored one, or the callback is a POST, whose URL is not signed.
    #[error("the signed URL is not the stored one with the provider's fields behind it")]
    CallbackUrl,
    /// The signed URL is the stored one in another spelling: register a URL without escapes, or bind by the callback secret.
    #[error("the signed URL is the stored one in another spelling ({0})")]
    CallbackUrlSpelling(UrlDifference),
    /// Another coin was paid.
    #[error("another coin was paid")]
    Coin,
    /// The expectation lacks an address, a coin or a payout address. It would bind what it should not.
    #[error("the expectation lacks an address, a coin or a payout address")]
    IncompleteExpectation,
    /// The callback secret is another, is absent, or occurs more than once.
    #[error("the callback secret is another, is absent, or occurs more than once")]
    Secret,
}

impl<P: CallbackProvider> Verified<P> {
    /// Finds out whether this callback of CryptAPI or BlockBee is about the order that the shop expects.
    ///
    /// Without it, a callback is genuine but may be about another merchant's payment. It compares the callback secret, or the whole
    /// URL; the address that was paid to; all addresses that are forwarded to; the coin. Of EVM addresses (`0x`
    /// and 40 hexadecimal digits) case does not count, of all others it does. Of coins neither case nor the choice
    /// between `/` and `_` counts.
    ///
    /// # Errors
    ///
    /// [`BindError`]: then it is not this order's. Do not acknowledge it; a response with status 404 makes the
    /// provider try again. Each leaves one log event with what was expected and what was received: an application that
    /// tries several expectations leaves one for each that does not fit.
    pub fn bind(&self, expected: &Expected) -> Result<Bound<P>, BindError> {
        let bound = self.try_bind(expected);
        if let Err(error) = bound {
            log::not_bound(self, expected, error);
        }
        bound
    }

    fn try_bind(&self, expected: &Expected) -> Result<Bound<P>, BindError> {
        if !expected.is_complete() {
            return Err(BindError::IncompleteExpectation);
        }
        let bound_by = match &expected.arranged {
            Arranged::CallbackUrl(url) => {
                self.begins_with(url)?;
                BoundBy::CallbackUrl
            }
            Arranged::Secret { name, secret } => {
                self.has_secret(name, secret)?;
                BoundBy::Secret
            }
            Arranged::Unknown => BoundBy::AddressWithoutSecret,
        };
        let fields = self.unbound();
        if !same_address(fields.address_in(), &expected.address_in) {
            return Err(BindError::AddressIn);
        }
        if !is_forwarded_to(fields, &expected.payout_addresses) {
            return Err(BindError::AddressOut);
        }
        let is_paid = |coin: &String| ticker::same_coin(fields.coin(), coin);
        if !expected.coins.iter().any(is_paid) {
            return Err(BindError::Coin);
        }
        Ok(Bound::new(self.clone(), bound_by))
    }
}

impl Callback {
    /// Whether the signed URL is the stored one with the provider's fields behind it. None of them is in the stored
    /// one, which holds no parameter of such a name.
    fn begins_with(&self, stored: &CallbackUrl) -> Result<(), BindError> {
        let url = self.signed_url().ok_or(BindError::CallbackUrl)?;
        match is_continued(url.as_bytes(), stored.as_str()) {
            true => self.has_secret(stored.secret_name(), stored.secret()),
            false => Err(difference(url, stored)
                .map_or(BindError::CallbackUrl, BindError::CallbackUrlSpelling)),
        }
    }

    fn has_secret(&self, name: &str, secret: &CallbackSecret) -> Result<(), BindError> {
        match self.parameter(name) {
            Some(parameter) if secret.is(parameter.value().as_untrusted_str()) => Ok(()),
            _ => Err(BindError::Secret),
        }
    }
}

#[cfg(feature = "tracing")]
impl BindError {
    /// What was expected and what was received, for the log: never the query of a URL, and never a callback secret.
    pub(crate) fn compared(
        self,
        callback: &Callback,
        expected: &Expected,
    ) -> (Option<String>, Option<String>) {
        let fields = callback.unbound();
        let path = |url: &str| log::without_query(url).to_owned();
        match self {
            Self::AddressIn => (
                Some(expected.address_in.clone()),
                Some(fields.address_in().to_owned()),
            ),
            Self::AddressOut => (
                Some(expected.payout_addresses.join(" ")),
                fields.address_out().map(str::to_owned),
            ),
            Self::CallbackUrl | Self::CallbackUrlSpelling(_) => (
                expected.stored_url().map(path),
                callback.signed_url().map(path),
            ),
            Self::Coin => (
                Some(expected.coins.join(" ")),
                Some(fields.coin().to_owned()),
            ),
            Self::IncompleteExpectation | Self::Secret => (None, None),
        }
    }
}

/// How the signed URL differs from the stored one, if it is a spelling of it.
fn difference(url: &str, stored: &CallbackUrl) -> Option<UrlDifference> {
    let mut spellings = stored.other_spellings().into_iter();
    let spelling = spellings.find(|(_, spelling)| is_continued(url.as_bytes(), spelling));
    if let Some((difference, _)) = spelling {
        return Some(difference);
    }
    let (origin, stored) = Origin::split(stored.as_str())?;
    let target = url.strip_prefix(origin.as_str())?;
    let path = target.split('?').next()?;
    let mut prefixes = path.match_indices('/').skip(1);
    prefixes
        .any(|(at, _)| {
            let target = target.as_bytes().get(at..).unwrap_or_default();
            is_continued(target, stored)
        })
        .then_some(UrlDifference::Prefix)
}

/// Whether `url` begins with the stored one, and goes on with another parameter.
fn is_continued(url: &[u8], stored: &str) -> bool {
    let Some((begin, rest)) = url.split_at_checked(stored.len()) else {
        return false;
    };
    // The stored URL holds a secret: the time taken must not tell how much of it was guessed. It has a query, which
    // holds the callback secret.
    constant_time::verify_slices_are_equal(begin, stored.as_bytes()).is_ok()
        && rest.first() == Some(&b'&')
}

fn is_forwarded_to(fields: &CallbackFields, own: &[String]) -> bool {
    let is_own = |address: &str| own.iter().any(|it| same_address(it, address));
    match fields.payouts() {
        Field::Known(payouts) => {
            !payouts.is_empty() && payouts.iter().all(|payout| is_own(&payout.address))
        }
        Field::Absent | Field::Other(_) => false,
    }
}
