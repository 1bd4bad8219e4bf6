/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a store must know both")]
pub enum Stage {
    /// Final: the one to credit on. Of CryptAPI and BlockBee, `pending` is 0: the payment has as many confirmations as
    /// were asked for.
    Confirmed,
    /// Seen, and may still vanish. Of CryptAPI and BlockBee, `pending` is 1, and it is sent only if it was asked for.
    Pending,
}
