use crate::decode::json::open_enum;

open_enum! {
    /// Value of `status` in a postback, and of `invoice_info.invoice_status`.
    ///
    /// Only `success` is documented. Translations in translated documentation (`sucesso`) are other
    /// texts, and not a success.
    pub enum Status {
        /// `success`: the invoice has been paid, or overpaid.
        Success = "success",
    }
}

open_enum! {
    /// State of an invoice, `invoice_info.status`, with the five documented values.
    pub enum InvoiceStatus {
        /// `canceled`: canceled or expired.
        Canceled = "canceled",
        /// `created`: not paid.
        Created = "created",
        /// `overpaid`: more was paid than asked. The postback's status is `success`.
        Overpaid = "overpaid",
        /// `paid`: the asked amount was paid.
        Paid = "paid",
        /// `partial`: less was paid than asked.
        Partial = "partial",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_word_alone_is_success() {
        assert_eq!(Status::from("success"), Status::Success);
        for text in ["sucesso", "Success", "success ", "paid", ""] {
            assert_ne!(Status::from(text), Status::Success, "{text:?}");
            assert_eq!(Status::from(text).as_str(), text);
        }
    }

    #[test]
    fn documented_invoice_states_are_known() {
        let states = [
            ("canceled", InvoiceStatus::Canceled),
            ("created", InvoiceStatus::Created),
            ("overpaid", InvoiceStatus::Overpaid),
            ("paid", InvoiceStatus::Paid),
            ("partial", InvoiceStatus::Partial),
        ];
        for (text, state) in states {
            assert_eq!(InvoiceStatus::from(text), state);
            assert_eq!(state.as_str(), text);
        }
        assert!(matches!(
            InvoiceStatus::from("pago"),
            InvoiceStatus::Other(_)
        ));
    }
}
