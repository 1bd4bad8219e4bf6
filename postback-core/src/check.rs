use std::{fmt, sync::Arc};

use crate::{
    ClaimsDefect, KeyRing, Rejection,
    events::{self, Hint},
};

/// What a [`Provider`](crate::Provider) checks one postback against: the keys that are trusted
/// now, the time, and the limits that the application configured.
pub struct Check<'a, K> {
    keys: &'a KeyRing<K>,
    now: u64,
    leeway_seconds: u64,
    max_lifetime_seconds: Option<u64>,
    unpadded: fn(&K) -> Option<&K>,
    signed_by: Option<&'a Arc<str>>,
    hint: Option<Hint>,
}

impl<'a, K> Check<'a, K> {
    /// The verifier's clock, in Unix seconds.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Tries the current key, then each retired key whose time has not come.
    ///
    /// If none matches and somebody reads the operator's log, keys that are not trusted are tried too,
    /// for the log alone: whatever `matches` says of them, the answer is the refusal.
    ///
    /// # Errors
    ///
    /// [`Rejection::BadSignature`] if `matches` is false for all of them.
    pub fn signature(&mut self, matches: impl Fn(&K) -> bool) -> Result<(), Rejection> {
        self.signed_by = self
            .keys
            .trusted_at(self.now)
            .find_map(|(label, key)| matches(key).then_some(label));
        self.hint = None;
        if self.signed_by.is_some() {
            return Ok(());
        }
        if events::refusals_are_read() {
            self.hint = self.near_miss(matches);
        }
        Err(Rejection::BadSignature)
    }

    /// Judges signed times, in Unix seconds: `not_before`, then `expires_at`, then the ceiling on
    /// the lifetime if one is configured.
    ///
    /// # Errors
    ///
    /// - [`ClaimsDefect::NotYetValid`] if `not_before > now + leeway`;
    /// - [`Rejection::Expired`] if `expires_at <= now - leeway`;
    /// - [`ClaimsDefect::LifetimeTooLong`] if `expires_at > now + ceiling + leeway`.
    pub const fn validity(
        &self,
        not_before: Option<u64>,
        expires_at: u64,
    ) -> Result<(), Rejection> {
        let latest = self.now.saturating_add(self.leeway_seconds);
        if let Some(not_before) = not_before
            && not_before > latest
        {
            return Err(Rejection::InvalidClaims(ClaimsDefect::NotYetValid));
        }
        // Added to the expiry, not taken from the clock: a subtraction would stop at zero.
        if expires_at.saturating_add(self.leeway_seconds) <= self.now {
            return Err(Rejection::Expired {
                expires_at,
                now: self.now,
            });
        }
        if let Some(ceiling) = self.max_lifetime_seconds
            && expires_at > latest.saturating_add(ceiling)
        {
            return Err(Rejection::InvalidClaims(ClaimsDefect::LifetimeTooLong));
        }
        Ok(())
    }

    pub(crate) const fn new(
        keys: &'a KeyRing<K>,
        now: u64,
        leeway_seconds: u64,
        max_lifetime_seconds: Option<u64>,
        unpadded: fn(&K) -> Option<&K>,
    ) -> Self {
        Self {
            keys,
            now,
            leeway_seconds,
            max_lifetime_seconds,
            unpadded,
            signed_by: None,
            hint: None,
        }
    }

    /// The label of the key that the last call of [`signature`](Self::signature) found.
    pub(crate) const fn signed_by(&self) -> Option<&'a Arc<str>> {
        self.signed_by
    }

    /// What the last call of [`signature`](Self::signature) found out about a refusal.
    pub(crate) const fn hint(&self) -> Option<Hint> {
        self.hint
    }

    /// Which key that is not trusted made the signature. It is refused all the same.
    fn near_miss(&self, matches: impl Fn(&K) -> bool) -> Option<Hint> {
        let mut unpadded = self
            .keys
            .trusted_at(self.now)
            .filter_map(|(_, key)| (self.unpadded)(key));
        if unpadded.any(&matches) {
            Some(Hint::SecretHasWhiteSpace)
        } else if self.keys.retired_at(self.now).any(matches) {
            Some(Hint::RetiredKey)
        } else {
            None
        }
    }
}

impl<K> fmt::Debug for Check<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("now", &self.now)
            .field("leeway_seconds", &self.leeway_seconds)
            .field("max_lifetime_seconds", &self.max_lifetime_seconds)
            .finish_non_exhaustive()
    }
}
