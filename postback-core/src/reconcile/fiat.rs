/// Returns whether `code` is the code of a fiat currency, in any case.
pub(super) fn is_fiat(code: &str) -> bool {
    CODES
        .split_ascii_whitespace()
        .any(|fiat| fiat.eq_ignore_ascii_case(code))
}

/// Currencies of ISO 4217, without funds, metals and test codes.
///
/// A list, because a crate would add a build script and a table of countries for these 154 codes.
const CODES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL \
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF \
    KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD \
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH \
    UGX USD UYU UZS VED VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

#[cfg(test)]
mod tests {
    use super::*;

    /// Covers the fiat codes and some coins of the providers' documentation.
    #[test]
    fn documented_fiat_codes_are_distinguished_from_coins() {
        let documented = "USD UZS KGS KZT AMD AZN BYN AUD TRY AED CAD CNY HKD IDR INR JPY PHP SGD \
                          THB VND MYR RUB UAH EUR GBP usd Eur";
        for code in documented.split_whitespace() {
            assert!(is_fiat(code), "{code}");
        }
        for coin in [
            "BTC",
            "btc",
            "DAI",
            "TON",
            "SOL",
            "USDT",
            "USDT_TRC20",
            "bep20/usdt",
            "",
            " ",
        ] {
            assert!(!is_fiat(coin), "{coin}");
        }
        assert!(CODES.split_whitespace().all(|code| code.len() == 3));
    }
}
