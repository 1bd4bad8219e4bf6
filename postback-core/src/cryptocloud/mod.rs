//! CryptoCloud, and Trybit, its new name since 2026.
//!
//! # What arrives
//!
//! One POST a payment to the project's notification URL, as JSON or as a form (a setting of the
//! project), with the fields `status`, `invoice_id`, `amount_crypto`, `currency`, `order_id`,
//! `token` and, in JSON, `invoice_info`. Source: the providers' postback pages, versions 1 and 2,
//! as of early 2026.
//!
//! # What is signed
//!
//! `token` is a JWT, signed with HS256 and the project's secret key, the key's text as it is
//! shown. It carries `id`, the invoice's id, and `exp`, the time of sending plus 300 seconds, **and
//! nothing else**. Source: the postback pages for the algorithm, key and lifetime; running
//! integrations for the claims' names.
//!
//! So a [`Payment`] that is verified says for certain that *the provider announced this invoice, and
//! its token has not expired*. Status, amount, currency and order id are [unsigned](Payment::unsigned): no sender
//! without the secret can announce an invoice, but a sender that reads or changes a genuine postback on its way can
//! change them. Look the order up by [`Payment::invoice_id`], [reconcile](crate::Verified::reconcile) the payment
//! with its price, and **before you part with something of value, read the invoice back over the provider's API**.
//!
//! # Coin or dollars
//!
//! The create call takes an amount in a fiat currency, and the buyer picks the coin unless the call fixes it. So
//! there are two ways to know what was owed:
//!
//! - fix the coin when you create the invoice, store the coin amount that the call returns, and make the
//!   [`Price`](crate::reconcile::Price) of it;
//! - make the price in `USD`: it is compared with what `invoice_info` says in dollars. Forms and version 1 carry no
//!   `invoice_info`; their payments are [unknown](crate::reconcile::Outcome::Unknown) against such a price. For
//!   anything of value, read the invoice back over the API.
//!
//! # Reconciling
//!
//! [`reconcile`](crate::Verified::reconcile) compares a payment with a price by what the postback says of itself: status,
//! amount and currency are not signed, so the assurance is always
//! [`Assurance::Unsigned`](crate::reconcile::Assurance::Unsigned).
//!
//! The smallest of what was asked (`amount_crypto`, `invoice_info.amount`) and what was paid
//! (`invoice_info.amount_paid`) is compared with the price, as far as they are there; so an invoice of the price's
//! amount which the buyer overpays is [paid](crate::reconcile::Outcome::Paid). A price in US dollars is compared with
//! the smaller of `invoice_info.amount_usd` and `invoice_info.amount_paid_usd`, and is
//! [unknown](crate::reconcile::Outcome::Unknown) without the latter; one in another fiat currency is
//! [`ReconcileError::FiatNotStated`](crate::reconcile::ReconcileError::FiatNotStated). Codes of coins compare exactly,
//! and amounts too, with one exception: what was paid is what was asked if it is less by no more than a billionth,
//! because the provider calculates in binary fractions.
//!
//! If `invoice_info` contradicts the top level, the payment is not paid: another status than `paid` and `overpaid`, a
//! surcharge that is still due, another currency, and, for a price in dollars, less of the coin paid than asked. **If
//! `invoice_info` is there, it must also say `test_mode: false`.** A form and version 1 carry no `invoice_info`: the top
//! level decides, and test mode cannot be seen.
//!
//! # What is bound
//!
//! The signed id must equal the body's `invoice_id`, and `invoice_info.uuid` where that looks like
//! an invoice's id; otherwise the postback is rejected. One `INV-` in front of an id is ignored.
//!
//! # What may be missing
//!
//! Only the token and the invoice id are needed. `order_id` is null when an invoice was made
//! without one, and in the dashboard's check of the notification URL. No other field costs a payment. One of an
//! undocumented type, grammar or encoding is [unreadable](Unsigned::unreadable), and a payment that cannot be
//! reconciled without an absent or unreadable field is unknown. A known name that occurs twice is rejected, because
//! two readers could read different values.

mod body;
mod currency;
mod event;
mod invoice_id;
mod invoice_info;
mod payment;
mod provider;
mod reconcile;
mod status;
mod token;

pub use self::{
    currency::Currency,
    invoice_id::bare_invoice_id,
    invoice_info::{InvoiceCurrency, InvoiceInfo, Network, Project},
    payment::{Payment, Unsigned},
    provider::{CryptoCloud, Trybit},
    status::{InvoiceStatus, Status},
};
