//! Stores that lease, and the clocks that decide when their leases end.

use std::{
    fmt::Debug,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use postback_store::EffectStore;
use tokio::{runtime::Handle, task::block_in_place};

pub(crate) trait LeaseBackend: Clone + Debug + Send + Sync + 'static {
    type Store: EffectStore + Debug;

    fn fresh() -> impl Future<Output = Self> + Send;

    fn leases(&self) -> &Self::Store;

    /// Lets time pass by the store's clock.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send;

    fn prune(&self, before: i64) -> impl Future<Output = u64> + Send;
}

/// Runs what other workers do while an effect blocks its thread, so that its lease is not extended.
pub(crate) fn while_blocked<T>(others: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(others))
}

/// Store that reads the process's clock.
pub(crate) trait SetBack: LeaseBackend {
    fn set_back(&self, time: Duration);

    /// Stops the clock: time passes only when a test lets it pass.
    fn stop_clock(&self);
}

/// System's clock, which a test sets forward and back, and stops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    stopped_at: Arc<OnceLock<SystemTime>>,
    /// Milliseconds by which it is ahead of the system.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn reader(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let Self { stopped_at, ahead } = self.clone();
        move || {
            let now = stopped_at.get().copied().unwrap_or_else(SystemTime::now);
            let ahead = ahead.load(Ordering::Relaxed);
            let by = Duration::from_millis(ahead.unsigned_abs());
            match ahead < 0 {
                true => now - by,
                false => now + by,
            }
        }
    }

    pub(crate) fn stop(&self) {
        self.stopped_at.get_or_init(SystemTime::now);
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.ahead.fetch_add(whole(time), Ordering::Relaxed);
    }

    pub(crate) fn set_back(&self, time: Duration) {
        self.ahead.fetch_sub(whole(time), Ordering::Relaxed);
    }
}

fn whole(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap()
}
