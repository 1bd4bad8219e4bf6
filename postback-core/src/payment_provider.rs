use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::Serialize;

use crate::{
    Provider, Verified,
    event::{Contents, Digest, Digester, EventRecord, FieldDigests, Stage, payload_json},
    reconcile::{Assurance, Disposition, Outcome, Price, ReconcileError, Reconciliation},
};

/// A [`Provider`] whose verified postbacks each report a payment, so that it can be reconciled, recorded and credited.
///
/// It is implemented beside the provider, in any crate. Only [`Verified::reconcile`] makes a record of what its functions
/// return, so that nothing but a verified postback is recorded. CryptoCloud and Trybit implement it. CryptAPI and
/// BlockBee do not, because their callbacks are bound to an order first.
///
/// The guide has an example. The postbacks of a provider that does not implement it are verified, and can
/// be neither reconciled nor recorded:
///
/// ```compile_fail,E0277
/// use postback_core::{
///     Verified,
///     cryptapi::{CryptApi, Get},
///     reconcile::{Price, ReconcileError, Reconciliation},
/// };
///
/// fn unbound(
///     callback: &Verified<CryptApi<Get>>,
///     price: &Price,
/// ) -> Result<Reconciliation, ReconcileError> {
///     callback.reconcile(price)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which payment its postbacks report",
    label = "this postback can be neither reconciled nor recorded",
    note = "implement `postback_core::PaymentProvider` for `{Self}`",
    note = "a callback of CryptAPI or BlockBee is bound first: `callback.bind(&expected)?.reconcile(&price)`"
)]
pub trait PaymentProvider: Provider {
    /// Namespace of the payment ids. Defaults to the provider's [name](Provider::NAME); only this crate can make
    /// another, for two brands of one provider. A provider with the name of one of this crate's does not compile where
    /// its payments are reconciled, because their records would be taken for each other's.
    const NAMESPACE: Namespace<Self> = Namespace(None, PhantomData);

    /// Returns what a verified postback says of its payment: the key, the fields that must not change, and the payload.
    fn payment_event(payload: &Self::Payload) -> PaymentEvent<'_>;

    /// Compares the payment with a price, by what the postback says of it.
    ///
    /// [`Price::compare_in`](crate::reconcile::Price::compare_in) compares an amount, and
    /// [`Price::paid_in_full`](crate::reconcile::Price::paid_in_full) is for a provider that states none. A payment that
    /// may still vanish is [`Outcome::Pending`], and credits nothing. An amount that this returns is compared with the
    /// price again: whether it is enough is for the price to say.
    fn outcome(payload: &Self::Payload, price: &Price) -> Outcome;

    /// Returns whether the provider's postbacks state amounts in the price's currency. Defaults to true. CryptoCloud and
    /// Trybit state them in coins and in US dollars.
    ///
    /// Check it when the order is made: otherwise [`Verified::reconcile`] fails for each of its postbacks.
    #[must_use]
    fn states_amounts_in(_price: &Price) -> bool {
        true
    }
}

/// Namespace of the payment ids of `P`. That of one provider is of another type than that of the next, so that no
/// provider can take another's.
pub struct Namespace<P>(Option<&'static str>, PhantomData<fn() -> P>);

/// What a verified postback says of its payment; made by [`PaymentProvider::payment_event`].
#[must_use = "a record is made of it"]
pub struct PaymentEvent<'a> {
    id: &'a str,
    fields: Vec<(&'static str, Cow<'a, str>)>,
    payload_json: Box<dyn Fn() -> String + 'a>,
    stage: Stage,
    transfer: Option<Digest>,
    has_signed_figures: bool,
}

impl<'a> PaymentEvent<'a> {
    /// Describes a payment. `id` is the provider's signed id of it: the same in each delivery, and unique. `payload` is
    /// kept with the record as JSON, for the operator; one that cannot be serialized is kept as `null`.
    pub fn new(id: &'a str, payload: impl Serialize + 'a) -> Self {
        Self {
            id,
            fields: Vec::new(),
            payload_json: Box::new(move || payload_json(&payload)),
            stage: Stage::Confirmed,
            transfer: None,
            has_signed_figures: false,
        }
    }

    /// Adds a field that must not change, such as the amount. If it changes after the payment was credited, the store
    /// returns a conflict that names it. A field without a value is left out.
    pub fn field(mut self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.fields.extend(value.map(|value| (name, value.into())));
        self
    }

    /// Sets how far the payment is. Defaults to [`Stage::Confirmed`]. One that is pending credits nothing, whatever
    /// [`outcome`](PaymentProvider::outcome) returns.
    pub fn with_stage(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// Names the transfer on the chain, by its coin, transaction and address for example: the same transfer under another
    /// id is then not credited, and is a possible duplicate for a person to look at.
    pub fn with_transfer<'t>(self, parts: impl IntoIterator<Item = &'t str>) -> Self {
        let digester = Digester::new("transfer 1");
        let transfer = parts.into_iter().map(Some).fold(digester, Digester::field);
        Self {
            transfer: Some(transfer.finish()),
            ..self
        }
    }

