use std::borrow::Cow;

pub(super) fn same_address(one: &str, other: &str) -> bool {
    canonical_address(one) == canonical_address(other)
}

/// Returns the same text for all spellings of an address. EIP-55 writes a checksum into the case of
/// an EVM address, and not every wallet does.
pub(super) fn canonical_address(address: &str) -> Cow<'_, str> {
    match is_evm(address) {
        true => Cow::Owned(address.to_ascii_lowercase()),
        false => Cow::Borrowed(address),
    }
}

fn is_evm(address: &str) -> bool {
    address
        .strip_prefix("0x")
        .is_some_and(|digits| digits.len() == 40 && digits.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// Returns whether both tickers name the same coin. The provider's API writes `bep20/usdt`, its
/// callbacks write `bep20_usdt`, and orders may have upper-case letters.
pub(super) fn same_coin(one: &str, other: &str) -> bool {
    canonical_coin(one) == canonical_coin(other)
}

/// Returns a ticker as callbacks write it: in lower case, with `_` after the network.
pub(super) fn canonical_coin(ticker: &str) -> Cow<'_, str> {
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
    fn only_evm_addresses_compare_without_case() {
        let evm = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B";
        assert!(same_address(evm, &evm.to_lowercase()));
        assert!(same_address("1H6Z", "1H6Z"));
        assert!(!same_address("1H6Z", "1h6z"));
        assert!(!same_address(evm, &evm[..41]));
        assert!(!same_address(&evm[..41], &evm[..41].to_lowercase()));
        assert!(!same_address(evm, &evm.replace("0x", "0X")));
        let other = evm.replace('A', "Z");
        assert!(!same_address(&other, &other.to_lowercase()));
    }

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
