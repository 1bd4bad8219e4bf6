use std::{fmt, sync::Arc};

use crate::{
    ClaimsDefect, KeyRing, Rejection, Summary,
    events::{self, Found, Hint},
};

/// The last second of the year 9999, in Unix seconds. A later time is no date: most often one in milliseconds.
pub(crate) const LATEST: u64 = 253_402_300_799;

/// What a [`Provider`](crate::Provider) checks one postback against: the keys that are trusted
/// now, the time, and the limits that the application configured.
pub struct Check<'a, K> {
    keys: &'a KeyRing<K>,
    now: u64,
    leeway_seconds: u64,
    max_lifetime_seconds: u64,
    unpadded: fn(&K) -> Option<&K>,
    signed_by: Option<&'a Arc<str>>,
    found: Found,
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
        self.found = Found::default();
        if self.signed_by.is_some() {
            return Ok(());
        }
        if events::refusals_are_read() {
            self.found.hint = self.near_miss(matches);
        }
        Err(Rejection::BadSignature)
    }

    /// Names the payment that the signature covers, for the log: a postback that is rejected after its signature
    /// held may be a genuine payment, and has to be findable. Call it once the signature holds and the id is read.
    pub fn identify(&mut self, summary: &Summary<'_>) {
        if self.signed_by.is_some() && events::refusals_are_read() {
            self.found.invoice_id = summary.invoice_id.map(Into::into);
            self.found.uuid = summary.uuid.map(Into::into);
        }
    }

    /// Checks signed times, in Unix seconds: `not_before`, then `expires_at`, then the ceiling on
    /// the lifetime.
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
        if expires_at > latest.saturating_add(self.max_lifetime_seconds) {
            return Err(Rejection::InvalidClaims(ClaimsDefect::LifetimeTooLong));
        }
        Ok(())
    }

    pub(crate) fn new(
        keys: &'a KeyRing<K>,
        now: u64,
        leeway_seconds: u64,
        max_lifetime_seconds: u64,
        unpadded: fn(&K) -> Option<&K>,
    ) -> Self {
        Self {
            keys,
            now,
            leeway_seconds,
            max_lifetime_seconds,
            unpadded,
            signed_by: None,
            found: Found::default(),
        }
    }

    /// The label of the key that the last call of [`signature`](Self::signature) found.
    pub(crate) const fn signed_by(&self) -> Option<&'a Arc<str>> {
        self.signed_by
    }

    /// What was found out for the log since the last call of [`signature`](Self::signature).
    pub(crate) fn into_found(self) -> Found {
        self.found
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
