//! Servers that do not reply.
//!
//! The pool tests each connection that comes back to it, and waits without limit. A connection that
//! still waits for a reply would keep its place in the pool for as long as its server is silent. So
//! such connections are tested before, within a limit; others are not, because a test takes as long
//! as a statement.

#[cfg(feature = "postgres")]
use std::time::Duration;
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Time for which connections are tested after a reply was not received.
#[cfg(feature = "postgres")]
const SUSPICION: Duration = Duration::from_secs(60);

/// Time when the wait for a reply was last given up, in this process.
static GIVEN_UP_AT: Mutex<Option<Instant>> = Mutex::new(None);

/// Wait for a reply. Drop it without calling [`end`](Self::end) to give up.
#[must_use = "dropping it means that no reply was received"]
pub(super) struct Wait {
    is_over: bool,
}

impl Wait {
    pub(super) const fn begin() -> Self {
        Self { is_over: false }
    }

    /// Ends the wait, because the reply was received.
    pub(super) fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if !self.is_over {
            let mut given_up_at = GIVEN_UP_AT.lock().unwrap_or_else(PoisonError::into_inner);
            *given_up_at = Some(Instant::now());
        }
    }
}

/// Returns true if the wait for a reply was given up in the last minute.
#[cfg(feature = "postgres")]
pub(crate) fn is_suspected() -> bool {
    let given_up_at = GIVEN_UP_AT.lock().unwrap_or_else(PoisonError::into_inner);
    given_up_at.is_some_and(|at| at.elapsed() < SUSPICION)
}
