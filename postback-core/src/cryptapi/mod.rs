//! Verifies callbacks of CryptAPI and BlockBee, and binds them to orders.
//!
//! It covers the callbacks of the custom payment flow, which both providers sign with the same key.
//!
//! # What arrives
//!
//! The provider sends a callback for each payment to an address that was made with `/create/`. The
//! callback goes to the URL that you gave there as `callback`:
//!
//! - By default it is a GET. Its query holds the parameters of your callback URL, followed by the
//!   provider's fields.
//! - With `post=1` or `json=1` it is a POST. Its body holds the provider's fields as a form or as
//!   JSON, and its query holds your parameters.
//! - With `pending=1` there are two callbacks: one when the provider sees the payment, and one when
//!   the payment is confirmed. Both have the same `uuid`.
//!
//! Source: the provider's reference and guides, early 2026, and running integrations.
//!
//! # What is signed
//!
//! The header `x-ca-signature` holds an RSA signature (RSASSA-PKCS1-v1_5 with SHA-256, in base64).
//! Under GET it covers the whole URL as requested. Under POST it covers the body and nothing else.
//! Source: the provider's reference and guides, and its own plugins.
//!
//! - Under GET, the public origin is part of what is signed. You configure it: `Host` and
//!   `X-Forwarded-*` are not read, because the provider signs URLs of any origin. The URL must
//!   arrive unchanged: a redirect, sorted parameters or decoded escapes break the signature. If a
//!   router or proxy removes a prefix from the path, set [`CryptApi::stripped_prefix`].
//! - Under POST, the query is not signed. A client that has one signed body can send it again with
//!   another query. Parameters of the query are therefore [`Coverage::Unsigned`], and the
//!   provider's fields are never read from it.
//!
//! You choose method and format with the provider's type, [`Get`] or [`Post`]. The request does not
//! choose them, so that a text that was signed as a URL does not pass as a form.
//!
//! # Whose payment it is
//!
//! One key signs for every customer of the provider. Another customer can register your URL as the
//! callback of an address that pays its own wallet, or put the provider's fields into that URL as
//! parameters. A verified [`Callback`] is genuine, but not tied to one of your orders. It offers
//! the values that you look an order up by, and its amounts only as
//! [`unbound`](Callback::unbound).
//!
//! [`bind`](crate::Verified::bind) compares the callback with what you stored with the order, which
//! is [`Expected`]: the callback secret in the [`CallbackUrl`], the address, the coin and your
//! payout addresses. It returns a [`Bound`]. **Credit bound callbacks only: an unbound one may
//! report another customer's payment.**
//!
//! This function finds the order, binds the callback to it and compares the payment with the price:
//!
//! ```
//! use postback_core::{
//!     Retry, Verified,
//!     cryptapi::{CallbackUrl, CryptApi, Expected, Get},
//!     reconcile::{Price, Reconciliation},
//! };
//!
//! /// Stored when the payment address was made.
//! struct Order {
//!     callback_url: CallbackUrl,
//!     address_in: String,
//!     coin: String,
//!     /// In the coin, or in a fiat currency if the address was made with `convert=1`.
//!     price: Price,
//! }
//!
//! /// Binds a callback to its order, and compares the payment with the price.
//! fn reconciled(
//!     callback: &Verified<CryptApi<Get>>,
//!     orders: &[Order],
//! ) -> Result<Reconciliation, Retry> {
//!     let uuid = callback.uuid().as_untrusted_str();
//!     // An exact comparison: look up EVM addresses without case, or by a parameter.
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
//! - *That the payment is new.* No time is signed, so the same request verifies forever. Credit a
//!   payment when it is [confirmed](crate::event::Stage::Confirmed), once for each `uuid`, and
//!   ignore a pending callback that arrives later.
//! - *That the amount is sufficient.* An address can be paid several times, each time with a `uuid`
//!   of its own, and each payment may be less than the price.
//! - *That the provider sent the request.* Any client that has a genuine request can send it again.
//! - *Anything, if the key is broken.* RSA of 1024 bits is below current guidance, and is the
//!   provider's choice. The callback secret is a second factor.
//!
//! # Required and optional fields
//!
//! `uuid`, `address_in`, `coin` and `pending` are required and must not be blank. The first three
//! may have at most 256 bytes. They may have no control characters, because these could forge lines
//! of a log.
//!
//! Every other field may be absent, blank, `None` or `null`. `value_coin` must be an amount if it
//! has a value. Any other field that cannot be read is [unreadable](CallbackFields::unreadable) and
//! does not reject the callback.
//!
//! A callback in which a field occurs twice is rejected, because one of the two may have been
//! planted. No parameter of a callback URL may therefore have the name of a field, including
//! optional ones. [`CryptApi::callback_url`] checks this.
//!
//! # Acknowledgement
//!
//! The acknowledgement is 200 with the plain text `*ok*`. The provider sends a callback that was
//! not acknowledged again after 6, 12 and 24 minutes, and so on, until the transaction is three
//! days old. Source: the provider's guide to webhooks, early 2026. Whether it signs the callback
//! again is not documented.

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

/// Public key of CryptAPI and BlockBee, as published at `/pubkey/` of their APIs.
///
/// The key is RSA of 1024 bits, the same for both providers and for all their customers. Its
/// [fingerprint](crate::PublicKey::fingerprint) is
/// `694229344e0b037a25f6f16f032c8808609b18f92739d34c691269ec994e737c`.
///
/// No rotation has been announced. If the provider announces one, make the new key the current key
/// of the [`KeyRing`](crate::KeyRing) and retire this one.
pub const PUBLISHED_KEY: &str = include_str!("published_key.pem");
