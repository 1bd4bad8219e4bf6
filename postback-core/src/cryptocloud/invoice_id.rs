/// An invoice's id without the `INV-` that some places put in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvoiceId(Box<str>);

/// Wire fact: in production the claim and the body's field carry none, `invoice_info.uuid` does.
const PREFIX: &str = "INV-";

impl InvoiceId {
    /// Takes `[A-Za-z0-9_-]{1,64}` after at most one `INV-`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bare = bare_invoice_id(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        // Or `INV-INV-X` would be an id too, whose own prefix other code might take off.
        let valid = (1..=64).contains(&bare.len())
            && bare.bytes().all(allowed)
            && !bare.starts_with(PREFIX);
        valid.then(|| Self(bare.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the id of an invoice without the one `INV-` that the create call returns in front of it.
///
/// Store this with the order, and look the order up by [`Payment::invoice_id`](super::Payment::invoice_id), which
/// is always without the prefix.
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

/// Whether `text` is meant as an invoice's id: it begins with `INV-`, or it is eight capital
/// letters and digits as all ids in the documentation are.
///
/// Static wallets put identifiers of other shapes where an invoice's id is expected.
pub(crate) fn looks_like_invoice_id(text: &str) -> bool {
    let documented = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.starts_with(PREFIX) || (text.len() == 8 && text.bytes().all(documented))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_prefix_is_no_part_of_the_id() {
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
