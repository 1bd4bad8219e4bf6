use std::fmt;

use postback_core::claim::Digest;

/// What is kept of a claim.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Of what must not change from one delivery to the next.
    pub digest: Digest,
    /// What the event said, as JSON; absent once it was pruned.
    pub event: Option<String>,
    /// When it was claimed, by the store's clock, in Unix seconds.
    pub claimed_at: i64,
}

/// Shows nothing of what the event said.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("digest", &self.digest)
            .field("claimed_at", &self.claimed_at)
            .finish_non_exhaustive()
    }
}
