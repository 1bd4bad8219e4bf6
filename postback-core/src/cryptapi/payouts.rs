use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    Amount,
    decode::json::{self, Received},
};

/// Amount in another currency, from a `*_convert` field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted<'a> {
    /// The currency's code, such as `USD`.
    pub currency: Cow<'a, str>,
    /// The amount in that currency. Never negative.
    pub amount: Amount,
}

/// Address that a payment is forwarded to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payout<'a> {
    /// The address.
    pub address: Cow<'a, str>,
    /// The part of the payment that it receives, as a fraction of 1. `None` if the provider names
    /// one address without a share.
    pub share: Option<Amount>,
}

impl<'a> Converted<'a> {
    /// Reads `{"USD": "3.20"}`. A currency must not occur twice.
    pub(super) fn read_all(text: &'a str) -> Option<Vec<Self>> {
        let members = json::members(text, |_| true)?;
        let currencies: BTreeSet<_> = members.iter().map(|(currency, _)| currency).collect();
        if currencies.len() < members.len() {
            return None;
        }
        let converted = |(currency, amount): (_, Received<'a>)| {
            let amount = decimal(&amount.text_or_raw()?)?;
            Some(Self { currency, amount })
        };
        members.into_iter().map(converted).collect()
    }
}

impl<'a> Payout<'a> {
    /// Reads one of these forms:
    ///
    /// - one address;
    /// - a JSON object of addresses and shares;
    /// - the documented form, with unquoted names: `{addr1: 0.70, addr2: 0.30}`;
    /// - the form of `/create/`: `0.70@addr1|0.30@addr2`.
    ///
    /// How the provider sends several addresses is not known.
    pub(super) fn read_all(text: &'a str) -> Option<Vec<Self>> {
        let text = text.trim();
        if text.contains(['|', '@']) && !text.starts_with('{') {
            let payout = |part: &'a str| {
                let (share, address) = part.split_once('@')?;
                Self::with_share(Cow::Borrowed(address.trim()), share.trim())
            };
            return text.split('|').map(payout).collect();
        }
        let Some(inner) = text.strip_prefix('{') else {
            let plain = |c: char| c.is_ascii_graphic() && !"{},;|@\"'".contains(c);
            return text.chars().all(plain).then(|| {
                let address = Cow::Borrowed(text);
                vec![Self {
                    address,
                    share: None,
                }]
            });
        };
        if let Some(members) = json::members(text, |_| true) {
            let payout = |(address, share): (_, Received<'a>)| {
                Self::with_share(address, &share.text_or_raw()?)
            };
            return members.into_iter().map(payout).collect();
        }
        let unquoted = |text: &'a str| text.trim().trim_matches(['"', '\'']);
        inner
            .strip_suffix('}')?
            .split(',')
            .map(|pair| {
                // The last colon: some addresses begin with `bitcoincash:`.
                let (address, share) = pair.rsplit_once(':')?;
                Self::with_share(Cow::Borrowed(unquoted(address)), unquoted(share))
            })
            .collect()
    }

    fn with_share(address: Cow<'a, str>, share: &str) -> Option<Self> {
        let share = Some(decimal(share)?);
        (!address.trim().is_empty()).then_some(Self { address, share })
    }
}

fn decimal(text: &str) -> Option<Amount> {
    let amount: Amount = text.parse().ok()?;
    (!amount.is_negative()).then_some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converted_amounts_are_read_or_unreadable() {
        let read = |text| {
            let all = Converted::read_all(text)?;
            Some(
                all.iter()
                    .map(|it| format!("{} {}", it.amount, it.currency))
                    .collect::<Vec<_>>(),
            )
        };
        let both = Some(vec!["3.20 USD".to_owned(), "3.05 EUR".to_owned()]);
        assert_eq!(read(r#"{"USD": "3.20", "EUR": "3.05"}"#), both);
        assert_eq!(read(r#"{"USD": 3.20, "EUR": 3.05}"#), both);
        assert_eq!(read("{}"), Some(Vec::new()));
        for text in [
            "",
            "3.20",
            r#"["3.20"]"#,
            r#"{"USD": "3.20"} "#.trim_end_matches("} "),
            r#"{"USD": "-1"}"#,
            r#"{"USD": "1,5"}"#,
            r#"{"USD": null}"#,
            r#"{"USD": {"a": "1"}}"#,
            r#"{"USD": "1", "US\u0044": "2"}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn payouts_are_read_in_each_form() {
        let read = |text| {
            let all = Payout::read_all(text)?;
            let shares = all.iter().map(|it| match &it.share {
                Some(share) => format!("{} {share}", it.address),
                None => it.address.to_string(),
            });
            Some(shares.collect::<Vec<_>>().join(", "))
        };
        let both = Some("a1 0.70, b2 0.30".to_owned());
        assert_eq!(read("1H6Z"), Some("1H6Z".to_owned()));
        assert_eq!(read(" bitcoincash:qq "), Some("bitcoincash:qq".to_owned()));
        assert_eq!(read("{a1: 0.70, b2: 0.30}"), both);
        assert_eq!(read(r#"{"a1": 0.70, "b2": "0.30"}"#), both);
        assert_eq!(read("{'a1': 0.70,'b2':0.30}"), both);
        assert_eq!(read("0.70@a1|0.30@b2"), both);
        assert_eq!(
            read("{bitcoincash:qq: 1.0}"),
            Some("bitcoincash:qq 1.0".to_owned())
        );
        for text in [
            "{", "{}", "{a}", "{a:}", "{: 1}", "{a: 1", "{a: -1}", "{a: 1,}", "a, b", "a|b",
            "0.5@", "a@b", "0.5@a|",
        ] {
            assert!(
                read(text).is_none_or(|read| read.is_empty()),
                "{text}: {:?}",
                read(text)
            );
        }
    }
}
