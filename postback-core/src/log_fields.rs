/// What the log may say of a verified postback: signed values that name it, and nothing that is not signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogFields<'a> {
    /// The provider's id of the invoice.
    pub invoice_id: Option<&'a str>,
    /// When the signature expires, in Unix seconds.
    pub expires_at: Option<u64>,
    /// The provider's id of the payment.
    pub uuid: Option<&'a str>,
    /// The names of fields that are there and cannot be read; not their values.
    pub unreadable: Vec<&'static str>,
}

impl<'a> LogFields<'a> {
    /// Names the invoice.
    #[must_use]
    pub const fn invoice_id(mut self, invoice_id: &'a str) -> Self {
        self.invoice_id = Some(invoice_id);
        self
    }

    /// Sets when the signature expires, in Unix seconds.
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

    /// Names the fields that cannot be read.
    #[must_use]
    pub fn unreadable(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.unreadable = names.into_iter().collect();
        self
    }
}
