use std::time::Duration;

/// Returns the length of a lease within its bounds: at least a millisecond, at most a year.
pub(crate) fn bounded(length: Duration) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    length.clamp(SHORTEST, LONGEST)
}

/// Returns the length of a lease in milliseconds.
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) fn milliseconds(length: Duration) -> i64 {
    let length = bounded(length).as_millis();
    length.try_into().unwrap_or(i64::MAX)
}

/// Returns how long a lease is still in force, by a clock that may have been set back.
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) fn held_for(leased_at: i64, leased_until: i64, now: i64) -> Duration {
    let from = now.max(leased_at);
    let left = leased_until.saturating_sub(from);
    Duration::from_millis(left.try_into().unwrap_or_default())
}
