use std::{fmt, ops::Range, str};

use bytes::Bytes;

use super::{Converted, Payout};
use crate::{
    Amount, Field,
    event::{MAX_ID_LENGTH, Stage},
};

/// Fields of the provider in a callback, which describe one payment.
///
/// [`uuid`](Self::uuid), [`address_in`](Self::address_in), [`coin`](Self::coin) and
/// [`stage`](Self::stage) are always present. Every other field may be absent.
///
/// The fields do not say whose payment it is. Those of
/// [`Callback::unbound`](super::Callback::unbound) may describe another customer's payment, those
/// of a [`Bound`](super::Bound) match your order.
///
/// Names and meanings are those of the provider's documentation of callbacks, and of running
/// integrations where it is silent. Amounts are never negative. A field that is present and cannot
/// be read is [unreadable](Self::unreadable), and its accessor returns no value.
#[derive(Clone)]
pub struct CallbackFields {
    /// The signed text that holds the fields, in UTF-8.
    pub(super) source: Bytes,
    /// The decoded values that `source` spells differently, one after the other.
    pub(super) decoded: String,
    /// The place of each field's value.
    pub(super) places: Places,
    /// The fields that are present and cannot be read.
    pub(super) unreadable: Flags,
    pub(super) stage: Stage,
}

pub(super) type Flags = [bool; FieldName::ALL.len()];

pub(super) type Places = [Option<Place>; FieldName::ALL.len()];

/// Place of a value, in `decoded` or in `source`.
#[derive(Clone)]
pub(super) enum Place {
    Decoded(Range<u32>),
    Source(Range<u32>),
}

impl CallbackFields {
    /// Maximum length of `uuid`, `address_in` and `coin`, in bytes. Real values are far shorter.
    pub const MAX_IDENTIFIER_LENGTH: usize = MAX_ID_LENGTH;

    /// Returns the id of the payment, which is the same for the pending and the confirmed callback.
    /// It is not always a UUID.
    #[must_use]
    pub fn uuid(&self) -> &str {
        self.text(FieldName::Uuid).unwrap_or_default()
    }

    /// Returns whether the payment is pending or confirmed.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the address that was paid to, which the provider made for the order.
    #[must_use]
    pub fn address_in(&self) -> &str {
        self.text(FieldName::AddressIn).unwrap_or_default()
    }

    /// Returns the addresses that the provider forwards the payment to, decoded and otherwise as
    /// received: one address, or several with their shares. [`payouts`](Self::payouts) reads them.
    #[must_use]
    pub fn address_out(&self) -> Option<&str> {
        self.text(FieldName::AddressOut)
    }

    /// Returns the addresses in [`address_out`](Self::address_out), or [`Field::Other`] if its form
    /// is unknown.
    #[must_use]
    pub fn payouts(&self) -> Field<'_, Vec<Payout<'_>>> {
        self.nested(FieldName::AddressOut, Payout::read_all)
    }

    /// Returns the id of the payer's transaction.
    #[must_use]
    pub fn txid_in(&self) -> Option<&str> {
        self.text(FieldName::TxidIn)
    }

    /// Returns the id of the forwarding transaction.
    #[must_use]
    pub fn txid_out(&self) -> Option<&str> {
        self.text(FieldName::TxidOut)
    }

    /// Returns the coin that was paid: a ticker such as `btc`, or a network, `_` and a ticker such
    /// as `bep20_usdt`.
    #[must_use]
    pub fn coin(&self) -> &str {
        self.text(FieldName::Coin).unwrap_or_default()
    }

    /// Returns the coin's price, in US dollars.
    #[must_use]
    pub fn price(&self) -> Option<Amount> {
        self.amount(FieldName::Price)
    }

    /// Returns the number of confirmations of the payer's transaction.
    #[must_use]
    pub fn confirmations(&self) -> Option<u64> {
        // Checked when the callback was read.
        self.text(FieldName::Confirmations)?.parse().ok()
    }

    /// Returns the amount that was paid, including fees, in units of the [`coin`](Self::coin).
    #[must_use]
    pub fn value_coin(&self) -> Option<Amount> {
        self.amount(FieldName::ValueCoin)
    }

    /// Returns [`value_coin`](Self::value_coin) in other currencies.
    #[must_use]
    pub fn value_coin_convert(&self) -> Field<'_, Vec<Converted<'_>>> {
        self.nested(FieldName::ValueCoinConvert, Converted::read_all)
    }

