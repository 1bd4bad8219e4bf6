use std::{
    future::{pending, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{EffectBackend, EffectKey, time::bounded};

/// Pause after an extension that failed, unless the lease is shorter.
const RETRY: Duration = Duration::from_secs(1);

/// Time when a lease ends, by the clock of the process that holds it. It never becomes earlier, as
/// in the store, so that extensions need no order.
#[derive(Clone, Debug)]
pub(super) struct LeaseEnd(Arc<Mutex<Instant>>);

impl LeaseEnd {
    /// Returns the end of a lease of `length` that was asked for at `asked`.
    pub(super) fn new(asked: Instant, length: Duration) -> Self {
        Self(Arc::new(Mutex::new(after(asked, length))))
    }

    /// Notes that the lease was extended by `length` from `asked`.
    pub(super) fn extended(&self, asked: Instant, length: Duration) {
        let mut end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *end = after(asked, length).max(*end);
    }

    /// Returns the time until the lease ends.
    pub(super) fn left(&self) -> Duration {
        let end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        end.saturating_duration_since(Instant::now())
    }
}

fn after(asked: Instant, length: Duration) -> Instant {
    asked.checked_add(bounded(length)).unwrap_or(asked)
}

/// Extension of a lease while its effect runs.
pub(super) struct Renewal {
    pub(super) length: Duration,
    pub(super) end: LeaseEnd,
}

impl Renewal {
    /// Runs an effect, and extends its lease each time that half of it has passed.
    pub(super) async fn during<R>(
        &self,
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

    /// Extends the lease each time that half of its length is left, until another worker has it.
    /// Never ends.
    async fn renew(&self, backend: &impl EffectBackend, key: &EffectKey, token: u64) {
        let half = self.length.checked_div(2).unwrap_or_default();
        loop {
            // The effect may extend its lease itself in the meantime.
            let rest = self.end.left().saturating_sub(half);
            if !rest.is_zero() {
                sleep(rest).await;
                continue;
            }
            let asked = Instant::now();
            match backend.extend(key, token, self.length).await {
                Ok(true) => self.end.extended(asked, self.length),
                // The effect goes on, because it cannot be undone. Its completion is rejected.
                Ok(false) => return pending().await,
                // The next attempt may succeed, even after the lease has ended.
                Err(_) => sleep(half.min(RETRY)).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_extension_does_not_shorten_lease() {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        let begun = Instant::now();
        let end = LeaseEnd::new(begun, HOUR);
        assert!(end.left() <= HOUR);
        end.extended(begun + HOUR, HOUR);
        assert!(end.left() > HOUR);
        // An extension that was asked for earlier does not end it earlier.
        end.extended(begun, HOUR);
        assert!(end.left() > HOUR);
    }
}
