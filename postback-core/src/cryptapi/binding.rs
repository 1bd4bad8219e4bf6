use std::{fmt, ops::Deref};

use aws_lc_rs::constant_time;

use super::{
    BlockBee, Callback, CallbackFields, CallbackSecret, CallbackUrl, CryptApi, Mode,
    canonical::{same_address, same_coin},
};
use crate::{Field, Provider, Tenant, UrlDifference, Verified, log, public_url::Origin};

/// What the shop stored with an order, for a callback to be bound to.
///
/// Build it from the shop's own records, never from the callback: what a callback offers for a look-up is
/// [`Untrusted`](super::Untrusted) and does not fit, and what it shows besides is called unbound. Until
/// [`address_in`](Self::address_in), [`coin`](Self::coin) and
/// [`payout_addresses`](Self::payout_addresses) are all set, it binds nothing.
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

/// What shows that the shop arranged the callback.
#[derive(Clone)]
pub(super) enum Arranged {
    CallbackUrl(CallbackUrl),
    Secret {
        name: String,
        secret: CallbackSecret,
    },
    Unknown,
}

impl Expected {
    /// A GET to the stored URL: it begins the URL that was signed, to the letter, and holds none of the provider's
    /// fields. The strongest there is. No POST binds to it.
    pub fn callback_url(url: CallbackUrl) -> Self {
        Self::new(Arranged::CallbackUrl(url))
    }

    /// A GET or POST with the stored callback secret among its parameters, under
    /// [`CallbackUrl::SECRET_NAME`].
    pub fn secret(secret: CallbackSecret) -> Self {
        Self::secret_named(CallbackUrl::SECRET_NAME, secret)
    }

    /// A GET or POST with the stored callback secret among its parameters, under `name`: never that of a field of
    /// the provider, which binds nothing.
    pub fn secret_named(name: impl Into<String>, secret: CallbackSecret) -> Self {
        let name = name.into();
        Self::new(Arranged::Secret { name, secret })
    }

    /// A callback about the right address **that anybody may have arranged**: for addresses that were made
    /// without a callback secret.
    ///
    /// It lacks the one complete defence. Addresses are public, and whoever knows them can have
    /// fields of his own signed: as parameters of a URL that names this shop, on a callback of a kind that
    /// does not send these fields itself. Check the payment on the chain, or over the provider's API,
    /// before parting with something of value.
    pub fn address_without_secret(address_in: impl Into<String>) -> Self {
        Self::new(Arranged::Unknown).address_in(address_in)
    }

    /// The address that the provider made for the order.
    pub fn address_in(mut self, address: impl Into<String>) -> Self {
        self.address_in = address.into();
        self
    }

    /// Sets the coin that was asked for, as the ticker in the provider's API or as callbacks write it: `bep20/usdt`,
    /// `bep20_usdt` and `BEP20/USDT` are the same.
    pub fn coin(self, ticker: impl Into<String>) -> Self {
        self.coins([ticker])
    }

    /// Sets the coins that are accepted, for addresses made with `multi_token`. Which one was paid is
    /// [`CallbackFields::coin`](super::CallbackFields::coin): compare it with a price in that coin, or in fiat.
    pub fn coins<T: Into<String>>(mut self, tickers: impl IntoIterator<Item = T>) -> Self {
        self.coins = tickers.into_iter().map(Into::into).collect();
        self
    }

    /// The shop's own wallets: all that a payment is forwarded to must be among them. A callback that does not
    /// say where, or in a form never seen ([`CallbackFields::payouts`](super::CallbackFields::payouts)), does not bind.
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

    /// The stored callback URL, if there is one.
    #[cfg(feature = "tracing")]
    pub(super) fn stored_url(&self) -> Option<&str> {
        match &self.arranged {
            Arranged::CallbackUrl(url) => Some(url.as_str()),
            Arranged::Secret { .. } | Arranged::Unknown => None,
        }
    }

    /// Whether nothing is missing: an empty text would equal another.
    pub(super) fn is_complete(&self) -> bool {
        let given = |text: &String| !text.trim().is_empty();
        let all_given = |texts: &[String]| !texts.is_empty() && texts.iter().all(given);
        given(&self.address_in) && all_given(&self.coins) && all_given(&self.payout_addresses)
    }
}

/// Shows addresses and coin, and no callback secret.
impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected")
            .field("address_in", &self.address_in)
            .field("coins", &self.coins)
            .field("payout_addresses", &self.payout_addresses)
            .finish_non_exhaustive()
    }
}

/// A callback that was compared with an order, and is about it.
///
/// Bound by the callback URL or the callback secret, all that it says is the provider's word about a payment to this order.
/// **Bound by the address alone, anyone can have arranged it and can have chosen what it says**: such a callback is
/// [`Assurance::ArrangedByAnyone`](crate::reconcile::Assurance::ArrangedByAnyone).
///
/// Made by [`Verified::bind`] and by nothing else. It derefs to the [`CallbackFields`]; a function that credits should take
/// `&Bound<P>`, because a `&CallbackFields` may be unbound.
#[must_use]
pub struct Bound<P: Provider> {
    verified: Verified<P>,
    bound_by: BoundBy,
}

/// What a callback was bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BoundBy {
    /// Address, coin and payout addresses alone: anyone can have arranged it.
    AddressWithoutSecret,
    /// The stored callback URL, callback secret included.
    CallbackUrl,
    /// The stored callback secret.
    Secret,
}

impl<P: CallbackProvider> Bound<P> {
    /// What the provider says of the payment.
    #[must_use]
    pub fn fields(&self) -> &CallbackFields {
        self.verified.unbound()
    }

    /// What it was bound by.
    #[must_use]
    pub const fn bound_by(&self) -> BoundBy {
        self.bound_by
    }

    /// The callback that was bound, with the proof that it is genuine.
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

/// CryptAPI or BlockBee, as they are or as a [`Tenant`]: the providers whose callbacks are bound to an order. It is sealed,
/// because what is bound is recorded among their payments.
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
        let is_paid = |coin: &String| same_coin(fields.coin(), coin);
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
