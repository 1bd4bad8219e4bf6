use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Results of all clients: counts by program and kind, and failures.
#[derive(Default)]
pub(crate) struct Findings {
    counts: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    failures: Mutex<Vec<String>>,
}

/// Number of failures that are kept. One is enough for a failed run.
const KEPT: usize = 100;

impl Findings {
    /// Counts an exchange.
    pub(crate) fn count(&self, program: &'static str, kind: &'static str) {
        let mut counts = locked(&self.counts);
        let count = counts.entry((program, kind)).or_default();
        *count = count.saturating_add(1);
    }

    /// Returns the count of a kind.
    pub(crate) fn counted(&self, program: &'static str, kind: &'static str) -> u64 {
        let counts = locked(&self.counts);
        counts.get(&(program, kind)).copied().unwrap_or_default()
    }

    /// Returns all counts.
    pub(crate) fn counts(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        locked(&self.counts).clone()
    }

    /// Keeps a failure, and prints it.
    pub(crate) fn fail(&self, failure: String) {
        eprintln!("FAILED: {failure}");
        let mut failures = locked(&self.failures);
        if failures.len() < KEPT {
            failures.push(failure);
        }
    }

    /// Keeps a failure if the condition does not hold.
    pub(crate) fn check(&self, holds: bool, failure: impl FnOnce() -> String) {
        if !holds {
            self.fail(failure());
        }
    }

    pub(crate) fn failures(&self) -> usize {
        locked(&self.failures).len()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
