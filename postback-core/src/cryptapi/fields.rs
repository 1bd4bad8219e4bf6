use std::{fmt, ops::Range, str};

use bytes::Bytes;

use super::{Converted, Payout};
use crate::{Amount, Field, event::Stage};

/// What the provider says of a payment: its fields, each of which but [`uuid`](Self::uuid),
/// [`address_in`](Self::address_in), [`coin`](Self::coin) and [`stage`](Self::stage) may be absent.
///
/// Whose payment it is, is another question: from [`Callback::unbound`](super::Callback::unbound) it may
/// be anybody's, from a [`Bound`](super::Bound) it is the shop's own.
///
/// Names and meanings are those of the provider's documentation of callbacks, and of running
/// integrations where it is silent. Amounts are never negative. A field that is there and cannot be read is
/// [unreadable](Self::unreadable), and its accessor offers none.
#[derive(Clone)]
pub struct CallbackFields {
    /// The signed text that the fields stand in: UTF-8.
    pub(super) source: Bytes,
    /// The values that stand there otherwise than they are meant, one after the other.
    pub(super) decoded: String,
    /// Where each field's value stands.
    pub(super) places: Places,
    /// The fields that are there and cannot be read.
    pub(super) unreadable: Flags,
    pub(super) stage: Stage,
}

pub(super) type Flags = [bool; FieldName::ALL.len()];

pub(super) type Places = [Option<Place>; FieldName::ALL.len()];

/// Where a value stands.
#[derive(Clone)]
pub(super) enum Place {
    Decoded(Range<u32>),
    Source(Range<u32>),
}

impl CallbackFields {
    /// The longest `uuid`, `address_in` and `coin` accepted, in bytes: far longer than any there is.
    pub const MAX_IDENTIFIER_LENGTH: usize = 256;

    /// The payment's id, the same from pending to confirmed. Not always a UUID.
    #[must_use]
    pub fn uuid(&self) -> &str {
        self.text(FieldName::Uuid).unwrap_or_default()
    }

    /// How far the payment is.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The address that was paid to, made for the order.
    #[must_use]
    pub fn address_in(&self) -> &str {
        self.text(FieldName::AddressIn).unwrap_or_default()
    }

    /// Where the provider forwards the payment to, decoded and otherwise as it came: one address, or several
    /// with their shares, which [`payouts`](Self::payouts) reads.
    #[must_use]
    pub fn address_out(&self) -> Option<&str> {
        self.text(FieldName::AddressOut)
    }

    /// The addresses in [`address_out`](Self::address_out); [`Field::Other`] in a form never seen.
    #[must_use]
    pub fn payouts(&self) -> Field<'_, Vec<Payout<'_>>> {
        self.nested(FieldName::AddressOut, Payout::read_all)
    }

    /// The payer's transaction.
    #[must_use]
    pub fn txid_in(&self) -> Option<&str> {
        self.text(FieldName::TxidIn)
    }

    /// The forwarding transaction.
    #[must_use]
    pub fn txid_out(&self) -> Option<&str> {
        self.text(FieldName::TxidOut)
    }

    /// What was paid: a ticker, after its network and `_` where it has one, such as `bep20_usdt`.
    #[must_use]
    pub fn coin(&self) -> &str {
        self.text(FieldName::Coin).unwrap_or_default()
    }

    /// The coin's price, in US dollars.
    #[must_use]
    pub fn price(&self) -> Option<Amount> {
        self.amount(FieldName::Price)
    }

    /// How many confirmations the payer's transaction has.
    #[must_use]
    pub fn confirmations(&self) -> Option<u64> {
        // Checked when the callback was read.
        self.text(FieldName::Confirmations)?.parse().ok()
    }

    /// What was paid, fees included, in units of the [`coin`](Self::coin).
    #[must_use]
    pub fn value_coin(&self) -> Option<Amount> {
        self.amount(FieldName::ValueCoin)
    }

    /// [`value_coin`](Self::value_coin) in other currencies.
    #[must_use]
    pub fn value_coin_convert(&self) -> Field<'_, Vec<Converted<'_>>> {
        self.nested(FieldName::ValueCoinConvert, Converted::read_all)
    }

