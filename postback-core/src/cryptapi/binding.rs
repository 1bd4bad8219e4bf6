use std::{fmt, ops::Deref};

use aws_lc_rs::constant_time;

use super::{
    BlockBee, Callback, CallbackFields, CallbackSecret, CallbackUrl, CryptApi, Mode,
    canonical::{same_address, same_coin},
};
use crate::{Field, Provider, Tenant, UrlDifference, Verified, log, public_url::Origin};

/// Stored data of an order, which a callback must match to be bound to it.
///
/// Build it from your own records, never from the callback. The look-up values of a callback are
/// [`Untrusted`](super::Untrusted) and do not fit here, and its other fields are only available
/// through [`Callback::unbound`].
///
/// It binds nothing until [`address_in`](Self::address_in), [`coin`](Self::coin) and
/// [`payout_addresses`](Self::payout_addresses) are all set.
///
/// ```
/// use postback_core::cryptapi::{CryptApi, Expected};
///
/// let provider = CryptApi::get(["https://shop.example"])?;
/// let url = provider.callback_url("https://shop.example/postback/cryptapi")?.build()?;
/// let expected = Expected::callback_url(url)
///     .address_in("bc1qexampleexampleexample")
///     .coin("btc")
///     .payout_addresses(["1H6ZZpRmMnrw8ytepV3BYwMjYYnEkWDqVP"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an expectation does nothing until a callback is bound to it"]
#[derive(Clone)]
pub struct Expected {
    pub(super) arranged: Arranged,
    pub(super) address_in: String,
    pub(super) coins: Vec<String>,
    pub(super) payout_addresses: Vec<String>,
}

/// Evidence that the application arranged the callback.
#[derive(Clone)]
pub(super) enum Arranged {
    AddressWithoutSecret,
    CallbackUrl(CallbackUrl),
    Secret {
        name: String,
        secret: CallbackSecret,
    },
}

impl Expected {
    /// Expects a GET whose signed URL is exactly the stored URL, followed by further parameters.
    ///
    /// This is the strongest binding. No POST binds to it, because the URL of a POST is not signed.
    pub fn callback_url(url: CallbackUrl) -> Self {
        Self::new(Arranged::CallbackUrl(url))
    }

    /// Expects the stored callback secret as a parameter of a GET or POST, under
    /// [`CallbackUrl::SECRET_NAME`].
    pub fn secret(secret: CallbackSecret) -> Self {
        Self::secret_named(CallbackUrl::SECRET_NAME, secret)
    }

    /// Expects the stored callback secret as the parameter `name` of a GET or POST.
    ///
    /// Nothing binds if `name` is that of a field of the provider.
    pub fn secret_named(name: impl Into<String>, secret: CallbackSecret) -> Self {
        let name = name.into();
        Self::new(Arranged::Secret { name, secret })
    }

    /// Expects no evidence that you arranged the callback, for addresses that were made without a
    /// callback secret. **Any client of the provider's API can have arranged it.**
    ///
    /// The address, the coin and the payout addresses are compared, but they are public. An
    /// attacker that knows them can write them, with an amount of its choice, into the query of
    /// your URL, and register that URL for another kind of callback, to which the provider does not
    /// add these fields. The provider then signs the attacker's fields. Only a callback secret
    /// prevents this. Check the payment on the chain, or with the provider's API, before you
    /// deliver anything of value.
    pub fn address_without_secret(address_in: impl Into<String>) -> Self {
        Self::new(Arranged::AddressWithoutSecret).address_in(address_in)
    }

    /// Sets the address that the provider made for the order.
    pub fn address_in(mut self, address: impl Into<String>) -> Self {
        self.address_in = address.into();
        self
    }

    /// Sets the coin that was asked for, as a ticker in the form of the provider's API or of its
    /// callbacks: `bep20/usdt`, `bep20_usdt` and `BEP20/USDT` are the same.
    pub fn coin(self, ticker: impl Into<String>) -> Self {
        self.coins([ticker])
    }

