use std::borrow::Cow;

use time::UtcDateTime;

use super::{Currency, InvoiceStatus, Status};
use crate::{Amount, decode::object};

object! {
    /// `invoice_info`, which a version 2 postback carries in JSON. Nothing in it is signed.
    ///
    /// Fields, types and the meaning of times are those of the documented samples and of the
    /// provider's method for reading invoices, which states UTC. What the documentation leaves open
    /// is said to be.
    pub struct InvoiceInfo<'a> {
        /// The invoice's id, with `INV-`. Absent unless it is the signed one; see
        /// [`Unsigned::invoice_uuid`](super::Unsigned::invoice_uuid).
        uuid: Cow<'a, str>,
        /// When the invoice was made.
        created: UtcDateTime,
        /// The address to pay to.
        address: Cow<'a, str>,
        /// What is to be paid, and on which network.
        currency: InvoiceCurrency<'a>,
        /// When the invoice was finished. One documented sample has it before `created`.
        date_finished: UtcDateTime,
        /// When the invoice expires.
        expiry_date: UtcDateTime,
        /// Who bears the commission: `client` or `merchant`.
        side_commission: Cow<'a, str>,
        /// The kind of payment: `crypto`.
        type_payments: Cow<'a, str>,
        /// *Asked*: the invoice's amount, in its currency, without the commission that the payer may bear.
        /// Confidence: medium. In one documented sample it is 100 where 102 was to be paid and was paid; in the
        /// other all three are equal.
        amount: Amount,
        /// Equal to `amount` in every sample; the difference is not documented.
        amount_: Amount,
        /// The invoice's state. An overpaid invoice is announced as `success` too: this tells.
        status: InvoiceStatus,
        /// `success` in every sample.
        invoice_status: Status,
        /// Whether the payer must give an e-mail address.
        is_email_required: bool,
        /// The merchant's project.
        project: Project<'a>,
        /// Hashes of the transactions that paid; may hold an empty text.
        tx_list: Vec<Cow<'a, str>>,
        /// Null in every sample.
        amount_in_crypto: Amount,
        /// The amount in the currency of the merchant's price.
        amount_in_fiat: Amount,
        /// *Asked*: `amount` in US dollars. Confidence: medium, as `amount`.
        amount_usd: Amount,
        /// *Asked* of the payer, in the invoice's currency, with the commission that the payer bears. Confidence:
        /// medium, two samples.
        amount_to_pay: Amount,
        /// *Asked* of the payer, in US dollars. Confidence: medium, two samples.
        amount_to_pay_usd: Amount,
        /// *Paid*, in the invoice's currency, with the commission that the payer bears. Confidence: medium, two
        /// samples, in both of which it equals `amount_to_pay`.
        amount_paid: Amount,
        /// *Paid*, in US dollars. Confidence: medium, two samples.
        amount_paid_usd: Amount,
        /// The network's fee, in the invoice's currency.
        fee: Amount,
        /// The network's fee, in US dollars.
        fee_usd: Amount,
        /// The provider's fee, in the invoice's currency.
        service_fee: Amount,
        /// The provider's fee, in US dollars.
        service_fee_usd: Amount,
        /// *Credited* to the merchant, in the invoice's currency: `amount_paid` without both fees. Confidence: high
        /// for the sum, which fits both samples (102 - 1.4 - 0.8048 = 99.7952).
        received: Amount,
        /// *Credited* to the merchant, in US dollars. Confidence: medium: rounded in both samples.
        received_usd: Amount,
        /// Still *to be paid*, in the invoice's currency. Confidence: low: zero in both samples.
        to_surcharge: Amount,
        /// Still *to be paid*, in US dollars. Confidence: low: zero in both samples.
        to_surcharge_usd: Amount,
        /// Zero in every sample.
        total_rub: Amount,
        /// The step of the payment page; 3 when done.
        step: i64,
        /// Whether the project is in test mode: **no money has moved**.
        test_mode: bool,
        /// `up` in every sample; not documented.
        type_ ("type"): Cow<'a, str>,
        /// Whether payments are checked against money laundering.
        aml_enabled: bool,
        /// Who bears the cost of the check: `merchant`.
        aml_side: Cow<'a, str>,
        /// The checks, as JSON text: an array whose elements are not documented.
        aml_checks: &'a str,
        /// Null in every sample; kept as JSON text.
        links_invoice: &'a str,
    }
}

object! {
    /// `invoice_info.currency`: what is to be paid.
    pub struct InvoiceCurrency<'a> {
        /// The provider's number for the currency.
        id: i64,
        /// The coin alone, such as `USDT`.
        code: Cow<'a, str>,
        /// Coin and network, such as `USDT_TRC20`: the code of a postback's `currency`.
        fullcode: Currency,
        /// The network.
        network: Network<'a>,
        /// The coin's name for people.
        name: Cow<'a, str>,
        /// Whether the payer must give an e-mail address.
        is_email_required: bool,
        /// Whether the coin is a stablecoin.
        stablecoin: bool,
        /// URL of the coin's icon.
        icon_base: Cow<'a, str>,
        /// URL of the network's icon.
        icon_network: Cow<'a, str>,
        /// URL of the icon for QR codes.
        icon_qr: Cow<'a, str>,
        /// The place in the provider's list.
        order: i64,
    }
}

object! {
    /// `invoice_info.currency.network`: the network to pay on.
    pub struct Network<'a> {
        /// The network's code, such as `TRC20`.
        code: Cow<'a, str>,
        /// The provider's number for the network.
        id: i64,
        /// URL of the network's icon.
        icon: Cow<'a, str>,
        /// The network's name for people.
        fullname: Cow<'a, str>,
    }
}

object! {
    /// `invoice_info.project`: the merchant's project.
    pub struct Project<'a> {
        /// The provider's number for the project.
        id: i64,
        /// The project's name.
        name: Cow<'a, str>,
        /// Where the payer is sent after a failure; may be empty.
        fail: Cow<'a, str>,
        /// Where the payer is sent after success; may be empty.
        success: Cow<'a, str>,
        /// URL of the project's logo; may be empty.
        logo: Cow<'a, str>,
    }
}
