//! CryptoCloud, and Trybit, its new name since 2026.
//!
//! # Requests
//!
//! The provider sends one POST for each payment to the notification URL of the project, as JSON or
//! as a form, depending on a setting of the project. The fields are `status`, `invoice_id`,
//! `amount_crypto`, `currency`, `order_id`, `token` and, in JSON, `invoice_info`. Source: the
//! providers' postback pages, versions 1 and 2, as of early 2026.
//!
//! # Signature
//!
//! `token` is a JWT, signed with HS256 and the project's secret key: the text of the key as it is
//! shown. Its claims are `id`, the id of the invoice, and `exp`, the time of sending plus 300
//! seconds, and no others. Source: the postback pages for algorithm, key and lifetime; running
//! integrations for the names of the claims.
//!
//! A verified [`Payment`] therefore proves that the provider announced this invoice and that its
//! token has not expired. Status, amount, currency and order id are [unsigned](Payment::unsigned):
//! a sender without the secret cannot announce an invoice, but a sender that reads or changes a
//! genuine postback in transit can change them.
//!
//! Find the order by [`Payment::invoice_id`], and [reconcile](crate::Verified::reconcile) the
//! payment with its price. **Before you deliver something of value, read the invoice back over the
//! provider's API.**
//!
//! # Prices in coins and in dollars
//!
//! The API call that creates an invoice takes an amount in a fiat currency, and the buyer picks the
//! coin unless the call fixes it. So there are two ways to know the price:
//!
//! - Fix the coin when you create the invoice, store the amount in the coin that the call returns,
//!   and create the [`Price`](crate::reconcile::Price) from it.
//! - Create the price in `USD`. It is compared with the dollars in `invoice_info`. Forms and
//!   version 1 do not contain `invoice_info`, so the outcome of a successful payment is
//!   [unknown](crate::reconcile::Outcome::Unknown).
//!
//! # Reconciling
//!
//! [`reconcile`](crate::Verified::reconcile) compares a payment with a price by status, amount and
//! currency of the postback. These are not signed, so the assurance is always
//! [`Assurance::Unsigned`](crate::reconcile::Assurance::Unsigned).
//!
//! - A price in a coin is compared with the smallest of the amounts that were asked
//!   (`amount_crypto`, `invoice_info.amount`) and the amount that was paid
//!   (`invoice_info.amount_paid`), as far as they are present. An invoice of the price's amount
//!   that the buyer overpays is therefore [paid](crate::reconcile::Outcome::Paid).
//! - A price in US dollars is compared with the smaller of `invoice_info.amount_usd` and
//!   `invoice_info.amount_paid_usd`. Without the latter the outcome is
//!   [unknown](crate::reconcile::Outcome::Unknown).
//! - A price in another fiat currency is
//!   [`ReconcileError::FiatNotStated`](crate::reconcile::ReconcileError::FiatNotStated).
//!
//! Codes of coins are compared exactly, and so are amounts, with one exception: a paid amount that
//! is less than the asked one by at most a billionth counts as the asked one, and a surcharge of at
//! most a billionth of it is ignored, because the provider calculates in binary fractions.
//!
//! A payment is not paid if `invoice_info` contradicts the top level: a status other than `paid`
//! and `overpaid`, a surcharge that is still due, another currency or, for a price in dollars, a
//! paid amount of the coin that is less than the asked one. If `invoice_info` is present, it must
//! also contain `test_mode: false`.
//!
//! A form and version 1 do not contain `invoice_info`: the top level decides, and **a payment in
//! test mode cannot be distinguished from a real one**.
//!
//! # Binding
//!
//! The signed id must equal `invoice_id` in the body, and `invoice_info.uuid` if that looks like
//! the id of an invoice. Otherwise the postback is rejected. One `INV-` in front of an id is
//! ignored.
//!
//! # Missing and unreadable fields
//!
//! Only the token and the invoice id are required. `order_id` is null if the invoice was created
//! without one, and in the dashboard's check of the notification URL.
//!
//! No other field rejects a postback. A field with an undocumented type, grammar or encoding is
//! [unreadable](Unsigned::unreadable), and the outcome of a payment that needs an absent or
//! unreadable field is unknown. A known name that occurs twice rejects the postback, because two
//! parsers could read different values.
//!
//! Of a JSON value that is not needed, such as `invoice_info`, only the end is searched for. `NaN`
//! in one of them does not reject, and a member of `invoice_info` that is malformed is
//! [`Field::Other`](crate::Field::Other).

mod body;
mod currency;
mod event;
mod invoice_id;
mod invoice_info;
mod invoice_uuid;
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
