use crate::decode::open_enum;

open_enum! {
    /// The `status` of a postback, and of `invoice_info.invoice_status`.
    ///
    /// Only `success` is documented. Translations that appear in translated documentation
    /// (`sucesso`) are other texts, and no success.
    pub enum Status {
        /// `success`: the invoice has been paid, or overpaid.
        Success = "success",
    }
}

open_enum! {
    /// The state of an invoice, `invoice_info.status`, with the five documented values.
    pub enum InvoiceStatus {
        /// `canceled`: canceled or expired.
        Canceled = "canceled",
        /// `created`: not paid yet.
        Created = "created",
        /// `overpaid`: more was paid than asked. The postback says `success`.
        Overpaid = "overpaid",
        /// `paid`: what was asked was paid.
        Paid = "paid",
        /// `partial`: less was paid than asked.
        Partial = "partial",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_word_is_success() {
        assert_eq!(Status::from("success"), Status::Success);
        for text in ["sucesso", "Success", "success ", "paid", ""] {
            assert_ne!(Status::from(text), Status::Success, "{text:?}");
            assert_eq!(Status::from(text).as_str(), text);
        }
    }

    #[test]
    fn invoice_states() {
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
