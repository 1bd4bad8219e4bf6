use std::fmt;

use super::{CallbackSecret, CallbackUrl};

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
