use std::fmt;

/// An invoice's id without the `INV-` that some places put in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvoiceId(Box<str>);

/// Wire fact: in production the claim and the body's field carry none, `invoice_info.uuid` does.
const PREFIX: &str = "INV-";

impl InvoiceId {
    /// Takes `[A-Za-z0-9_-]{1,64}` after at most one `INV-`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix(PREFIX).unwrap_or(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        // A second prefix is taken for no part of an id, or one id would have two spellings.
        let valid = (1..=64).contains(&bare.len())
            && bare.bytes().all(allowed)
            && !bare.starts_with(PREFIX);
        valid.then(|| Self(bare.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this id, with or without one `INV-`.
    pub(crate) fn is(&self, text: &str) -> bool {
        text == &*self.0 || text.strip_prefix(PREFIX) == Some(&*self.0)
    }
}

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
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
        let parsed = |text| InvoiceId::parse(text).map(|id| id.to_string());
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

    #[test]
    fn an_id_is_itself_with_or_without_prefix() {
        let id = InvoiceId::parse("INV-ILRAJE1Q").unwrap();
        assert!(id.is("ILRAJE1Q") && id.is("INV-ILRAJE1Q"));
        assert!(!id.is("ilraje1q") && !id.is("INV-INV-ILRAJE1Q") && !id.is("89UX09KA"));
    }
}
