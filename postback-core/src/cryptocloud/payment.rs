use std::{borrow::Cow, fmt, str};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    Currency, InvoiceInfo, Status,
    body::Body,
    invoice_id::{InvoiceId, looks_like_invoice_id},
    token::GenuineToken,
};
use crate::{
    Amount, BodyDefect, Field, Rejection,
    decode::{self, Value},
};

/// A payment that CryptoCloud or Trybit announced, split into what is signed and what is only
/// [claimed](Self::claimed). The [module documentation](super) says what that is worth.
#[derive(Clone)]
pub struct Payment {
    invoice_id: InvoiceId,
    expires_at: u64,
    claimed: Claimed,
}

/// What a postback says without a signature over it: anybody who could read one genuine postback
/// within its lifetime could have written this.
///
/// Each field may be absent. Nothing here identifies the payment: look it up by
/// [`Payment::invoice_id`].
#[derive(Clone)]
pub struct Claimed {
    status: Option<Status>,
    amount: Option<Amount>,
    currency: Option<Currency>,
    order_id: Option<Box<str>>,
    invoice_uuid: Option<Box<str>>,
    /// `invoice_info` as received, if it is there.
    invoice_info: Bytes,
}

impl Payment {
    /// The signed id of the invoice, without `INV-`.
    ///
    /// The key to look an order up by, and to recognise a postback that was handled before.
    #[must_use]
    pub fn invoice_id(&self) -> &str {
        self.invoice_id.as_str()
    }

    /// The signed expiry of the token, in Unix seconds: the time of sending plus 300.
    #[must_use]
    pub const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// What the postback says besides, unsigned.
    #[must_use]
    pub const fn claimed(&self) -> &Claimed {
        &self.claimed
    }

    /// Decodes the fields, then binds them to what is signed.
    pub(super) fn new(
        token: GenuineToken,
        body: Body<'_>,
        received: &Bytes,
    ) -> Result<Self, Rejection> {
        let status = text("status", body.status)?;
        let amount = amount("amount_crypto", body.amount)?;
        let currency = text("currency", body.currency)?;
        let order_id = order_id(body.order_id)?;
        let named = text("invoice_id", body.invoice_id)?
            .ok_or(Rejection::Malformed(BodyDefect::Missing("invoice_id")))?;
        let named = InvoiceId::parse(&named).ok_or(wrong("invoice_id"))?;

        if named != token.invoice_id {
            return Err(Rejection::InvoiceMismatch);
        }
        let invoice_uuid = match body.invoice_uuid {
            Value::Text(uuid) if InvoiceId::parse(&uuid).as_ref() == Some(&named) => Some(uuid),
            Value::Text(uuid) if looks_like_invoice_id(&uuid) => {
                return Err(Rejection::InvoiceMismatch);
            }
            // Of a shape never seen: no reason to refuse, but nothing ties it to the token.
            _ => None,
        };
        Ok(Self {
            invoice_id: token.invoice_id,
            expires_at: token.expires_at,
            claimed: Claimed {
                status: status.map(|text| Status::from(&*text)),
                amount,
                currency: currency.map(|text| Currency::from(&*text)),
                order_id,
                invoice_uuid: invoice_uuid.map(Into::into),
                // A part of what was received, which `slice_ref` demands, or empty.
                invoice_info: received.slice_ref(body.invoice_info.unwrap_or_default().as_bytes()),
            },
        })
    }
}

impl Claimed {
    /// The status; only [`Status::Success`] is documented.
    #[must_use]
    pub const fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// The amount, in units of [`currency`](Self::currency); never negative.
    #[must_use]
    pub const fn amount(&self) -> Option<&Amount> {
        self.amount.as_ref()
    }

    /// What was paid, and on which network.
    #[must_use]
    pub const fn currency(&self) -> Option<&Currency> {
        self.currency.as_ref()
    }

    /// The order id that the merchant gave when the invoice was made.
    ///
    /// Many postbacks may carry one order id: all payments to one static wallet do.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.order_id.as_deref()
    }

    /// `invoice_info.uuid` as received, if it is the signed invoice id with or without `INV-`.
    ///
    /// One that names another invoice refuses the postback; one of another shape is withheld.
    #[must_use]
    pub fn invoice_uuid(&self) -> Option<&str> {
        self.invoice_uuid.as_deref()
    }

    /// `invoice_info` as it stands in the body.
    pub(super) fn invoice_info_as_received(&self) -> Option<&RawValue> {
        serde_json::from_slice(&self.invoice_info).ok()
    }

    /// Decodes `invoice_info`, which version 2 sends in JSON. Absent for a form.
    #[must_use]
    pub fn invoice_info(&self) -> Field<'_, InvoiceInfo<'_>> {
        // It was read as text when the postback was verified.
        let mut field: Field<'_, InvoiceInfo<'_>> = match str::from_utf8(&self.invoice_info) {
            Ok(raw) if !raw.is_empty() => decode::field(raw),
            _ => Field::Absent,
        };
        if self.invoice_uuid.is_none()
            && let Field::Known(info) = &mut field
        {
            info.uuid = Field::Absent;
        }
        field
    }
}

/// Shows what is signed and no more: claims may hold a buyer's data.
impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("invoice_id", &self.invoice_id())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Shows status, amount and currency.
impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed")
            .field("status", &self.status)
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .finish_non_exhaustive()
    }
}

fn wrong(field: &'static str) -> Rejection {
    Rejection::Malformed(BodyDefect::Value(field))
}

fn text<'a>(
    field: &'static str,
    value: Option<Value<'a>>,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    match value.unwrap_or_default() {
        Value::Absent => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        Value::Number(_) | Value::Other(_) => Err(wrong(field)),
    }
}

/// An amount that was paid: a number or its text, without a minus.
fn amount(field: &'static str, value: Option<Value<'_>>) -> Result<Option<Amount>, Rejection> {
    let amount: Amount = match value.unwrap_or_default() {
        Value::Absent => return Ok(None),
        Value::Number(number) => number.parse(),
        Value::Text(text) => text.parse(),
        Value::Other(_) => return Err(wrong(field)),
    }
    .map_err(|_| wrong(field))?;
    match amount.is_negative() {
        true => Err(wrong(field)),
        false => Ok(Some(amount)),
    }
}

/// A text, or the digits of a number: merchants number their orders.
fn order_id(value: Option<Value<'_>>) -> Result<Option<Box<str>>, Rejection> {
    match value.unwrap_or_default() {
        Value::Absent => Ok(None),
        Value::Number(number) => Ok(Some(number.into())),
        Value::Text(text) => Ok(Some(text.into())),
        Value::Other(_) => Err(wrong("order_id")),
    }
}