    /// What is forwarded, fees taken off, in units of the [`coin`](Self::coin).
    #[must_use]
    pub fn value_forwarded_coin(&self) -> Option<Amount> {
        self.amount(FieldName::ValueForwardedCoin)
    }

    /// [`value_forwarded_coin`](Self::value_forwarded_coin) in other currencies.
    #[must_use]
    pub fn value_forwarded_coin_convert(&self) -> Field<'_, Vec<Converted<'_>>> {
        self.nested(FieldName::ValueForwardedCoinConvert, Converted::read_all)
    }

    /// The provider's fee, in units of the [`coin`](Self::coin).
    #[must_use]
    pub fn fee_coin(&self) -> Option<Amount> {
        self.amount(FieldName::FeeCoin)
    }

    /// What was paid, in the coin's smallest units; older callbacks have it.
    #[must_use]
    pub fn value(&self) -> Option<Amount> {
        self.amount(FieldName::Value)
    }

    /// What is forwarded, in the coin's smallest units; older callbacks have it.
    #[must_use]
    pub fn value_forwarded(&self) -> Option<Amount> {
        self.amount(FieldName::ValueForwarded)
    }

    /// The provider's fee, in the coin's smallest units; older callbacks have it.
    #[must_use]
    pub fn fee(&self) -> Option<Amount> {
        self.amount(FieldName::Fee)
    }

    /// A mark of the delivery, such as `sent`; it says nothing of the payment.
    #[must_use]
    pub fn result(&self) -> Option<&str> {
        self.text(FieldName::Result)
    }

    /// The fields that are there and cannot be read, with their values: as JSON has them, decoded, or, where that is
    /// not possible, encoded as in the form or query.
    ///
    /// None of them rejects a callback; `reconcile` names the one that it needs, and a log event names all of them.
    pub fn unreadable(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = FieldName::ALL
            .into_iter()
            .filter(|name| self.is_unreadable(*name));
        fields.map(|name| {
            let raw = self.raw(name).and_then(|raw| str::from_utf8(raw).ok());
            (name.name(), raw.unwrap_or_default())
        })
    }

    /// Whether an id or address begins as in the samples of the provider's support pages.
    pub(super) fn is_test(&self) -> bool {
        [
            FieldName::Uuid,
            FieldName::AddressIn,
            FieldName::AddressOut,
            FieldName::TxidIn,
            FieldName::TxidOut,
        ]
        .into_iter()
        .any(|name| {
            let bytes = self.bytes(name);
            bytes.is_some_and(|bytes| bytes.starts_with(b"TEST_"))
        })
    }

    pub(super) fn text(&self, name: FieldName) -> Option<&str> {
        str::from_utf8(self.bytes(name)?).ok()
    }

    /// The text's bytes, where it need not be looked at whole.
    pub(super) fn bytes(&self, name: FieldName) -> Option<&[u8]> {
        match self.is_unreadable(name) {
            true => None,
            false => self.raw(name),
        }
    }

    fn is_unreadable(&self, name: FieldName) -> bool {
        self.unreadable.get(name as usize) == Some(&true)
    }

    fn raw(&self, name: FieldName) -> Option<&[u8]> {
        // The place was taken from these very texts when the callback was read.
        let (source, place) = match self.places.get(name as usize)?.as_ref()? {
            Place::Decoded(place) => (self.decoded.as_bytes(), place),
            Place::Source(place) => (&*self.source, place),
        };
        source.get(place.start.try_into().ok()?..place.end.try_into().ok()?)
    }

    /// The signed text that the fields stand in.
    pub(super) fn source(&self) -> &str {
        str::from_utf8(&self.source).unwrap_or_default()
    }

    fn amount(&self, name: FieldName) -> Option<Amount> {
        // Checked when the callback was read.
        self.text(name)?.parse().ok()
    }

    fn nested<'a, T>(
        &'a self,
        name: FieldName,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Field<'a, T> {
        let Some(text) = self.raw(name).and_then(|raw| str::from_utf8(raw).ok()) else {
            return Field::Absent;
        };
        match self.is_unreadable(name) {
            true => Field::Other(text),
            false => read(text).map_or(Field::Other(text), Field::Known),
        }
    }
}

/// Shows which payment it is, how far it is, and no more.
impl fmt::Debug for CallbackFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackFields")
            .field("uuid", &self.uuid())
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

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
