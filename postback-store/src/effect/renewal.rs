use std::{
    future::{pending, poll_fn},
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{EffectBackend, EffectKey};

/// Pause after an extension that failed, unless the lease is shorter.
const RETRY: Duration = Duration::from_secs(1);

/// Time that the worker knows its lease to last, by the clock of the process.
pub(super) struct Renewal {
    length: Duration,
    ends_at: Instant,
}

impl Renewal {
    /// Starts with a lease of `length` that was asked for at `asked`.
    pub(super) fn new(asked: Instant, length: Duration) -> Self {
        let ends_at = asked.checked_add(length).unwrap_or(asked);
        Self { length, ends_at }
    }

    /// Returns the time until the lease ends.
    pub(super) fn left(&self) -> Duration {
        self.ends_at.saturating_duration_since(Instant::now())
    }

    /// Runs an effect, and extends its lease each time that half of it has passed.
    pub(super) async fn during<R>(
        &mut self,
        backend: &impl EffectBackend,
        key: &EffectKey,
        token: u64,
        effect: impl Future<Output = R>,
    ) -> R {
        let mut effect = pin!(effect);
        let mut renewals = pin!(self.renew(backend, key, token));
        poll_fn(|context| {
            if let Poll::Ready(done) = effect.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let _: Poll<()> = renewals.as_mut().poll(context);
            Poll::Pending
        })
        .await
    }

    /// Extends the lease until another worker has it. Never ends.
    async fn renew(&mut self, backend: &impl EffectBackend, key: &EffectKey, token: u64) {
        let half = self.length.checked_div(2).unwrap_or_default();
        let mut pause = half;
        loop {
            sleep(pause).await;
            let asked = Instant::now();
            pause = match backend.extend(key, token, self.length).await {
                Ok(true) => {
                    *self = Self::new(asked, self.length);
                    half
                }
                // The effect goes on, because it cannot be undone. Its completion is rejected.
                Ok(false) => return pending().await,
                // The next attempt may succeed, even after the lease has ended.
                Err(_) => half.min(RETRY),
            };
        }
    }
}
