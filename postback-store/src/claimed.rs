use postback_core::claim::Digest;

/// What became of a claim. Each of them is acknowledged; what is credited differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "whether to credit depends on it"]
#[non_exhaustive]
pub enum Claimed {
    /// The event is heard for the first time. What it is worth is for `settle` to say, and a pending notice is worth
    /// nothing yet. Credit in the transaction that claimed it: both are kept, or neither.
    New,
    /// It was claimed before, and says the same. There is nothing to do.
    AlreadyDone,
    /// A pending notice of a payment whose final one was claimed before. There is nothing to do.
    Superseded,
    /// It was claimed before and said something else. The first claim stands, and nothing of what is said now is
    /// kept: tell a person.
    Changed {
        /// Of what was claimed.
        before: Digest,
        /// Of what is said now.
        now: Digest,
    },
    /// It is heard for the first time, final, and is claimed; but its transfer on the chain was claimed under another
    /// id, finally too. Tell a person, who looks before it is credited.
    PossibleDuplicate {
        /// The other id.
        of: String,
    },
}

impl Claimed {
    /// What a claim is whose event was claimed before.
    #[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
    pub(crate) fn again(before: Digest, now: Digest) -> Self {
        match before == now {
            true => Self::AlreadyDone,
            false => Self::Changed { before, now },
        }
    }

    /// Whether the event is heard for the first time. Each of a payment's two notices is, once.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }
}
