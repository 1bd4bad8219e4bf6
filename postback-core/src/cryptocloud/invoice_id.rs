/// Id of an invoice, without the `INV-` that some fields have in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvoiceId(Box<str>);

/// Prefix of an id. In production, the claim `id` and the field `invoice_id` lack it, and
/// `invoice_info.uuid` has it.
const PREFIX: &str = "INV-";

impl InvoiceId {
    /// Parses an id of the form `[A-Za-z0-9_-]{1,64}`, after at most one `INV-`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bare = bare_invoice_id(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        // Otherwise `INV-INV-X` would have the id `INV-X`, from which other code might strip the
        // prefix.
        let valid = (1..=64).contains(&bare.len())
            && bare.bytes().all(allowed)
            && !bare.starts_with(PREFIX);
        valid.then(|| Self(bare.into()))
    }

    /// Returns whether `text` is this id, with or without one `INV-` in front.
    pub(crate) fn is_named_by(&self, text: &str) -> bool {
        bare_invoice_id(text) == self.as_str()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Strips one `INV-`, which the API call that creates an invoice returns in front of its id.
///
/// Store the result with the order, and find the order by
/// [`Payment::invoice_id`](super::Payment::invoice_id), which never has the prefix.
///
/// ```
/// use postback_core::cryptocloud::bare_invoice_id;
///
/// assert_eq!(bare_invoice_id("INV-ILRAJE1Q"), "ILRAJE1Q");
/// assert_eq!(bare_invoice_id("ILRAJE1Q"), "ILRAJE1Q");
/// ```
#[must_use]
pub fn bare_invoice_id(created: &str) -> &str {
    created.strip_prefix(PREFIX).unwrap_or(created)
}

/// Returns whether `text` looks like the id of an invoice: it begins with `INV-`, or consists of
/// eight capital letters and digits, as all ids in the documentation do.
///
/// Postbacks of static wallets have identifiers of other forms in place of the id.
pub(crate) fn looks_like_invoice_id(text: &str) -> bool {
    let documented = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.starts_with(PREFIX) || (text.len() == 8 && text.bytes().all(documented))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invoice_id_excludes_one_prefix() {
        let parsed = |text| InvoiceId::parse(text).map(|id| id.as_str().to_owned());
        assert_eq!(parsed("ILRAJE1Q").as_deref(), Some("ILRAJE1Q"));
        assert_eq!(parsed("INV-ILRAJE1Q").as_deref(), Some("ILRAJE1Q"));
        assert_eq!(parsed("inv-x").as_deref(), Some("inv-x"));
        let long = "i".repeat(65);
        for text in [
            "",
            "INV-",
            "INV-INV-X",
            " X",
            "X ",
            "é",
            "a/b",
            "a\0",
            &long,
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
        assert!(parsed(&long[1..]).is_some(), "control case");
    }
}
