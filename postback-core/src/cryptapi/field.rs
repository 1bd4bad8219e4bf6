/// What a field of the provider may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A decimal that is not negative, as a number or a text.
    Amount,
    /// A number of things, as a number or a text.
    Count,
    /// A text of limited length, without control characters, that must be there and not be blank.
    Identifier,
    /// A text, or an object or array.
    Nested,
    /// 1 or 0, as a number or a text, and must be there.
    Stage,
    /// A text.
    Text,
}

impl Kind {
    pub(super) const fn is_required(self) -> bool {
        matches!(self, Self::Identifier | Self::Stage)
    }
}

macro_rules! fields {
    ($($variant:ident = $name:literal: $kind:ident,)+) => {
        /// A field that the provider sends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum FieldName {
            $($variant,)+
        }

        impl FieldName {
            /// All of them, in the order of their discriminants.
            pub(super) const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub(super) const fn kind(self) -> Kind {
                match self {
                    $(Self::$variant => Kind::$kind,)+
                }
            }
        }
    };
}

// The provider's documented fields, and those that older callbacks carry (`fee`, `result`, `value`,
// `value_forwarded`).
fields! {
    AddressIn = "address_in": Identifier,
    AddressOut = "address_out": Nested,
    Coin = "coin": Identifier,
    Confirmations = "confirmations": Count,
    Fee = "fee": Amount,
    FeeCoin = "fee_coin": Amount,
    Pending = "pending": Stage,
    Price = "price": Amount,
    Result = "result": Text,
    TxidIn = "txid_in": Text,
    TxidOut = "txid_out": Text,
    Uuid = "uuid": Identifier,
    Value = "value": Amount,
    ValueCoin = "value_coin": Amount,
    ValueCoinConvert = "value_coin_convert": Nested,
    ValueForwarded = "value_forwarded": Amount,
    ValueForwardedCoin = "value_forwarded_coin": Amount,
    ValueForwardedCoinConvert = "value_forwarded_coin_convert": Nested,
}

impl FieldName {
    /// Whether a callback without it is rejected.
    pub(super) const fn is_required(self) -> bool {
        self.kind().is_required()
    }

    /// Whether a callback in which it cannot be read is rejected. Every other field only informs, and is
    /// *unreadable* instead.
    pub(super) const fn is_needed(self) -> bool {
        self.is_required() || matches!(self, Self::ValueCoin)
    }
}
