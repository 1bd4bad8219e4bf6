/// Stage of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a store must handle both")]
pub enum Stage {
    /// Final: the payment may be credited. For CryptAPI and BlockBee, `pending` is 0: the payment
    /// has as many confirmations as were requested.
    Confirmed,
    /// Seen on the chain, and may still disappear. For CryptAPI and BlockBee, `pending` is 1, and
    /// it is sent only if it was requested.
    Pending,
}
