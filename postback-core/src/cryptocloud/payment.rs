use std::{borrow::Cow, fmt, str};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    Currency, InvoiceInfo, Status,
    body::{Body, Known},
    invoice_id::{InvoiceId, looks_like_invoice_id},
    token::GenuineToken,
};
use crate::{
    Amount, Field, MalformedReason, Rejection,
    decode::json::{self, Received, Value},
};

/// Payment that CryptoCloud or Trybit announced, with signed and [unsigned](Self::unsigned) fields.
///
/// See the [module documentation](super) for what is signed.
#[derive(Clone)]
pub struct Payment {
    invoice_id: InvoiceId,
    expires_at: u64,
    unsigned: Unsigned,
}

/// Unsigned fields of a postback.
///
/// A sender that can read or change a genuine postback in transit can change them, until its token
/// expires.
///
/// Each field may be absent, or [unreadable](Self::unreadable): of an undocumented type, grammar or
/// encoding. Both are returned as `None`, and neither rejects the postback. None of the fields
/// identifies the payment: find the order by [`Payment::invoice_id`].
#[derive(Clone)]
pub struct Unsigned {
    status: Option<Status>,
    amount: Option<Amount>,
    currency: Option<Currency>,
    order_id: Option<Box<str>>,
    invoice_uuid: Option<Box<str>>,
    /// `invoice_info` as received; empty if it is absent.
    invoice_info: Bytes,
    /// Names and values, as received.
    unreadable: Vec<(&'static str, Bytes)>,
}

impl Payment {
    /// Returns the signed id of the invoice, without `INV-`.
    ///
    /// Find the order by it. The API call that creates an invoice returns the same id with `INV-`
    /// in front: store [`bare_invoice_id`](super::bare_invoice_id) of it, or compare with
    /// [`is_for_invoice`](Self::is_for_invoice).
    #[must_use]
    pub fn invoice_id(&self) -> &str {
        self.invoice_id.as_str()
    }

    /// Returns whether the payment is for the invoice with the stored id, with or without one
    /// `INV-` in front.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// # use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
    /// # let secret = SecretKey::new("the project's secret key")?;
    /// # let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
    /// # let token = testing::token(&secret, "ILRAJE1Q", 1_769_509_700);
    /// # let body = testing::sample_json(Some(&token));
    /// # let payment = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
    /// assert!(payment.is_for_invoice("INV-ILRAJE1Q"));
    /// assert!(payment.is_for_invoice("ILRAJE1Q"));
    /// assert!(!payment.is_for_invoice("INV-INV-ILRAJE1Q"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_for_invoice(&self, stored: &str) -> bool {
        self.invoice_id.is_named_by(stored)
    }

    /// Returns the signed expiry of the token, `exp`, in Unix seconds: the time of sending plus 300
    /// seconds.
    #[must_use]
    pub const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Returns the fields that are not signed.
    #[must_use]
    pub const fn unsigned(&self) -> &Unsigned {
        &self.unsigned
    }

    /// Compares the body with the signed id, and reads the unsigned fields.
    pub(super) fn new(
        token: GenuineToken,
        body: Body<'_>,
        received: &Bytes,
    ) -> Result<Self, Rejection> {
        check_invoice(body.invoice_id, &token.invoice_id)?;
        let invoice_uuid = match body.invoice_uuid {
            Value::Text(uuid) if token.invoice_id.is_named_by(&uuid) => Some(uuid),
            Value::Text(uuid) if looks_like_invoice_id(&uuid) => {
                return Err(Rejection::InvoiceMismatch);
            }
            // Withheld, because it is not the id of an invoice, and unrelated to the token.
            _ => None,
        };
        let mut unreadable = Unreadable {
            received,
            fields: Vec::new(),
        };
        let status = unreadable.or_known("status", body.status, text);
        let amount = unreadable.or_known("amount_crypto", body.amount, amount);
        let currency = unreadable.or_known("currency", body.currency, text);
        let order_id = unreadable.or_known("order_id", body.order_id, text_or_number);
        // Its members are decoded by `Unsigned::invoice_info`.
        let invoice_info = body.invoice_info.map(Received::raw).unwrap_or_default();
        if !matches!(invoice_info, "" | "null") && !invoice_info.starts_with('{') {
            unreadable.note("invoice_info", invoice_info);
        }
        Ok(Self {
            invoice_id: token.invoice_id,
            expires_at: token.expires_at,
            unsigned: Unsigned {
                status: status.map(|text| Status::from(&*text)),
                amount,
                currency: currency.map(|text| Currency::from(&*text)),
                order_id: order_id.map(Into::into),
                invoice_uuid: invoice_uuid.map(Into::into),
                unreadable: unreadable.fields,
                // `slice_ref` requires a part of the received body, or an empty slice.
                invoice_info: received.slice_ref(invoice_info.as_bytes()),
            },
        })
    }
}

