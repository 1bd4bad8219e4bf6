use std::{borrow::Cow, fmt};

use serde::Serialize;

use crate::{
    Provider, Verified,
    event::{Contents, EventRecord, FieldDigests, Stage, payload_json},
    reconcile::{Assurance, Outcome, Price, ReconcileError, Reconciliation},
};

/// A [`Provider`] whose verified postbacks each report a payment, so that it can be reconciled, recorded and credited.
///
/// It is implemented beside the provider, in any crate. Only [`Verified::reconcile`] makes a record of what its functions
/// return, so that nothing but a verified postback is recorded. CryptoCloud and Trybit implement it. CryptAPI and BlockBee do not, because their callbacks
/// are [bound](crate::Verified::bind) to an order first.
///
/// The documentation of [`Provider`] has an example. A provider that does not implement it verifies postbacks, and they
/// can be neither reconciled nor recorded:
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
    const NAMESPACE: Namespace = Namespace(None);

    /// Returns what a verified postback says of its payment: the key, the fields that must not change, and the payload.
    fn payment_event(payload: &Self::Payload) -> PaymentEvent<'_>;

    /// Compares the payment with a price, by what the postback says of it.
    ///
    /// [`Price::compare_in`](crate::reconcile::Price::compare_in) compares an amount, and
    /// [`Price::paid_in_full`](crate::reconcile::Price::paid_in_full) is for a provider that states none. A payment that
    /// may still vanish is [`Outcome::Pending`], and credits nothing.
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

/// Namespace of the payment ids of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace(Option<&'static str>);

/// What a verified postback says of its payment; made by [`PaymentProvider::payment_event`].
#[must_use = "a record is made of it"]
pub struct PaymentEvent<'a> {
    id: &'a str,
    fields: Vec<(&'static str, Cow<'a, str>)>,
    payload_json: Box<dyn Fn() -> String + 'a>,
    has_signed_figures: bool,
}

impl<'a> PaymentEvent<'a> {
    /// Takes the provider's signed id of the payment, which is the same for each of its deliveries and for no other
    /// payment, and the payload, which is kept with the record as JSON, for the operator.
    pub fn new(id: &'a str, payload: impl Serialize + 'a) -> Self {
        Self {
            id,
            fields: Vec::new(),
            payload_json: Box::new(move || payload_json(&payload)),
            has_signed_figures: true,
        }
    }

    /// Adds a field that must not change from one delivery to the next, such as the amount: if it does after the payment
    /// was credited, a store returns a conflict that names it. A field without a value is left out.
    pub fn field(mut self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.fields.extend(value.map(|value| (name, value.into())));
        self
    }

    /// Says that the signature does not cover the figures: then their assurance is [`Assurance::Unsigned`].
    pub fn with_unsigned_figures(self) -> Self {
        Self {
            has_signed_figures: false,
            ..self
        }
    }

    fn assurance(&self, stage: Stage) -> Assurance {
        match stage {
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

    /// Compares the payment with a price. What is compared, and how far it can be trusted, is the provider's to say: of
    /// CryptoCloud and Trybit see [`cryptocloud`](crate::cryptocloud#reconciling).
    ///
    /// # Errors
    ///
    /// [`ReconcileError::FiatNotStated`] if the provider's postbacks state no amounts in the price's currency.
    pub fn reconcile(&self, price: &Price) -> Result<Reconciliation, ReconcileError>
    where
        P: PaymentProvider,
    {
        const {
            assert!(
                P::NAMESPACE.0.is_some() || !is_reserved(P::NAME),
                "payments cannot be recorded under the name of a provider of `postback-core`"
            );
        }
        if !P::states_amounts_in(price) {
            return Err(ReconcileError::FiatNotStated {
                provider: P::NAME,
                currency: price.currency().to_owned(),
            });
        }
        let outcome = P::outcome(self.payload(), price);
        let stage = match outcome {
            Outcome::Pending => Stage::Pending,
            _ => Stage::Confirmed,
        };
        let event = P::payment_event(self.payload());
        let namespace = P::NAMESPACE.0.unwrap_or(P::NAME);
        let record = EventRecord::from(Contents {
            namespace,
            scope: self.scope(),
            id: event.id,
            stage,
            digest: event.digest(namespace),
            transfer: None,
            payload_json: (event.payload_json)(),
        });
        let assurance = event.assurance(stage);
        Ok(Reconciliation::new(record, price, assurance, outcome))
    }
}

impl Namespace {
    /// Of CryptoCloud and Trybit, which are one provider.
    #[cfg(feature = "cryptocloud")]
    pub(crate) const CRYPTOCLOUD: Self = Self(Some("cryptocloud"));
}

/// Whether payments of this crate's own providers are recorded under a name, or may be.
const fn is_reserved(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"blockbee" | b"cryptapi" | b"cryptocloud" | b"trybit"
    )
}
