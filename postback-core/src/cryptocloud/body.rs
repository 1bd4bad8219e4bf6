use std::ops::{ControlFlow, RangeInclusive};

use super::invoice_uuid::InvoiceUuid;
use crate::{
    MalformedReason, MediaType,
    decode::{
        self, form,
        json::{Malformed, Received, Value, visit_members},
    },
};

/// Top level of a postback, as far as it is read before the signature is verified.
#[derive(Default)]
pub(crate) struct Body<'a> {
    pub(crate) amount: Option<Known<'a>>,
    pub(crate) currency: Option<Known<'a>>,
    pub(crate) invoice_id: Option<Known<'a>>,
    /// Value of `invoice_info`, which a form does not contain.
    pub(crate) invoice_info: Option<Received<'a>>,
    /// `invoice_info.uuid`
    pub(crate) invoice_uuid: Value<'a>,
    pub(crate) order_id: Option<Known<'a>>,
    pub(crate) status: Option<Known<'a>>,
    pub(crate) token: Option<Known<'a>>,
}

/// Value of a known field.
pub(crate) struct Known<'a> {
    pub(crate) value: Value<'a>,
    /// Value as received.
    pub(crate) raw: &'a str,
}

impl<'a> Body<'a> {
    /// Reads a whole body, and rejects one with invalid syntax or a repeated known field.
    pub(crate) fn parse(body: &'a str, media_type: MediaType) -> Result<Self, MalformedReason> {
        let body = decode::without_byte_order_mark(body);
        match media_type {
            MediaType::Form => Self::from_form(form::without_line_ends(body)),
            MediaType::Json => Self::from_json(body),
        }
    }

    /// Reads to the end even if a field is repeated, so that invalid syntax is reported first.
    fn from_json(body: &'a str) -> Result<Self, MalformedReason> {
        let mut fields = Self::default();
        let mut repeated = None;
        let read = visit_members(body, |name, received| {
            if let Some((name, field)) = fields.field(&name) {
                let raw = received.raw();
                let value = match received.read() {
                    // As a value of a form that is not strictly encoded.
                    Err(Malformed) if !is_needed(name) => Value::Other(raw),
                    value => value?,
                };
                if field.replace(Known { value, raw }).is_some() {
                    repeated = Some(name);
                }
            } else if name == "invoice_info" && fields.invoice_info.replace(received).is_some() {
                repeated = Some("invoice_info");
            }
            Ok(ControlFlow::Continue(()))
        });
        read.map_err(|Malformed| MalformedReason::Syntax)?;
        if let Some(name) = repeated {
            return Err(MalformedReason::Repeated(name));
        }
        let uuid = fields.invoice_info.map(InvoiceUuid::find);
        fields.invoice_uuid = match uuid.unwrap_or(InvoiceUuid::Absent) {
            InvoiceUuid::Absent => Value::Absent,
            // Withheld if it is malformed.
            InvoiceUuid::Once(uuid) => uuid.read().unwrap_or_default(),
            InvoiceUuid::Repeated => return Err(MalformedReason::Repeated("invoice_info.uuid")),
        };
        Ok(fields)
    }

    /// Reads a form, and rejects an empty one.
    fn from_form(body: &'a str) -> Result<Self, MalformedReason> {
        let mut fields = Self::default();
        if body.is_empty() {
            return Err(MalformedReason::Syntax);
        }
        for pair in form::pairs(body) {
            // A name of another length or with a space is not a known one, and need not be decoded.
            if !pair.may_have_name_of(&NAME_LENGTHS) {
                continue;
            }
            // Invalid and unknown names are ignored. `invoice_info` is unknown here, because forms
            // do not contain it in a usable form.
            let name = pair.any_name();
            let Some((name, field)) = name.and_then(|name| fields.field(&name)) else {
                continue;
            };
            if field.is_some() {
                return Err(MalformedReason::Repeated(name));
            }
            let raw = pair.encoded_value();
            let is_needed = is_needed(name);
            let value = match pair.text() {
                Some(text) if form::is_null(&text) && !is_needed => Value::Absent,
                Some(text) => Value::Text(text),
                None if is_needed => return Err(MalformedReason::Syntax),
                None => Value::Other(raw),
            };
            *field = Some(Known { value, raw });
        }
        Ok(fields)
    }

    fn field(&mut self, name: &str) -> Option<(&'static str, &mut Option<Known<'a>>)> {
        Some(match name {
            "amount_crypto" => ("amount_crypto", &mut self.amount),
            "currency" => ("currency", &mut self.currency),
            "invoice_id" => ("invoice_id", &mut self.invoice_id),
            "order_id" => ("order_id", &mut self.order_id),
            "status" => ("status", &mut self.status),
            "token" => ("token", &mut self.token),
            _ => return None,
        })
    }
}

/// Returns whether a postback without a readable value of this field is rejected.
fn is_needed(name: &str) -> bool {
    matches!(name, "token" | "invoice_id")
}

/// Lengths of the names of the known fields, in bytes.
const NAME_LENGTHS: RangeInclusive<usize> = "token".len()..="amount_crypto".len();