impl Unsigned {
    /// Returns the status; only [`Status::Success`] is documented.
    #[must_use]
    pub const fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// Returns `amount_crypto`, in units of [`currency`](Self::currency); never negative.
    ///
    /// It is the amount that the invoice *asked for*, without the commission that the payer may
    /// bear: in the documented samples it equals `invoice_info.amount`, even if `amount_paid` is
    /// larger. Confidence: medium, because the documentation has samples and no definition.
    #[must_use]
    pub const fn amount(&self) -> Option<&Amount> {
        self.amount.as_ref()
    }

    /// Returns the coin that was paid, and its network.
    #[must_use]
    pub const fn currency(&self) -> Option<&Currency> {
        self.currency.as_ref()
    }

    /// Returns the order id that you passed when you created the invoice.
    ///
    /// Several postbacks may have the same order id, as all payments to one static wallet do.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.order_id.as_deref()
    }

    /// Returns the fields that are present and cannot be read, with their values as received: JSON
    /// text, or the encoded text of a form.
    ///
    /// The form of such a value is not documented. `reconcile` names the field if it is required,
    /// and so does the log event of the postback. The members of `invoice_info` are not included,
    /// and neither is an `invoice_info` that is malformed inside: see
    /// [`invoice_info`](Self::invoice_info).
    pub fn unreadable(&self) -> impl Iterator<Item = (&'static str, &str)> {
        // The values are parts of a body that is UTF-8.
        let fields = self.unreadable.iter();
        fields.map(|(name, raw)| (*name, str::from_utf8(raw).unwrap_or_default()))
    }

    /// Returns `invoice_info.uuid` as received, if it is the signed invoice id with or without
    /// `INV-`.
    ///
    /// A value that names another invoice rejects the postback, and a value of another form is
    /// withheld.
    #[must_use]
    pub fn invoice_uuid(&self) -> Option<&str> {
        self.invoice_uuid.as_deref()
    }

    /// Returns `invoice_info` as received if it is well-formed JSON, or else its text. It is
    /// `None` if it is absent.
    pub(super) fn invoice_info_as_received(&self) -> Option<Result<&RawValue, &str>> {
        let text = self.invoice_info_text()?;
        Some(serde_json::from_str(text).map_err(|_| text))
    }

    /// Decodes and returns `invoice_info`, which version 2 sends in JSON. Absent for a form.
    #[must_use]
    pub fn invoice_info(&self) -> Field<'_, InvoiceInfo<'_>> {
        let mut field: Field<'_, InvoiceInfo<'_>> = match self.invoice_info_text() {
            Some(text) => json::field(text),
            None => Field::Absent,
        };
        if self.invoice_uuid.is_none()
            && let Field::Known(info) = &mut field
        {
            info.uuid = Field::Absent;
        }
        field
    }

    fn invoice_info_text(&self) -> Option<&str> {
        // The value is a part of a body that is UTF-8.
        let text = str::from_utf8(&self.invoice_info).ok()?;
        (!text.is_empty()).then_some(text)
    }
}

/// Shows only the signed fields, because the others may contain data of the buyer.
impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("invoice_id", &self.invoice_id())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Shows status, amount and currency.
impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsigned")
            .field("status", &self.status)
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .finish_non_exhaustive()
    }
}

/// Collects the fields that cannot be read.
struct Unreadable<'a> {
    received: &'a Bytes,
    fields: Vec<(&'static str, Bytes)>,
}

impl Unreadable<'_> {
    /// Returns the value that `read` returns, or `None` if the field is absent or unreadable.
    fn or_known<'a, T>(
        &mut self,
        name: &'static str,
        field: Option<Known<'a>>,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let Known { value, raw } = field.filter(|field| field.value != Value::Absent)?;
        let known = read(value);
        if known.is_none() {
            self.note(name, raw);
        }
        known
    }

    fn note(&mut self, name: &'static str, raw: &str) {
        self.fields
            .push((name, self.received.slice_ref(raw.as_bytes())));
    }
}

/// Checks that the body names the signed invoice, by a text or by the digits of a number.
fn check_invoice(field: Option<Known<'_>>, signed: &InvoiceId) -> Result<(), Rejection> {
    const MALFORMED: Rejection = Rejection::Malformed(MalformedReason::Value("invoice_id"));
    let value = field.map(|field| field.value).unwrap_or_default();
    let named = match value {
        Value::Absent => {
            return Err(Rejection::Malformed(MalformedReason::Missing("invoice_id")));
        }
        Value::Number(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => number.into(),
        Value::Text(text) => text,
        Value::Number(_) | Value::Other(_) => return Err(MALFORMED),
    };
    if signed.is_named_by(&named) {
        return Ok(());
    }
    Err(match InvoiceId::parse(&named) {
        Some(_) => Rejection::InvoiceMismatch,
        None => MALFORMED,
    })
}

fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(text),
        Value::Absent | Value::Number(_) | Value::Other(_) => None,
    }
}

/// Returns a text, or the digits of a number, because applications may number their orders.
fn text_or_number(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Number(number) => Some(number.into()),
        other => text(other),
    }
}

/// Returns an amount, unless it is negative.
fn amount(value: Value<'_>) -> Option<Amount> {
    let amount: Amount = text_or_number(value)?.parse().ok()?;
    (!amount.is_negative()).then_some(amount)
}
