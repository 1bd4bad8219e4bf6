use std::fmt;

use postback_core::event::FieldDigests;

/// Record of a payment.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Credited, or recorded for review: a person has to look at it.
    pub credited: bool,
    /// Digests of the fields that must not change from one delivery to the next.
    pub digest: FieldDigests,
    /// Payload as JSON, as
    /// [`EventRecord::payload_json`](postback_core::event::EventRecord::payload_json) returned it;
    /// absent after it was pruned.
    pub payload: Option<String>,
    /// Time when it was recorded, by the store's clock, in Unix seconds.
    pub recorded_at: i64,
}

/// Shows no payload.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("credited", &self.credited)
            .field("digest", &self.digest)
            .field("recorded_at", &self.recorded_at)
            .finish_non_exhaustive()
    }
}
