use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Clock of the process, for records, and for leases if no server has the time.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    #[cfg(any(feature = "memory", feature = "sqlite"))]
    pub(crate) fn new(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(clock))
    }

    /// Returns the time in Unix milliseconds, or zero before 1970.
    pub(crate) fn milliseconds(&self) -> i64 {
        let since = (self.0)().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_millis().try_into().unwrap_or(i64::MAX))
    }

    /// Returns the time in Unix seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.milliseconds().div_euclid(1_000)
    }
}

/// Uses the system's clock.
impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(SystemTime::now))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}
