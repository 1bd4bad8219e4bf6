use std::borrow::Cow;

use time::UtcDateTime;

use super::{Currency, InvoiceStatus, Status};
use crate::{Amount, decode::json::object};

object! {
    /// `invoice_info`, which a version 2 postback contains in JSON. It is not signed.
    ///
    /// Fields, types and time zone are those of the documented samples and of the provider's method
    /// for reading invoices, which states UTC. Fields that the documentation does not define are
    /// marked.
    pub struct InvoiceInfo<'a> {
        /// Id of the invoice, with `INV-`. Absent unless it is the signed one; see
        /// [`Unsigned::invoice_uuid`](super::Unsigned::invoice_uuid).
        uuid: Cow<'a, str>,
        /// Time at which the invoice was created.
        created: UtcDateTime,
        /// Address to pay to.
        address: Cow<'a, str>,
        /// Currency to pay in, and its network.
        currency: InvoiceCurrency<'a>,
        /// Time at which the invoice was finished. One documented sample has it before `created`.
        date_finished: UtcDateTime,
        /// Time at which the invoice expires.
        expiry_date: UtcDateTime,
        /// Party that bears the commission: `client` or `merchant`.
        side_commission: Cow<'a, str>,
        /// Kind of payment: `crypto`.
        type_payments: Cow<'a, str>,
        /// *Asked*: the amount of the invoice, in its currency, without the commission that the
        /// payer may bear. Confidence: medium. In one documented sample it is 100, and 102 was to
        /// be paid and was paid; in the other all three are equal.
        amount: Amount,
        /// Equal to `amount` in every sample; the difference is not documented.
        amount_: Amount,
        /// State of the invoice, which distinguishes a paid from an overpaid one. The postback's
        /// status is `success` for both.
        status: InvoiceStatus,
        /// `success` in every sample.
        invoice_status: Status,
        /// `true` if the payer must give an e-mail address.
        is_email_required: bool,
        /// Project that the invoice belongs to.
        project: Project<'a>,
        /// Hashes of the transactions that paid; may contain an empty text.
        tx_list: Vec<Cow<'a, str>>,
        /// Null in every sample.
        amount_in_crypto: Amount,
        /// Amount in the currency in which the invoice was priced.
        amount_in_fiat: Amount,
        /// *Asked*: `amount` in US dollars. Confidence: medium, as `amount`.
        amount_usd: Amount,
        /// *Asked* of the payer, in the invoice's currency, with the commission that the payer
        /// bears. Confidence: medium, two samples.
        amount_to_pay: Amount,
        /// *Asked* of the payer, in US dollars. Confidence: medium, two samples.
        amount_to_pay_usd: Amount,
        /// *Paid*, in the invoice's currency, with the commission that the payer bears. Confidence:
        /// medium, two samples, in both of which it equals `amount_to_pay`.
        amount_paid: Amount,
        /// *Paid*, in US dollars. Confidence: medium, two samples.
        amount_paid_usd: Amount,
        /// Fee of the network, in the invoice's currency.
        fee: Amount,
        /// Fee of the network, in US dollars.
        fee_usd: Amount,
        /// Fee of the provider, in the invoice's currency.
        service_fee: Amount,
        /// Fee of the provider, in US dollars.
        service_fee_usd: Amount,
        /// *Credited* to your project, in the invoice's currency: `amount_paid` without both fees.
        /// Confidence: high for the calculation, which fits both samples (102 - 1.4 - 0.8048 =
        /// 99.7952).
        received: Amount,
        /// *Credited* to your project, in US dollars. Confidence: medium, because it is rounded in
        /// both samples.
        received_usd: Amount,
        /// Still *to be paid*, in the invoice's currency. Confidence: low, because it is zero in
        /// both samples.
        to_surcharge: Amount,
        /// Still *to be paid*, in US dollars. Confidence: low, because it is zero in both samples.
        to_surcharge_usd: Amount,
        /// Zero in every sample.
        total_rub: Amount,
        /// Step of the payment page; 3 when done.
        step: i64,
        /// `true` if the project is in test mode: **no money has moved**.
        test_mode: bool,
        /// `up` in every sample; not documented.
        type_ ("type"): Cow<'a, str>,
        /// `true` if payments are checked for money laundering.
        aml_enabled: bool,
        /// Party that bears the cost of the check: `merchant`.
        aml_side: Cow<'a, str>,
        /// Checks, as JSON text: an array whose elements are not documented.
        aml_checks: &'a str,
        /// Null in every sample; kept as JSON text.
        links_invoice: &'a str,
    }
}

object! {
    /// `invoice_info.currency`: the currency to pay in.
    pub struct InvoiceCurrency<'a> {
        /// Provider's number of the currency.
        id: i64,
        /// Coin alone, such as `USDT`.
        code: Cow<'a, str>,
        /// Coin and network, such as `USDT_TRC20`: the code that `currency` of a postback has.
        fullcode: Currency,
        /// Network to pay on.
        network: Network<'a>,
        /// Display name of the coin.
        name: Cow<'a, str>,
        /// `true` if the payer must give an e-mail address.
        is_email_required: bool,
        /// `true` if the coin is a stablecoin.
        stablecoin: bool,
        /// URL of the coin's icon.
        icon_base: Cow<'a, str>,
        /// URL of the network's icon.
        icon_network: Cow<'a, str>,
        /// URL of the icon for QR codes.
        icon_qr: Cow<'a, str>,
        /// Position in the provider's list.
        order: i64,
    }
}

object! {
    /// `invoice_info.currency.network`: the network to pay on.
    pub struct Network<'a> {
        /// Code of the network, such as `TRC20`.
        code: Cow<'a, str>,
        /// Provider's number of the network.
        id: i64,
        /// URL of the network's icon.
        icon: Cow<'a, str>,
        /// Display name of the network.
        fullname: Cow<'a, str>,
    }
}

object! {
    /// `invoice_info.project`: the project that the invoice belongs to.
    pub struct Project<'a> {
        /// Provider's number of the project.
        id: i64,
        /// Name of the project.
        name: Cow<'a, str>,
        /// URL that the payer is redirected to after a failure; may be empty.
        fail: Cow<'a, str>,
        /// URL that the payer is redirected to after success; may be empty.
        success: Cow<'a, str>,
        /// URL of the project's logo; may be empty.
        logo: Cow<'a, str>,
    }
}
