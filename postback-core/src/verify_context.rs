use std::{any::Any, cell::Cell, fmt, sync::Arc, time::Duration};

use crate::{
    InvalidClaimsReason, KeyRing, LogFields, PublicOrigins, ReceivedUrl, Rejection, SecretKey,
    keys::SecretFlaw,
    log::{self, Findings, Hint},
};

/// Last second of the year 9999, in Unix seconds. A later value is most likely in milliseconds.
pub(crate) const LATEST: u64 = 253_402_300_799;

/// Context in which a [`Provider`](crate::Provider) verifies one postback: the trusted keys, the
/// time, and the configured limits.
pub struct VerifyContext<'a, K> {
    keys: &'a KeyRing<K>,
    now: u64,
    leeway: Duration,
    max_lifetime: Duration,
    signed_by: Option<&'a Arc<str>>,
    findings: Findings,
}

impl<'a, K: 'static> VerifyContext<'a, K> {
    /// Returns the time at which the postback is verified, in Unix seconds.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Checks a signature with the current key, then with each retired key that is still trusted.
    ///
    /// If no key matches and rejections are logged, untrusted keys are tried to find a hint for the
    /// log: retired keys that are no longer trusted, and a [`SecretKey`] that was taken
    /// [untrimmed](SecretKey::verbatim) without its surrounding characters. The postback is
    /// rejected even if one of these matches.
    ///
    /// # Errors
    ///
    /// [`Rejection::BadSignature`] if `matches` returns false for each trusted key.
    pub fn signature(&mut self, matches: impl Fn(&K) -> bool) -> Result<(), Rejection> {
        self.signed_by = self
            .keys
            .trusted_at(self.now)
            .find_map(|(label, key)| matches(key).then_some(label));
        self.findings = Findings::default();
        if self.signed_by.is_some() {
            return Ok(());
        }
        if log::is_enabled() {
            self.findings.hint = self.near_miss(matches);
        }
        Err(Rejection::BadSignature)
    }

    /// Checks a signature over the URL, with each trusted key and each URL that the request may
    /// have had. Returns the URL that was signed.
    ///
    /// If no key matches and rejections are logged, other spellings of a URL of up to 2 KiB are
    /// tried to find a hint for the log, and the log event contains the URLs that were checked,
    /// without their query. Pass the same `origins` that `received` was created from.
    ///
    /// # Errors
    ///
    /// [`Rejection::BadSignature`] if `matches` returns false for each trusted key and URL.
    pub fn url_signature(
        &mut self,
        origins: &PublicOrigins,
        received: ReceivedUrl,
        matches: impl Fn(&K, &[u8]) -> bool,
    ) -> Result<String, Rejection> {
        let signed = Cell::new(None);
        let is_signed = |url: &String, key: &K| matches(key, url.as_bytes());
        let result = self.signature(|key| {
            signed.set(received.urls().position(|url| is_signed(url, key)));
            signed.get().is_some()
        });
        if result.is_err() && log::is_enabled() {
            let spelling = || {
                let mut spellings = origins.other_spellings(&received);
                let is_trusted = |url: &String| self.trusted().any(|key| is_signed(url, key));
                let spelling = spellings.find(|(_, url)| is_trusted(url));
                spelling.map(|(difference, _)| Hint::SignedUrl(difference))
            };
            self.findings.hint = self.findings.hint.or_else(spelling);
            self.findings.checked_urls(received.urls());
        }
        result?;
        let url = signed.get().and_then(|at| received.into_urls().nth(at));
        url.ok_or(Rejection::BadSignature)
    }

    /// Adds the signed id of the payment to the log event of a later rejection.
    ///
    /// Call it once the signature holds and the id is read: a postback that is rejected afterwards
    /// may report a genuine payment, which the operator must be able to find.
    pub fn identify(&mut self, fields: &LogFields<'_>) {
        if self.signed_by.is_some() && log::is_enabled() {
            self.findings.identify(fields);
        }
    }

    /// Checks signed times, in Unix seconds: `not_before`, then `expires_at`, then the ceiling on
    /// the lifetime.
    ///
    /// # Errors
    ///
    /// - [`InvalidClaimsReason::NotYetValid`] if `not_before > now + leeway`;
    /// - [`Rejection::Expired`] if `expires_at <= now - leeway`;
    /// - [`InvalidClaimsReason::LifetimeTooLong`] if `expires_at > now + ceiling + leeway`.
    pub const fn check_times(
        &self,
        not_before: Option<u64>,
        expires_at: u64,
    ) -> Result<(), Rejection> {
        let latest = self.now.saturating_add(self.leeway.as_secs());
        if let Some(not_before) = not_before
            && not_before > latest
        {
            return Err(Rejection::InvalidClaims(InvalidClaimsReason::NotYetValid));
        }
        // The leeway is added to the expiry, because subtracting it from the clock could underflow.
        if expires_at.saturating_add(self.leeway.as_secs()) <= self.now {
            return Err(Rejection::Expired {
                expires_at,
                now: self.now,
            });
        }
        if expires_at > latest.saturating_add(self.max_lifetime.as_secs()) {
            return Err(Rejection::InvalidClaims(
                InvalidClaimsReason::LifetimeTooLong,
            ));
        }
        Ok(())
    }

    pub(crate) fn new(
        keys: &'a KeyRing<K>,
        now: u64,
        leeway: Duration,
        max_lifetime: Duration,
    ) -> Self {
        Self {
            keys,
            now,
            leeway,
            max_lifetime,
            signed_by: None,
            findings: Findings::default(),
        }
    }

    /// Returns the label of the key that the last call of [`signature`](Self::signature) found.
    pub(crate) const fn signed_by(&self) -> Option<&'a Arc<str>> {
        self.signed_by
    }

    /// Returns what the last call of [`signature`](Self::signature), and the calls after it, found
    /// for the log.
    pub(crate) fn into_findings(self) -> Findings {
        self.findings
    }

    /// Returns a hint at the untrusted key that made the signature, which is rejected in any case.
    fn near_miss(&self, matches: impl Fn(&K) -> bool) -> Option<Hint> {
        let mut trimmed = self.trusted().flat_map(trimmed);
        if let Some((flaw, _)) = trimmed.find(|(_, key)| matches(key)) {
            Some(Hint::Secret(flaw))
        } else if self.keys.retired_at(self.now).any(matches) {
            Some(Hint::RetiredKey)
        } else {
            self.trusted()
                .any(is_api_key)
                .then_some(Hint::SecretIsApiKey)
        }
    }

    fn trusted(&self) -> impl Iterator<Item = &K> {
        self.keys.trusted_at(self.now).map(|(_, key)| key)
    }
}

/// Returns `key` without its surrounding characters, if it is a secret that was taken untrimmed.
fn trimmed<K: 'static>(key: &K) -> impl Iterator<Item = (SecretFlaw, &K)> {
    let key: &dyn Any = key;
    let secret = key.downcast_ref::<SecretKey>();
    let trimmed = secret.into_iter().flat_map(SecretKey::trimmed);
    trimmed.filter_map(|(flaw, key)| {
        let key: &dyn Any = key;
        Some((flaw, key.downcast_ref()?))
    })
}

fn is_api_key<K: 'static>(key: &K) -> bool {
    let key: &dyn Any = key;
    key.downcast_ref::<SecretKey>()
        .is_some_and(SecretKey::is_api_key)
}

impl<K> fmt::Debug for VerifyContext<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyContext")
            .field("now", &self.now)
            .field("leeway", &self.leeway)
            .field("max_lifetime", &self.max_lifetime)
            .finish_non_exhaustive()
    }
}
