use std::fmt;

use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    BodyDefect, MediaType,
    decode::{Value, form, json::AnyName, member::Member},
};

/// The top level of a postback, undecoded: enough to find the token and to say what it is about.
#[derive(Default)]
pub(crate) struct Body<'a> {
    pub(crate) amount: Option<Value<'a>>,
    pub(crate) currency: Option<Value<'a>>,
    pub(crate) invoice_id: Option<Value<'a>>,
    /// JSON, in a body of JSON.
    pub(crate) invoice_info: Option<&'a str>,
    /// `invoice_info.uuid`
    pub(crate) invoice_uuid: Value<'a>,
    pub(crate) order_id: Option<Value<'a>>,
    pub(crate) status: Option<Value<'a>>,
    pub(crate) token: Option<Value<'a>>,
}

impl<'a> Body<'a> {
    /// Reads a whole body, and refuses one whose syntax is broken or in which a known field is
    /// repeated.
    pub(crate) fn parse(body: &'a str, media_type: MediaType) -> Result<Self, BodyDefect> {
        match media_type {
            MediaType::Form => Self::from_form(body),
            MediaType::Json => Self::from_json(body),
        }
    }

    fn from_json(body: &'a str) -> Result<Self, BodyDefect> {
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let fields = deserializer.deserialize_map(JsonVisitor);
        let (mut fields, defect) = fields.map_err(|_| BodyDefect::Syntax)?;
        deserializer.end().map_err(|_| BodyDefect::Syntax)?;
        if let Some(defect) = defect {
            return Err(defect);
        }
        let invoice_info = fields.invoice_info.unwrap_or_default();
        fields.invoice_uuid = match Member::find(invoice_info, "uuid") {
            Member::Absent => Value::Absent,
            Member::Once(raw) => Value::from_json(raw).unwrap_or(Value::Other(raw)),
            Member::Repeated => return Err(BodyDefect::Repeated("invoice_info.uuid")),
        };
        Ok(fields)
    }

    /// An empty form has no field at all, which is no postback of any kind.
    fn from_form(body: &'a str) -> Result<Self, BodyDefect> {
        let mut fields = Self::default();
        if body.is_empty() {
            return Err(BodyDefect::Syntax);
        }
        for pair in form::pairs(body) {
            let name = pair.name().ok_or(BodyDefect::Syntax)?;
            // `invoice_info` is not among them: a form carries it in no usable shape.
            let Some((name, field)) = fields.field(&name) else {
                continue;
            };
            let text = pair.text().ok_or(BodyDefect::Syntax)?;
            let value = match name {
                "token" | "invoice_id" => Value::Text(text),
                _ if form::is_null(&text) => Value::Absent,
                _ => Value::Text(text),
            };
            if field.replace(value).is_some() {
                return Err(BodyDefect::Repeated(name));
            }
        }
        Ok(fields)
    }

    fn field(&mut self, name: &str) -> Option<(&'static str, &mut Option<Value<'a>>)> {
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

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = (Body<'de>, Option<BodyDefect>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a postback")
    }

    /// Reads to the end whatever it finds, so that broken syntax is told from a broken rule.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut body = Body::default();
        let mut defect = None;
        while let Some(AnyName(name)) = members.next_key()? {
            if let Some((name, field)) = body.field(&name) {
                let raw: &'de RawValue = members.next_value()?;
                match Value::from_json(raw.get()) {
                    // Half a surrogate pair: well-formed JSON, but no text.
                    None => defect = Some(BodyDefect::Syntax),
                    Some(value) if field.is_none() => *field = Some(value),
                    Some(_) => defect = Some(BodyDefect::Repeated(name)),
                }
            } else if name == "invoice_info" {
                let raw: &'de RawValue = members.next_value()?;
                if body.invoice_info.replace(raw.get()).is_some() {
                    defect = Some(BodyDefect::Repeated("invoice_info"));
                }
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok((body, defect))
    }
}
