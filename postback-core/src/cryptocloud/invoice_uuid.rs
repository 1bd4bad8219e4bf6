use std::ops::ControlFlow;

use memchr::memmem;

use crate::decode::json::{Received, visit_members};

/// Member `uuid` of `invoice_info`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvoiceUuid<'a> {
    /// `invoice_info` does not contain the member before a malformed part, or is not an object.
    Absent,
    Once(Received<'a>),
    Repeated,
}

impl<'a> InvoiceUuid<'a> {
    pub(crate) fn find(invoice_info: Received<'a>) -> Self {
        let Received::Container { raw, is_plain } = invoice_info else {
            return Self::Absent;
        };
        // If nothing is escaped, the member occurs at most as often as its name does in the text,
        // so the search can end before the object does.
        let most = match is_plain {
            true => memmem::find_iter(raw.as_bytes(), "uuid").take(2).count(),
            false => usize::MAX,
        };
        if most == 0 {
            return Self::Absent;
        }
        let mut member = Self::Absent;
        // Members before a malformed part count.
        let _ = visit_members(raw, |name, value| {
            if name != "uuid" {
                return Ok(ControlFlow::Continue(()));
            }
            let is_first = member == Self::Absent;
            member = match is_first {
                true => Self::Once(value),
                false => Self::Repeated,
            };
            Ok(match is_first && most > 1 {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            })
        });
        member
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json::Cursor;

    #[test]
    fn member_is_found_in_each_spelling() {
        let once = |raw| {
            let value = Cursor::new(raw).value();
            InvoiceUuid::Once(value.unwrap())
        };
        let cases = [
            (r#"{"a":1,"uuid":"x","b":{"c":2}}"#, once(r#""x""#)),
            (r#"{"a":"uuid","uuid":2}"#, once("2")),
            (r#"{"a":{"uuid":1}}"#, InvoiceUuid::Absent),
            (r#"{"a":{"uuid":1},"uuid":2}"#, once("2")),
            (r#"{"uuid":1,"a":"uuid"}"#, once("1")),
            (r#"{"uui\u0064":1}"#, once("1")),
            (r#"{"uuid":1,"uui\u0064":2}"#, InvoiceUuid::Repeated),
            (r#"{"uuid":1,"uuid":1}"#, InvoiceUuid::Repeated),
            (r#"{"a":"\"uuid\":1"}"#, InvoiceUuid::Absent),
            (r#"{"\ud800":1,"uuid":2}"#, once("2")),
            (r#"{"uuid":1,"\ud800":2}"#, once("1")),
            (r#"{"uuid":1,"\ud800":2,"uuid":3}"#, InvoiceUuid::Repeated),
            (r#"{"a":"\ud800","uuid":2}"#, once("2")),
            (r#"[{"uuid":1}]"#, InvoiceUuid::Absent),
            (r#""uuid""#, InvoiceUuid::Absent),
            ("1e400", InvoiceUuid::Absent),
            ("{}", InvoiceUuid::Absent),
        ];
        for (object, expected) in cases {
            let object = Cursor::new(object).value().unwrap();
            assert_eq!(InvoiceUuid::find(object), expected, "{object:?}");
        }
    }
}
