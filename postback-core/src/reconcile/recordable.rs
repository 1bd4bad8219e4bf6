use super::Reconciliation;

/// Type that a store records, which is [`Reconciliation`] only. This trait is sealed.
///
/// It is a trait so that the compiler's message can explain what to pass.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reconciled payment, and cannot be recorded",
    label = "expected what `reconcile` returns",
    note = "call `reconcile(&price)` on the verified payment, or on a callback that is bound to its order",
    note = "a provider of your own implements `postback_core::PaymentProvider`"
)]
pub trait Recordable: Sync + sealed::Recordable {
    /// Returns the reconciliation.
    fn reconciliation(&self) -> &Reconciliation;
}

mod sealed {
    pub trait Recordable {}
}

impl sealed::Recordable for Reconciliation {}

impl Recordable for Reconciliation {
    fn reconciliation(&self) -> &Reconciliation {
        self
    }
}
