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
//! its token has not expired*. Status, amount, currency and order id are what the sender
//! [claims](Payment::claimed): nobody without the secret can announce an invoice, but whoever can
//! see or change a genuine postback on its way can change them. Look the order up by
//! [`Payment::invoice_id`] and compare amount and currency with what you asked for; before you part
//! with something of value, read the invoice back over the provider's API.
//!
//! # What is bound
//!
//! The signed id must equal the body's `invoice_id`, and `invoice_info.uuid` where that looks like
//! an invoice's id; otherwise the postback is refused. One `INV-` in front of an id is ignored.
//!
//! # What may be missing
//!
//! Only the token and the invoice id are required. `order_id` is null when an invoice was made
//! without one, and in the dashboard's check of the notification URL.

mod body;
mod claim;
mod currency;
mod invoice_id;
mod invoice_info;
mod payment;
mod provider;
mod settle;
mod status;
mod token;

pub use self::{
    currency::Currency,
    invoice_info::{InvoiceCurrency, InvoiceInfo, Network, Project},
    payment::{Claimed, Payment},
    provider::{CryptoCloud, Trybit},
    status::{InvoiceStatus, Status},
};
