/// Fields of a verified postback that may be logged: signed values that identify it, and names of
/// unreadable fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogFields<'a> {
    /// Signed id of the invoice.
    pub invoice_id: Option<&'a str>,
    /// Signed expiry, in Unix seconds.
    pub expires_at: Option<u64>,
    /// Signed id of the payment.
    pub uuid: Option<&'a str>,
    /// Names of fields that are present and cannot be read, without their values.
    pub unreadable: Vec<&'static str>,
}

impl<'a> LogFields<'a> {
    /// Sets the signed id of the invoice.
    #[must_use]
    pub const fn invoice_id(mut self, invoice_id: &'a str) -> Self {
        self.invoice_id = Some(invoice_id);
        self
    }

    /// Sets the signed expiry, in Unix seconds.
    #[must_use]
    pub const fn expires_at(mut self, expires_at: u64) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Sets the signed id of the payment.
    #[must_use]
    pub const fn uuid(mut self, uuid: &'a str) -> Self {
        self.uuid = Some(uuid);
        self
    }

    /// Sets the names of the fields that cannot be read.
    #[must_use]
    pub fn unreadable(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.unreadable = names.into_iter().collect();
        self
    }
}
