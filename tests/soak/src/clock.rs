use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time in Unix seconds.
pub(crate) fn unix_seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}
