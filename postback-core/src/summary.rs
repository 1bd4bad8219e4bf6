/// What the operator's log may say of a verified event: signed values that name it, and nothing that
/// is not signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary<'a> {
    /// The gateway's id of the invoice.
    pub invoice_id: Option<&'a str>,
    /// When the signature expires, in Unix seconds.
    pub expires_at: Option<u64>,
    /// The gateway's id of the payment.
    pub uuid: Option<&'a str>,
}

impl<'a> Summary<'a> {
    /// Names the invoice.
    #[must_use]
    pub const fn invoice_id(mut self, invoice_id: &'a str) -> Self {
        self.invoice_id = Some(invoice_id);
        self
    }

    /// Says when the signature expires, in Unix seconds.
    #[must_use]
    pub const fn expires_at(mut self, expires_at: u64) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Names the payment.
    #[must_use]
    pub const fn uuid(mut self, uuid: &'a str) -> Self {
        self.uuid = Some(uuid);
        self
    }
}