    /// Sets the coins that are accepted, for addresses made with `multi_token`.
    ///
    /// [`CallbackFields::coin`](super::CallbackFields::coin) is the coin that was paid. Compare the
    /// payment with a price in that coin, or in a fiat currency.
    pub fn coins<T: Into<String>>(mut self, tickers: impl IntoIterator<Item = T>) -> Self {
        self.coins = tickers.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the addresses of your own wallets. Every address that a payment is forwarded to must be
    /// among them.
    ///
    /// A callback does not bind if its [payouts](super::CallbackFields::payouts) are absent or in
    /// an unknown form.
    pub fn payout_addresses<A: Into<String>>(
        mut self,
        addresses: impl IntoIterator<Item = A>,
    ) -> Self {
        self.payout_addresses = addresses.into_iter().map(Into::into).collect();
        self
    }

    fn new(arranged: Arranged) -> Self {
        Self {
            arranged,
            address_in: String::new(),
            coins: Vec::new(),
            payout_addresses: Vec::new(),
        }
    }

    /// Returns the stored callback URL, if there is one.
    #[cfg(feature = "tracing")]
    pub(super) fn stored_url(&self) -> Option<&str> {
        match &self.arranged {
            Arranged::CallbackUrl(url) => Some(url.as_str()),
            Arranged::AddressWithoutSecret | Arranged::Secret { .. } => None,
        }
    }

    /// Returns whether address, coins and payout addresses are set and not blank, because a blank
    /// text could equal another one.
    pub(super) fn is_complete(&self) -> bool {
        let given = |text: &String| !text.trim().is_empty();
        let all_given = |texts: &[String]| !texts.is_empty() && texts.iter().all(given);
        given(&self.address_in) && all_given(&self.coins) && all_given(&self.payout_addresses)
    }
}

/// Shows addresses and coins, but no callback secret.
impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected")
            .field("address_in", &self.address_in)
            .field("coins", &self.coins)
            .field("payout_addresses", &self.payout_addresses)
            .finish_non_exhaustive()
    }
}

/// Callback that matches what was [`Expected`] for an order.
///
/// If it was bound by the callback URL or the callback secret, its fields are the provider's
/// statement about a payment to this order.
///
/// **If it was bound by the address alone, any client of the provider's API can have arranged it
/// and chosen its fields.**
/// Such a callback is reconciled as
/// [`Assurance::ArrangedByAnyone`](crate::reconcile::Assurance::ArrangedByAnyone).
///
/// Only [`Verified::bind`] makes it. It derefs to the [`CallbackFields`]. A function that credits
/// should take `&Bound<P>`, because a `&CallbackFields` may be unbound.
#[must_use]
pub struct Bound<P: Provider> {
    verified: Verified<P>,
    bound_by: BoundBy,
}

/// Evidence by which a callback was bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BoundBy {
    /// Address, coin and payout addresses alone: any client of the provider's API can have arranged
    /// the callback.
    AddressWithoutSecret,
    /// The stored callback URL, including the callback secret.
    CallbackUrl,
    /// The stored callback secret.
    Secret,
}

impl<P: CallbackProvider> Bound<P> {
    /// Returns the provider's fields.
    #[must_use]
    pub fn fields(&self) -> &CallbackFields {
        self.verified.unbound()
    }

    /// Returns the evidence by which the callback was bound.
    #[must_use]
    pub const fn bound_by(&self) -> BoundBy {
        self.bound_by
    }

    /// Returns the verified callback that was bound.
    pub const fn verified(&self) -> &Verified<P> {
        &self.verified
    }

    pub(super) fn new(verified: Verified<P>, bound_by: BoundBy) -> Self {
        Self { verified, bound_by }
    }
}

impl<P: CallbackProvider> Deref for Bound<P> {
    type Target = CallbackFields;

    fn deref(&self) -> &CallbackFields {
        self.fields()
    }
}

impl<P: Provider> Clone for Bound<P> {
    fn clone(&self) -> Self {
        Self {
            verified: self.verified.clone(),
            bound_by: self.bound_by,
        }
    }
}

impl<P: CallbackProvider> fmt::Debug for Bound<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("provider", &P::NAME)
            .field("fields", self.fields())
            .field("bound_by", &self.bound_by)
            .finish_non_exhaustive()
    }
}

/// CryptAPI or BlockBee, or one of them as a [`Tenant`]: the providers whose callbacks are bound to
/// orders.
///
/// The trait is sealed, because bound callbacks are recorded as payments of these providers.
pub trait CallbackProvider: Provider<Payload = Callback> + sealed::CallbackProvider {}

