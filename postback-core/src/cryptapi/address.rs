use std::borrow::Cow;

pub(super) fn same_address(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

/// The same text for the same address: EIP-55 writes a checksum into the case of an EVM address, and not every
/// wallet does.
pub(super) fn canonical(address: &str) -> Cow<'_, str> {
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
}
