use std::time::Duration;

/// Returns the length of a lease in milliseconds: at least one, at most a year.
pub(crate) fn milliseconds(length: Duration) -> i64 {
    const YEAR: i64 = 366 * 24 * 60 * 60 * 1_000;
    let length = i64::try_from(length.as_millis()).unwrap_or(YEAR);
    length.clamp(1, YEAR)
}

/// Returns how long a lease is still in force, by a clock that may have been set back.
pub(crate) fn held_for(leased_at: i64, leased_until: i64, now: i64) -> Duration {
    let from = now.max(leased_at);
    let left = leased_until.saturating_sub(from);
    Duration::from_millis(left.try_into().unwrap_or_default())
}