mod sealed {
    pub trait CallbackProvider {}
}

impl<M: Mode> sealed::CallbackProvider for BlockBee<M> {}
impl<M: Mode> CallbackProvider for BlockBee<M> {}

impl<M: Mode> sealed::CallbackProvider for CryptApi<M> {}
impl<M: Mode> CallbackProvider for CryptApi<M> {}

impl<Tag, P: CallbackProvider> sealed::CallbackProvider for Tenant<Tag, P> {}
impl<Tag: 'static, P: CallbackProvider> CallbackProvider for Tenant<Tag, P> {}

/// Error returned when a genuine callback does not match the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another address was paid to.
    #[error("unexpected payment address: expected the address of the order")]
    AddressIn,
    /// The payment is forwarded to an address that is not the application's own, or the callback
    /// names no payout address.
    #[error("unexpected payout addresses: expected only those of the application")]
    AddressOut,
    /// The signed URL does not begin with the stored URL, or the callback is a POST, whose URL is
    /// not signed.
    #[error("unexpected callback URL: expected a signed URL that begins with the stored one")]
    CallbackUrl,
    /// The signed URL is another spelling of the stored one. Register a URL without escapes, or
    /// bind by the callback secret.
    #[error("unexpected spelling of the callback URL ({0}): expected that of the stored one")]
    CallbackUrlSpelling(UrlDifference),
    /// Another coin was paid.
    #[error("unexpected coin: expected the coin of the order")]
    Coin,
    /// The expectation lacks an address, a coin or a payout address, and could bind callbacks of
    /// other orders.
    #[error("incomplete expectation: expected an address, a coin and a payout address")]
    IncompleteExpectation,
    /// The callback secret is wrong, absent or repeated.
    #[error("wrong, absent or repeated callback secret: expected the stored one exactly once")]
    Secret,
}

impl<P: CallbackProvider> Verified<P> {
    /// Compares this callback of CryptAPI or BlockBee with what you expect for an order.
    ///
    /// Without this step a callback is genuine, but may report another customer's payment. These
    /// values are compared:
    ///
    /// - the callback secret, or the whole URL;
    /// - the address that was paid to;
    /// - all addresses that the payment is forwarded to;
    /// - the coin.
    ///
    /// EVM addresses (`0x` and 40 hexadecimal digits) are compared without case, all others with
    /// case. Coins are compared without case, and `/` equals `_` in them.
    ///
    /// # Errors
    ///
    /// [`BindError`] if the callback does not belong to this order. Do not acknowledge it: a
    /// response with status 404 makes the provider try again.
    ///
    /// With the feature `tracing`, each error leaves one log event with the expected and the
    /// received value, unless they are secret. An application that tries several expectations
    /// leaves one event for each that does not match.
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
            Arranged::AddressWithoutSecret => BoundBy::AddressWithoutSecret,
            Arranged::CallbackUrl(url) => {
                self.begins_with(url)?;
                BoundBy::CallbackUrl
            }
            Arranged::Secret { name, secret } => {
                self.has_secret(name, secret)?;
                BoundBy::Secret
            }
        };
        let fields = self.unbound();
        if !same_address(fields.address_in(), &expected.address_in) {
            return Err(BindError::AddressIn);
        }
        if !is_forwarded_to(fields, &expected.payout_addresses) {
            return Err(BindError::AddressOut);
        }
        let is_paid = |coin: &String| same_coin(fields.coin(), coin);
        if !expected.coins.iter().any(is_paid) {
            return Err(BindError::Coin);
        }
        Ok(Bound::new(self.clone(), bound_by))
    }
}

impl Callback {
    /// Checks that the signed URL is the stored URL followed by further parameters. The stored URL
    /// has no parameter with the name of a provider's field.
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
    /// Returns the expected and the received value for the log: never the query of a URL, and never
    /// a callback secret.
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

/// Returns the difference between the signed URL and the stored one, if they are spellings of the
/// same URL.
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

/// Returns whether `url` is the stored URL followed by another parameter.
fn is_continued(url: &[u8], stored: &str) -> bool {
    let Some((begin, rest)) = url.split_at_checked(stored.len()) else {
        return false;
    };
    // The stored URL holds a secret, so the comparison takes constant time. Its query always holds
    // the callback secret, so another parameter begins with `&`.
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
