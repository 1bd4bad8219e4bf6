use std::fmt;

use postback_core::event::FieldDigests;

/// Record of a payment, as [`Recorded`](crate::Recorded) left it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Whether the payment was credited. If not, it was recorded for a person to look at.
    pub credited: bool,
    /// Digests of the fields that must not change from one delivery to the next.
    pub digest: FieldDigests,
    /// The payload as JSON, as
    /// [`EventRecord::payload_json`](postback_core::event::EventRecord::payload_json) has it;
    /// absent once it was pruned.
    pub payload: Option<String>,
    /// When it was recorded, by the store's clock, in Unix seconds.
    pub recorded_at: i64,
}

/// Shows nothing of the payload.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("credited", &self.credited)
            .field("digest", &self.digest)
            .field("recorded_at", &self.recorded_at)
            .finish_non_exhaustive()
    }
}
