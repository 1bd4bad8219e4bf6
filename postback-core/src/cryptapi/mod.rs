//! CryptAPI, and BlockBee, its sibling: the callbacks of the custom payment flow.
//!
//! # What arrives
//!
//! For each payment to an address that was made with `/create/`, a request to the `callback` URL given
//! there: a GET whose query holds the provider's fields behind the merchant's own parameters, or, with
//! `post=1` or `json=1`, a POST of a form or of JSON with the parameters left in the query. With `pending=1`
//! there is a notice when the payment is seen, and one more when it is confirmed; both have the same `uuid`.
//! Source: the provider's reference and guides, early 2026, and running integrations.
//!
//! # What is signed
//!
//! `x-ca-signature` holds an RSA signature (RSASSA-PKCS1-v1_5 with SHA-256, in base64): under GET over the
//! whole URL as it was requested, under POST over the body and nothing else. Source: the same, and the
//! provider's own plugins. So
//!
//! - under GET the public origin is part of what is signed. It is configured; neither `Host` nor any
//!   `X-Forwarded-*` is asked, since the provider signs anybody's URLs. Nothing may re-write the URL on its
//!   way: no redirect, no sorting, no decoding. If a router or proxy takes a prefix off the path, say so
//!   ([`CryptApi::stripped_prefix`]).
//! - under POST the query is **not** signed: whoever has seen one signed body can send it again with another
//!   query. Its parameters are labelled [`Coverage::Unsigned`], and none of the provider's fields is ever
//!   read from it.
//!
//! Method and format are the application's choice, [`Get`] or [`Post`], and never the request's: what is
//! signed as a URL must not pass as a form.
//!
//! # Whose payment is it?
//!
//! One key signs for every merchant in the world, and anybody may name this shop's URL as the callback of an
//! address that pays *him*, or plant the provider's fields in it as parameters. A [`Callback`] that is
//! verified is therefore nobody's yet: it offers what an order is looked up by, and its amounts only as
//! [`unbound`](Callback::unbound). [`bind`](crate::Verified::bind) compares it with what the shop
//! [`Expected`] and stored: the callback secret in the [`CallbackUrl`], the address, the coin, the shop's own payout
//! addresses. What comes out is [`Bound`], and that is what to credit on:
//!
//! ```
//! use postback_core::{
//!     Retry, Verified,
//!     cryptapi::{CallbackUrl, CryptApi, Expected, Get},
//!     reconcile::{Price, Reconciliation},
//! };
//!
//! /// As it was stored when the address was made.
//! struct Order {
//!     callback_url: CallbackUrl,
//!     address_in: String,
//!     coin: String,
//!     /// In the coin, or in a fiat currency where the address was made with `convert=1`.
//!     price: Price,
//! }
//!
//! /// What a store records, and what is credited if it is paid.
//! fn reconciled(
//!     callback: &Verified<CryptApi<Get>>,
//!     orders: &[Order],
//! ) -> Result<Reconciliation, Retry> {
//!     let uuid = callback.uuid().as_untrusted_str();
//!     // To the letter: where addresses are EVM's, look up without case, or by a parameter.
//!     let order = orders.iter().find(|order| callback.address_in() == order.address_in);
//!     let order = order.ok_or_else(|| Retry::unknown_order(uuid))?;
//!     let expected = Expected::callback_url(order.callback_url.clone())
//!         .address_in(&order.address_in)
//!         .coin(&order.coin)
//!         .payout_addresses(["1H6ZZpRmMnrw8ytepV3BYwMjYYnEkWDqVP"]);
//!     let payment = callback.bind(&expected);
//!     let payment = payment.map_err(|error| Retry::not_bound(uuid, error))?;
//!     Ok(payment.reconcile(&order.price))
//! }
//! ```
//!
//! # What a signature does not prove
//!
//! - *That it is new.* No time is signed: the same request verifies for ever. Credit when it is
//!   [confirmed](crate::event::Stage::Confirmed), once for each `uuid`; a pending notice after that says nothing.
//! - *That it is large enough*, or all that was asked for: an address may be paid several times, each with
//!   its own `uuid`.
//! - *That it comes from the provider's machine.* A genuine request may be sent on by anybody.
//! - *Much, if the key falls*: RSA of 1024 bits is below today's guidance, and is the provider's choice. The
//!   callback secret is a second factor.
//!
//! # What may be missing
//!
//! `uuid`, `address_in`, `coin` and `pending` are required; they may not be blank, nor the first three longer
//! than 256 bytes or hold control characters, which would forge lines of a log. Every other field may be absent,
//! blank, `None` or `null`. Where `value_coin` is there, it must be an amount; every other field that cannot be read
//! is [unreadable](CallbackFields::unreadable) and costs no payment. A field that occurs twice is
//! rejected: the provider's own would be there beside a planted one. So no parameter of a callback URL may bear the
//! name of a field, optional ones included; [`CryptApi::callback_url`] sees to that.

mod binding;
mod callback;
mod callback_url;
mod canonical;
mod fields;
mod mode;
mod parse;
mod payouts;
mod provider;
mod reconcile;
mod secret;

pub use self::{
    binding::{BindError, Bound, BoundBy, CallbackProvider, Expected},
    callback::{Callback, Coverage, Parameter, Untrusted},
    callback_url::{CallbackUrl, CallbackUrlBuilder, CallbackUrlError},
    fields::CallbackFields,
    mode::{Get, Mode, Post},
    payouts::{Converted, Payout},
    provider::{BlockBee, CryptApi},
    secret::CallbackSecret,
};

/// The key that CryptAPI and BlockBee sign with, as they publish it at `/pubkey/` of their APIs: the same
/// for both, and for every merchant. RSA of 1024 bits.
///
/// Its [fingerprint](crate::PublicKey::fingerprint) is
/// `694229344e0b037a25f6f16f032c8808609b18f92739d34c691269ec994e737c`. No rotation has been announced;
/// should there be one, put the new key on the [`KeyRing`](crate::KeyRing) and retire this one.
pub const PUBLISHED_KEY: &str = include_str!("published_key.pem");

/// What follows the first question mark of a URL or target.
fn query(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, query)| query)
}
