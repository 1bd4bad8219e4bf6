use crate::decode::json::open_enum;

open_enum! {
    /// Coin and network of a payment: the codes of versions 1 and 2.
    ///
    /// The provider adds codes, so a code that this version does not know is a value like any
    /// other.
    ///
    /// ```
    /// use postback_core::cryptocloud::Currency;
    ///
    /// let currency = Currency::from("USDT_TRC20");
    /// assert_eq!(currency, Currency::UsdtTrc20);
    /// assert_eq!((currency.coin(), currency.network()), ("USDT", Some("TRC20")));
    ///
    /// let unknown = Currency::from("NEWCOIN_L2");
    /// assert_eq!((unknown.coin(), unknown.network()), ("NEWCOIN", Some("L2")));
    /// ```
    pub enum Currency {
        /// `ARB_ARB`: ARB on ARB.
        ArbArb = "ARB_ARB",
        /// `BNB`: BNB; the samples name BSC as its network.
        Bnb = "BNB",
        /// `BTC`: Bitcoin on its own network.
        Btc = "BTC",
        /// `DAI_ARB`: DAI on ARB.
        DaiArb = "DAI_ARB",
        /// `DAI_BASE`: DAI on BASE.
        DaiBase = "DAI_BASE",
        /// `DAI_BSC`: DAI on BSC.
        DaiBsc = "DAI_BSC",
        /// `DAI_ERC20`: DAI on ERC20.
        DaiErc20 = "DAI_ERC20",
        /// `DAI_OPT`: DAI on OPT.
        DaiOpt = "DAI_OPT",
        /// `ETH`: Ether on its own network.
        Eth = "ETH",
        /// `ETH_ARB`: ETH on ARB.
        EthArb = "ETH_ARB",
        /// `ETH_BASE`: ETH on BASE.
        EthBase = "ETH_BASE",
        /// `ETH_OPT`: ETH on OPT.
        EthOpt = "ETH_OPT",
        /// `LTC`: Litecoin on its own network.
        Ltc = "LTC",
        /// `OP_OPT`: OP on OPT.
        OpOpt = "OP_OPT",
        /// `PEPE_BSC`: PEPE on BSC.
        PepeBsc = "PEPE_BSC",
        /// `PEPE_ERC20`: PEPE on ERC20.
        PepeErc20 = "PEPE_ERC20",
        /// `PYUSD_ERC20`: PYUSD on ERC20.
        PyusdErc20 = "PYUSD_ERC20",
        /// `PYUSD_SOL`: PYUSD on SOL.
        PyusdSol = "PYUSD_SOL",
        /// `SHIB_BSC`: SHIB on BSC.
        ShibBsc = "SHIB_BSC",
        /// `SHIB_ERC20`: SHIB on ERC20.
        ShibErc20 = "SHIB_ERC20",
        /// `SOL`: Solana on its own network.
        Sol = "SOL",
        /// `TON`: Toncoin on its own network.
        Ton = "TON",
        /// `TRUMP_SOL`: TRUMP on SOL.
        TrumpSol = "TRUMP_SOL",
        /// `TRX`: Tron on its own network.
        Trx = "TRX",
        /// `TUSD_BSC`: TUSD on BSC.
        TusdBsc = "TUSD_BSC",
        /// `TUSD_ERC20`: TUSD on ERC20.
        TusdErc20 = "TUSD_ERC20",
        /// `TUSD_TRC20`: TUSD on TRC20.
        TusdTrc20 = "TUSD_TRC20",
        /// `USDC_ARB`: USDC on ARB.
        UsdcArb = "USDC_ARB",
        /// `USDC_BASE`: USDC on BASE.
        UsdcBase = "USDC_BASE",
        /// `USDC_BSC`: USDC on BSC.
        UsdcBsc = "USDC_BSC",
        /// `USDC_ERC20`: USDC on ERC20.
        UsdcErc20 = "USDC_ERC20",
        /// `USDC_OPT`: USDC on OPT.
        UsdcOpt = "USDC_OPT",
        /// `USDC_SOL`: USDC on SOL.
        UsdcSol = "USDC_SOL",
        /// `USDC_TRC20`: USDC on TRC20.
        UsdcTrc20 = "USDC_TRC20",
        /// `USDD_TRC20`: USDD on TRC20.
        UsddTrc20 = "USDD_TRC20",
        /// `USDT_ARB`: USDT on ARB.
        UsdtArb = "USDT_ARB",
        /// `USDT_BSC`: USDT on BSC.
        UsdtBsc = "USDT_BSC",
        /// `USDT_ERC20`: USDT on ERC20.
        UsdtErc20 = "USDT_ERC20",
        /// `USDT_OPT`: USDT on OPT.
        UsdtOpt = "USDT_OPT",
        /// `USDT_SOL`: USDT on SOL.
        UsdtSol = "USDT_SOL",
        /// `USDT_TON`: USDT on TON.
        UsdtTon = "USDT_TON",
        /// `USDT_TRC20`: USDT on TRC20.
        UsdtTrc20 = "USDT_TRC20",
        /// `XAUT_ERC20`: XAUT on ERC20.
        XautErc20 = "XAUT_ERC20",
        /// `XAUT_TON`: XAUT on TON.
        XautTon = "XAUT_TON",
    }
}

impl Currency {
    /// Returns the coin: the part of the code before the first `_`.
    #[must_use]
    pub fn coin(&self) -> &str {
        self.split().0
    }

    /// Returns the network: the part of the code after the first `_`, or `None` for a code without
    /// one, such as `BTC`.
    #[must_use]
    pub fn network(&self) -> Option<&str> {
        self.split().1
    }

    fn split(&self) -> (&str, Option<&str>) {
        match self.as_str().split_once('_') {
            Some((coin, network)) => (coin, Some(network)),
            None => (self.as_str(), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes in the documentation of version 2 (2026 and the year before) and of version 1.
    const DOCUMENTED: &str = "BTC LTC TRX SOL TON BNB ETH ETH_ARB ETH_BASE ETH_OPT \
        USDT_ARB USDT_BSC USDT_ERC20 USDT_OPT USDT_SOL USDT_TON USDT_TRC20 \
        USDC_ARB USDC_BASE USDC_BSC USDC_ERC20 USDC_OPT USDC_SOL \
        DAI_ARB DAI_BASE DAI_BSC DAI_ERC20 DAI_OPT USDD_TRC20 PYUSD_ERC20 PYUSD_SOL \
        XAUT_ERC20 XAUT_TON ARB_ARB OP_OPT PEPE_BSC PEPE_ERC20 SHIB_BSC SHIB_ERC20 TRUMP_SOL \
        TUSD_ERC20 TUSD_BSC USDC_TRC20 TUSD_TRC20";

    #[test]
    fn documented_code_is_known_and_splits() {
        for code in DOCUMENTED.split_whitespace() {
            let currency = Currency::from(code);
            assert!(!matches!(currency, Currency::Other(_)), "{code}");
            let joined = match currency.network() {
                Some(network) => format!("{}_{network}", currency.coin()),
                None => currency.coin().to_owned(),
            };
            assert_eq!(joined, code);
        }
    }

    #[test]
    fn codes_are_compared_exactly() {
        assert_eq!(Currency::from("btc").as_str(), "btc");
        assert_ne!(Currency::from("btc"), Currency::Btc);
        assert_eq!(Currency::Btc.network(), None);
    }
}
