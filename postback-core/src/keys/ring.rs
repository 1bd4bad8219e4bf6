use std::{fmt, iter, sync::Arc};

use crate::verify_context::LATEST;

/// The keys of one project: the current one, and retired ones until a time. Never empty.
///
/// One ring is one project. Several projects are several [`Verifier`](crate::Verifier)s: two
/// projects' keys on one ring would let one announce the other's payments.
///
/// ```
/// use postback_core::{KeyRing, SecretKey};
///
/// let ring = KeyRing::new("2026-11", SecretKey::new("the new secret")?)
///     .with_retired("2026-05", SecretKey::new("the old secret")?, 1_796_083_200);
/// assert_eq!(format!("{ring:?}"), r#"KeyRing { current: "2026-11", retired: ["2026-05"] }"#);
/// # Ok::<(), postback_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct KeyRing<K> {
    current: Labelled<K>,
    retired: Vec<(Labelled<K>, u64)>,
}

#[derive(Clone)]
struct Labelled<K> {
    label: Arc<str>,
    key: K,
}

impl<K> KeyRing<K> {
    /// A ring that holds one key. The label is for logs: it names the key and is no secret.
    #[must_use]
    pub fn new(label: impl Into<String>, key: K) -> Self {
        Self {
            current: Labelled::new(label, key),
            retired: Vec::new(),
        }
    }

    /// Adds a key that was current once and is trusted while the clock, in Unix seconds, is
    /// before `until`.
    ///
    /// A time past the year 9999 trusts the key at no time: it is most often one in milliseconds, which would trust
    /// the key forever.
    #[must_use]
    pub fn with_retired(mut self, label: impl Into<String>, key: K, until: u64) -> Self {
        self.retired.push((Labelled::new(label, key), until));
        self
    }

    /// The keys trusted at `now`, the current one first.
    pub(crate) fn trusted_at(&self, now: u64) -> impl Iterator<Item = (&Arc<str>, &K)> {
        let retired = self.retired.iter();
        let retired = retired.filter(move |(_, until)| is_trusted(*until, now));
        iter::once(&self.current)
            .chain(retired.map(|(labelled, _)| labelled))
            .map(|labelled| (&labelled.label, &labelled.key))
    }

    /// The keys that are no longer trusted at `now`.
    pub(crate) fn retired_at(&self, now: u64) -> impl Iterator<Item = &K> {
        let retired = self.retired.iter();
        let retired = retired.filter(move |(_, until)| !is_trusted(*until, now));
        retired.map(|(labelled, _)| &labelled.key)
    }
}

/// Whether a key that is retired at `until` is trusted at `now`.
const fn is_trusted(until: u64, now: u64) -> bool {
    now < until && until <= LATEST
}

impl<K> Labelled<K> {
    fn new(label: impl Into<String>, key: K) -> Self {
        Self {
            label: label.into().into(),
            key,
        }
    }
}

/// A ring of one key, labelled `current`.
impl<K> From<K> for KeyRing<K> {
    fn from(key: K) -> Self {
        Self::new("current", key)
    }
}

/// Shows labels, never keys.
impl<K> fmt::Debug for KeyRing<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retired: Vec<_> = self.retired.iter().map(|(key, _)| &key.label).collect();
        f.debug_struct("KeyRing")
            .field("current", &self.current.label)
            .field("retired", &retired)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_key_is_trusted_until_its_time() {
        let ring = KeyRing::new("new", 'n').with_retired("old", 'o', 100);
        let at = |now| -> Vec<&str> { ring.trusted_at(now).map(|(label, _)| &**label).collect() };
        assert_eq!(at(99), ["new", "old"]);
        assert_eq!(at(100), ["new"]);
        assert_eq!(ring.retired_at(99).count(), 0);
        assert_eq!(ring.retired_at(100).collect::<String>(), "o");
    }

    #[test]
    fn retirement_time_in_milliseconds_trusts_nothing() {
        for (until, trusted) in [
            (LATEST, 2),
            (LATEST + 1, 1),
            (1_796_083_200_000, 1),
            (u64::MAX, 1),
        ] {
            let ring = KeyRing::new("new", 'n').with_retired("old", 'o', until);
            assert_eq!(ring.trusted_at(100).count(), trusted, "{until}");
            assert_eq!(ring.retired_at(100).count(), 2 - trusted, "{until}");
        }
    }
}