    /// Returns the amount that is forwarded, without fees, in units of the [`coin`](Self::coin).
    #[must_use]
    pub fn value_forwarded_coin(&self) -> Option<Amount> {
        self.amount(FieldName::ValueForwardedCoin)
    }

    /// Returns [`value_forwarded_coin`](Self::value_forwarded_coin) in other currencies.
    #[must_use]
    pub fn value_forwarded_coin_convert(&self) -> Field<'_, Vec<Converted<'_>>> {
        self.nested(FieldName::ValueForwardedCoinConvert, Converted::read_all)
    }

    /// Returns the provider's fee, in units of the [`coin`](Self::coin).
    #[must_use]
    pub fn fee_coin(&self) -> Option<Amount> {
        self.amount(FieldName::FeeCoin)
    }

    /// Returns the amount that was paid, in the coin's smallest units. Older callbacks have it.
    #[must_use]
    pub fn value(&self) -> Option<Amount> {
        self.amount(FieldName::Value)
    }

    /// Returns the amount that is forwarded, in the coin's smallest units. Older callbacks have it.
    #[must_use]
    pub fn value_forwarded(&self) -> Option<Amount> {
        self.amount(FieldName::ValueForwarded)
    }

    /// Returns the provider's fee, in the coin's smallest units. Older callbacks have it.
    #[must_use]
    pub fn fee(&self) -> Option<Amount> {
        self.amount(FieldName::Fee)
    }

    /// Returns a mark of the delivery, such as `sent`, which says nothing about the payment.
    #[must_use]
    pub fn result(&self) -> Option<&str> {
        self.text(FieldName::Result)
    }

    /// Returns the names and values of the fields that are present and cannot be read. A value is
    /// decoded if possible, and otherwise as received.
    ///
    /// An unreadable field never rejects a callback. If `reconcile` needs it, the outcome is
    /// [`Outcome::Unknown`](crate::reconcile::Outcome::Unknown) with its name. Log events list the
    /// names of all of them.
    pub fn unreadable(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = FieldName::ALL
            .into_iter()
            .filter(|name| self.is_unreadable(*name));
        fields.map(|name| {
            let raw = self.raw(name).and_then(|raw| str::from_utf8(raw).ok());
            (name.name(), raw.unwrap_or_default())
        })
    }

    /// Returns whether an id, address or transaction begins as in the samples of the provider's
    /// support pages.
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

    /// Returns the bytes of a field's [text](Self::text), without checking that they are UTF-8.
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
        // The place was found in these texts when the callback was read.
        let (source, place) = match self.places.get(name as usize)?.as_ref()? {
            Place::Decoded(place) => (self.decoded.as_bytes(), place),
            Place::Source(place) => (&*self.source, place),
        };
        source.get(place.start.try_into().ok()?..place.end.try_into().ok()?)
    }

    /// Returns the signed text that holds the fields.
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

/// Shows the id and the stage of the payment only.
impl fmt::Debug for CallbackFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackFields")
            .field("uuid", &self.uuid())
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// Kind of value that a field of the provider may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A decimal that is not negative, as a number or a text.
    Amount,
    /// A whole number, as a number or a text.
    Count,
    /// A text of limited length, without control characters. Required, and not blank.
    Identifier,
    /// A text, an object or an array.
    Nested,
    /// 1 or 0, as a number or a text. Required.
    Stage,
    /// A text without control characters.
    Text,
}

impl Kind {
    pub(super) const fn is_required(self) -> bool {
        matches!(self, Self::Identifier | Self::Stage)
    }
}

macro_rules! fields {
    ($($variant:ident = $name:literal: $kind:ident,)+) => {
        /// Field that the provider sends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum FieldName {
            $($variant,)+
        }

        impl FieldName {
            /// All fields, in the order of their discriminants.
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

// The provider's documented fields, and those of older callbacks (`fee`, `result`, `value`,
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
    /// Returns whether a callback without this field is rejected.
    pub(super) const fn is_required(self) -> bool {
        self.kind().is_required()
    }

    /// Returns whether a callback is rejected if this field cannot be read. Any other field is
    /// *unreadable* instead.
    pub(super) const fn is_needed(self) -> bool {
        self.is_required() || matches!(self, Self::ValueCoin)
    }
}
