use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::Serialize;

use crate::{
    Provider, Verified,
    event::{
        Contents, Digest, Digester, EventRecord, FieldDigests, MAX_ID_LENGTH, Stage, payload_json,
    },
    reconcile::{Assurance, Disposition, Outcome, Price, ReconcileError, Reconciliation},
};

/// [`Provider`] whose verified postbacks each report a payment, which can be reconciled, recorded
/// and credited.
///
/// Any crate can implement it for its own provider. Records are created by [`Verified::reconcile`]
/// only, so an unverified postback cannot be recorded. CryptoCloud and Trybit implement it.
/// CryptAPI and BlockBee do not, because their callbacks must be bound to an order first.
///
/// The guide has an example. A postback of a provider that does not implement it can be verified,
/// but neither reconciled nor recorded:
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
    message = "`{Self}` does not implement `PaymentProvider`, which defines the payment that a postback reports",
    label = "this postback can be neither reconciled nor recorded",
    note = "implement `postback_core::PaymentProvider` for `{Self}`",
    note = "a callback of CryptAPI or BlockBee is bound first: `callback.bind(&expected)?.reconcile(&price)`"
)]
pub trait PaymentProvider: Provider {
    /// Namespace of the payment ids. Defaults to the provider's [name](Provider::NAME).
    ///
    /// Only this crate can create another namespace, for two brands of one provider. A provider
    /// with the name of one of this crate's does not compile where its payments are reconciled,
    /// because a store could not distinguish their records.
    const NAMESPACE: Namespace<Self> = Namespace(None, PhantomData);

    /// Returns the payment that a verified postback reports: its id, the fields that must not
    /// change, and the payload.
    fn payment_event(payload: &Self::Payload) -> PaymentEvent<'_>;

    /// Compares the reported payment with a price.
    ///
    /// Use [`Price::compare_in`](crate::reconcile::Price::compare_in) for an amount, and
    /// [`Price::paid_in_full`](crate::reconcile::Price::paid_in_full) for a provider that states
    /// none. Return [`Outcome::Pending`] for a payment that is not final; it credits nothing.
    ///
    /// A returned amount is compared with the price again, so [`Outcome::Paid`] does not credit an
    /// amount that is too small.
    fn outcome(payload: &Self::Payload, price: &Price) -> Outcome;

    /// Returns whether the provider's postbacks state amounts in the currency of the price.
    /// Defaults to true.
    ///
    /// CryptoCloud and Trybit state them in coins and in US dollars. Check it when you create the
    /// order, because [`Verified::reconcile`] returns an error for each of its postbacks otherwise.
    #[must_use]
    fn states_amounts_in(_price: &Price) -> bool {
        true
    }
}

/// Namespace of the payment ids of `P`. The type parameter prevents a provider from using the
/// namespace of another.
pub struct Namespace<P>(Option<&'static str>, PhantomData<fn() -> P>);

/// Payment that a verified postback reports; returned by [`PaymentProvider::payment_event`].
#[must_use = "a payment event does nothing until it is returned by `payment_event`"]
pub struct PaymentEvent<'a> {
    id: &'a str,
    fields: Vec<(&'static str, Cow<'a, str>)>,
    payload_json: Box<dyn Fn() -> String + 'a>,
    stage: Stage,
    transfer: Option<Digest>,
    has_signed_figures: bool,
}

impl<'a> PaymentEvent<'a> {
    /// Creates a confirmed payment without fields.
    ///
    /// `id` is the provider's signed id of the payment: unique, and the same in each delivery. **If
    /// it is not signed or not unique, a payment can be credited twice or not at all.** `payload`
    /// is stored with the record as JSON, for the operator; one that cannot be serialized is stored
    /// as `null`.
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

    /// Adds a field that must not change, such as the amount.
    ///
    /// If it changes after the payment was credited, the store returns a conflict that names it. A
    /// field without a value is left out.
    pub fn field(mut self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.fields.extend(value.map(|value| (name, value.into())));
        self
    }

    /// Sets the stage of the payment. Defaults to [`Stage::Confirmed`].
    ///
    /// A pending payment credits nothing, whatever [`outcome`](PaymentProvider::outcome) returns.
    pub fn with_stage(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// Sets the transfer on the chain, identified for example by coin, transaction and address.
    ///
    /// A transfer that was recorded under another id is then not credited again: the store reports
    /// a possible duplicate, for a person to check.
    pub fn with_transfer<'t>(self, parts: impl IntoIterator<Item = &'t str>) -> Self {
        let digester = Digester::new("transfer 1");
        let transfer = parts.into_iter().map(Some).fold(digester, Digester::field);
        Self {
            transfer: Some(transfer.finish()),
            ..self
        }
    }

    /// Sets that the signature covers amount, currency and status.
    ///
    /// Without it their assurance is [`Assurance::Unsigned`], which is what a [`Price`] requires by
    /// default.
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

/// Shows the id, and no part of the payload.
impl fmt::Debug for PaymentEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentEvent")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Verified<P> {
    /// Returns the provider's signed id of the payment, by which you find the order.
    #[must_use]
    pub fn payment_id(&self) -> &str
    where
        P: PaymentProvider,
    {
        P::payment_event(self.payload()).id
    }

    /// Compares the payment with a price, by the rules of the provider.
    ///
    /// The rules of CryptoCloud and Trybit are in the documentation of the module `cryptocloud`.
    ///
    /// # Errors
    ///
    /// - [`ReconcileError::FiatNotStated`] if the provider's postbacks state no amounts in the
    ///   currency of the price;
    /// - [`ReconcileError::InvalidPaymentId`] if the id of the payment is blank, contains a control
    ///   character, or is longer than 256 bytes.
    pub fn reconcile(&self, price: &Price) -> Result<Reconciliation, ReconcileError>
    where
        P: PaymentProvider,
    {
        const {
            assert!(
                P::NAMESPACE.0.is_some() || !is_reserved(P::NAME),
                "invalid `Provider::NAME`: expected one that no provider of `postback-core` has"
            );
            assert!(
                is_provider_name(P::NAME),
                "invalid `Provider::NAME`: expected lower-case letters, digits, `-` and `_`"
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
            // Compared again, because only the price decides whether an amount is enough.
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

impl<P> Namespace<P> {
    /// Namespace of CryptoCloud and Trybit, which are one provider.
    #[cfg(feature = "cryptocloud")]
    pub(crate) const CRYPTOCLOUD: Self = Self(Some("cryptocloud"), PhantomData);

    /// Returns the same namespace for a provider that wraps `P`.
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

/// Returns whether a name consists of lower-case letters, digits, `-` and `_`.
const fn is_provider_name(name: &str) -> bool {
    let mut bytes = name.as_bytes();
    while let [first, rest @ ..] = bytes {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        bytes = rest;
    }
    !name.is_empty()
}

/// Returns whether a name is reserved for the providers of this crate.
const fn is_reserved(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"blockbee" | b"cryptapi" | b"cryptocloud" | b"trybit"
    )
}
