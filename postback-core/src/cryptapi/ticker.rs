use std::borrow::Cow;

/// Whether both name the same coin. The provider's API writes `bep20/usdt`, its callbacks write `bep20_usdt`, and
/// people write capitals.
pub(super) fn same_coin(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

/// A ticker as callbacks write it: lower case, with `_` behind the network.
pub(super) fn canonical(ticker: &str) -> Cow<'_, str> {
    match ticker
        .bytes()
        .any(|byte| byte == b'/' || byte.is_ascii_uppercase())
    {
        true => ticker.replace('/', "_").to_ascii_lowercase().into(),
        false => ticker.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_compare_without_case_and_separator() {
        for (one, other) in [
            ("BTC", "btc"),
            ("erc20/usdt", "erc20_usdt"),
            ("ERC20/USDT", "erc20_usdt"),
            ("erc20_USDT", "ERC20/usdt"),
        ] {
            assert!(same_coin(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("btc", "bch"),
            ("erc20_usdt", "trc20_usdt"),
            ("usdt", "erc20_usdt"),
        ] {
            assert!(!same_coin(one, other), "{one} {other}");
        }
    }
}
