use std::{any::Any, cell::Cell, fmt, sync::Arc, time::Duration};

use crate::{
    InvalidClaimsReason, KeyRing, LogFields, PublicOrigins, ReceivedUrl, Rejection, SecretKey,
    keys::SecretFlaw,
    log::{self, Findings, Hint},
};

/// The last second of the year 9999, in Unix seconds. A later time is not a date: most often it is one in
/// milliseconds.
pub(crate) const LATEST: u64 = 253_402_300_799;

/// What a [`Provider`](crate::Provider) verifies one postback against: the keys that are trusted
/// now, the time, and the limits that the application configured.
pub struct VerifyContext<'a, K> {
    keys: &'a KeyRing<K>,
    now: u64,
    leeway: Duration,
    max_lifetime: Duration,
    signed_by: Option<&'a Arc<str>>,
    findings: Findings,
}

impl<'a, K: 'static> VerifyContext<'a, K> {
    /// Returns the verifier's clock, in Unix seconds.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Tries the current key, then each retired key whose time has not come.
    ///
    /// If none matches and rejections are logged, keys that are not trusted are tried too, for a hint on the log alone:
    /// whatever `matches` returns for them, the postback is rejected. A [`SecretKey`] that was taken
    /// [verbatim](SecretKey::verbatim) is also tried without what is around it.
    ///
    /// # Errors
    ///
    /// [`Rejection::BadSignature`] if `matches` is false for all of them.
    pub fn signature(&mut self, matches: impl Fn(&K) -> bool) -> Result<(), Rejection> {
        self.signed_by = self
            .keys
            .trusted_at(self.now)
            .find_map(|(label, key)| matches(key).then_some(label));
        self.findings = Findings::default();
        if self.signed_by.is_some() {
            return Ok(());
        }
        if log::is_read() {
            self.findings.hint = self.near_miss(matches);
        }
        Err(Rejection::BadSignature)
    }

    /// Tries each trusted key, as [`signature`](Self::signature) does, on the URLs that the request may have had. Returns
    /// the one that was signed.
    ///
    /// If none matches and rejections are logged, other spellings of a URL of up to 2 KiB are tried too, for a hint on the
    /// log alone, and the log event has the URLs that were checked, without their query. Pass the same `origins` that made
    /// `received`.
    ///
    /// # Errors
    ///
    /// [`Rejection::BadSignature`] if `matches` is false for all of them.
    pub fn url_signature(
        &mut self,
        origins: &PublicOrigins,
        received: ReceivedUrl,
        matches: impl Fn(&K, &[u8]) -> bool,
    ) -> Result<String, Rejection> {
        let signed = Cell::new(None);
        let is_signed = |url: &String, key: &K| matches(key, url.as_bytes());
        let verdict = self.signature(|key| {
            signed.set(received.urls().position(|url| is_signed(url, key)));
            signed.get().is_some()
        });
        if verdict.is_err() && log::is_read() {
            let spelling = || {
                let mut spellings = origins.other_spellings(&received);
                let is_trusted = |url: &String| self.trusted().any(|key| is_signed(url, key));
                let spelling = spellings.find(|(_, url)| is_trusted(url));
                spelling.map(|(difference, _)| Hint::SignedUrl(difference))
            };
            self.findings.hint = self.findings.hint.or_else(spelling);
            self.findings.checked_urls(received.urls());
        }
        verdict?;
        let url = signed.get().and_then(|at| received.into_urls().nth(at));
        url.ok_or(Rejection::BadSignature)
    }

    /// Names the payment that the signature covers, for the log: a postback that is rejected after its signature
    /// held may be a genuine payment, and has to be findable. Call it once the signature holds and the id is read.
    pub fn identify(&mut self, fields: &LogFields<'_>) {
        if self.signed_by.is_some() && log::is_read() {
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
        // Added to the expiry, not taken from the clock: a subtraction would stop at zero.
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

    /// The label of the key that the last call of [`signature`](Self::signature) found.
    pub(crate) const fn signed_by(&self) -> Option<&'a Arc<str>> {
        self.signed_by
    }

    /// What was found for the log since the last call of [`signature`](Self::signature).
    pub(crate) fn into_findings(self) -> Findings {
        self.findings
    }

    /// Which key that is not trusted made the signature. It is rejected all the same.
    fn near_miss(&self, matches: impl Fn(&K) -> bool) -> Option<Hint> {
        let mut intended = self.trusted().flat_map(intended);
        if let Some((flaw, _)) = intended.find(|(_, key)| matches(key)) {
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

/// The keys that may have been meant, if `key` is a secret that was taken with something around it.
fn intended<K: 'static>(key: &K) -> impl Iterator<Item = (SecretFlaw, &K)> {
    let key: &dyn Any = key;
    let secret = key.downcast_ref::<SecretKey>();
    let intended = secret.into_iter().flat_map(SecretKey::intended);
    intended.filter_map(|(flaw, key)| {
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
