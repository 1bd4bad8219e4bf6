use std::{fmt, iter, sync::Arc};

use crate::verify_context::LATEST;

/// Keys of one project: the current key, and retired keys until a given time. Never empty.
///
/// Give each project a ring and a [`Verifier`](crate::Verifier) of its own. **If two projects share
/// a ring, each can announce payments of the other.**
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
    /// Returns a ring with one key. The label names the key in logs and is not secret.
    #[must_use]
    pub fn new(label: impl Into<String>, key: K) -> Self {
        Self {
            current: Labelled::new(label, key),
            retired: Vec::new(),
        }
    }

    /// Adds a former key, which is trusted while the clock, in Unix seconds, is before `until`.
    ///
    /// A time after the year 9999 trusts the key at no time, because it is most often in
    /// milliseconds and would trust the key forever.
    #[must_use]
    pub fn with_retired(mut self, label: impl Into<String>, key: K, until: u64) -> Self {
        self.retired.push((Labelled::new(label, key), until));
        self
    }

    /// Returns the keys that are trusted at `now`, the current one first.
    pub(crate) fn trusted_at(&self, now: u64) -> impl Iterator<Item = (&Arc<str>, &K)> {
        let retired = self.retired.iter();
        let retired = retired.filter(move |(_, until)| is_trusted(*until, now));
        iter::once(&self.current)
            .chain(retired.map(|(labelled, _)| labelled))
            .map(|labelled| (&labelled.label, &labelled.key))
    }

    /// Returns the keys that are no longer trusted at `now`.
    pub(crate) fn retired_at(&self, now: u64) -> impl Iterator<Item = &K> {
        let retired = self.retired.iter();
        let retired = retired.filter(move |(_, until)| !is_trusted(*until, now));
        retired.map(|(labelled, _)| &labelled.key)
    }
}

/// Returns whether a key that is retired at `until` is trusted at `now`.
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

/// Makes a ring of one key, labelled `current`.
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
    fn retired_key_is_trusted_until_its_time() {
        let ring = KeyRing::new("new", 'n').with_retired("old", 'o', 100);
        let at = |now| -> Vec<&str> { ring.trusted_at(now).map(|(label, _)| &**label).collect() };
        assert_eq!(at(99), ["new", "old"]);
        assert_eq!(at(100), ["new"]);
        assert_eq!(ring.retired_at(99).count(), 0);
        assert_eq!(ring.retired_at(100).collect::<String>(), "o");
    }

    #[test]
    fn retirement_time_in_milliseconds_trusts_no_key() {
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