    /// Says that the signature covers the figures: amount, currency and status. Without it their assurance is
    /// [`Assurance::Unsigned`], which is what a price needs unless it asks for more.
    pub fn with_signed_figures(self) -> Self {
        Self {
            has_signed_figures: true,
            ..self
        }
    }

    fn assurance(&self) -> Assurance {
        match self.stage {
            _ if !self.has_signed_figures => Assurance::Unsigned,
            Stage::Confirmed => Assurance::Confirmed,
            Stage::Pending => Assurance::Signed,
        }
    }

    fn digest(&self, namespace: &str) -> FieldDigests {
        let fields = self.fields.iter();
        FieldDigests::new(
            namespace,
            fields.map(|(name, value)| (*name, Some(&**value))),
        )
    }
}

/// Shows the id, and nothing of the payload.
impl fmt::Debug for PaymentEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentEvent")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Verified<P> {
    /// Returns the provider's signed id of the payment, to look the order up by.
    #[must_use]
    pub fn payment_id(&self) -> &str
    where
        P: PaymentProvider,
    {
        P::payment_event(self.payload()).id
    }

    /// Compares the payment with a price, by the rules of the provider. Those of CryptoCloud and Trybit are in
    /// the documentation of the module `cryptocloud`.
    ///
    /// # Errors
    ///
    /// - [`ReconcileError::FiatNotStated`] if the provider's postbacks state no amounts in the price's currency;
    /// - [`ReconcileError::InvalidPaymentId`] if the provider names the payment by a blank id, by one with control
    ///   characters, or by one of more than 256 bytes.
    pub fn reconcile(&self, price: &Price) -> Result<Reconciliation, ReconcileError>
    where
        P: PaymentProvider,
    {
        const {
            assert!(
                P::NAMESPACE.0.is_some() || !is_reserved(P::NAME),
                "payments cannot be recorded under the name of a provider of `postback-core`"
            );
            assert!(
                is_name(P::NAME),
                "payments are recorded under a name of lower-case letters, digits, `-` and `_`"
            );
        }
        if !P::states_amounts_in(price) {
            return Err(ReconcileError::FiatNotStated {
                provider: P::NAME,
                currency: price.currency().to_owned(),
            });
        }
        let event = P::payment_event(self.payload());
        let is_id = !event.id.trim().is_empty()
            && event.id.len() <= MAX_ID_LENGTH
            && !event.id.contains(char::is_control);
        if !is_id {
            return Err(ReconcileError::InvalidPaymentId { provider: P::NAME });
        }
        let outcome = match (event.stage, P::outcome(self.payload(), price)) {
            (Stage::Pending, outcome) if outcome.disposition() != Disposition::Ignore => {
                Outcome::Pending
            }
            // Whatever the provider takes for enough: it is the price that decides.
            (_, Outcome::Paid(paid) | Outcome::Overpaid(paid) | Outcome::Underpaid(paid)) => {
                price.compare(&paid)
            }
            (_, outcome) => outcome,
        };
        let namespace = P::NAMESPACE.0.unwrap_or(P::NAME);
        let assurance = event.assurance();
        let record = EventRecord::from(Contents {
            namespace,
            project: self.project(),
            id: event.id,
            stage: event.stage,
            digest: event.digest(namespace),
            transfer: event.transfer,
            payload_json: (event.payload_json)(),
        });
        Ok(Reconciliation::new(record, price, assurance, outcome))
    }
}

/// Longest id of a payment, in bytes: far longer than any there is.
const MAX_ID_LENGTH: usize = 256;

impl<P> Namespace<P> {
    /// Of CryptoCloud and Trybit, which are one provider.
    #[cfg(feature = "cryptocloud")]
    pub(crate) const CRYPTOCLOUD: Self = Self(Some("cryptocloud"), PhantomData);

    /// The same namespace for a provider that wraps `P`.
    pub(crate) const fn of_wrapper<W>(self) -> Namespace<W> {
        Namespace(self.0, PhantomData)
    }
}

impl<P> Clone for Namespace<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Namespace<P> {}

impl<P> fmt::Debug for Namespace<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.0).finish()
    }
}

/// Whether a name is the same wherever it is stored, logged or typed.
const fn is_name(name: &str) -> bool {
    let mut bytes = name.as_bytes();
    while let [first, rest @ ..] = bytes {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        bytes = rest;
    }
    !name.is_empty()
}

/// Whether payments of this crate's own providers are recorded under a name, or may be.
const fn is_reserved(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"blockbee" | b"cryptapi" | b"cryptocloud" | b"trybit"
    )
}
