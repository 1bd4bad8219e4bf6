use std::{
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{findings::Findings, program::Sample};

/// Samples of one process.
pub(crate) struct Samples {
    pub(crate) name: &'static str,
    /// Memory that the process may still fill after the first mark.
    caches_kib: u64,
    /// Connections that it may still open.
    connections: u64,
    samples: Mutex<Vec<Sample>>,
}

/// Memory and file descriptors of a process at a mark: the largest and the smallest of the samples
/// around it. The smallest number of descriptors is without those of the clients.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: u64,
}

/// Growth of memory that is allowed beside a tenth.
const MEMORY_KIB: u64 = 2 * 1_024;

/// Growth of file descriptors that is allowed beside connections to a database.
const DESCRIPTORS: u64 = 8;

impl Samples {
    pub(crate) fn new(name: &'static str, caches_kib: u64, connections: u64) -> Self {
        let samples = Mutex::default();
        Self {
            name,
            caches_kib,
            connections,
            samples,
        }
    }

    pub(crate) fn add(&self, sample: Sample) {
        let samples = self.samples.lock();
        samples.unwrap_or_else(PoisonError::into_inner).push(sample);
    }

    /// Returns the figures of the samples in this part of the run.
    pub(crate) fn figures(&self, part: &RangeInclusive<Duration>) -> Figures {
        let samples = self.samples.lock();
        let samples = samples.unwrap_or_else(PoisonError::into_inner);
        let part = || samples.iter().filter(|it| part.contains(&it.at));
        Figures {
            resident_kib: part().map(|it| it.resident_kib).max().unwrap_or_default(),
            descriptors: part().map(|it| it.descriptors).min().unwrap_or_default(),
        }
    }

    /// Checks that the process did not grow between two marks.
    pub(crate) fn check(&self, early: Figures, late: Figures, findings: &Findings) {
        let name = self.name;
        let tenth = early.resident_kib / 10;
        let allowed = [tenth, MEMORY_KIB, self.caches_kib];
        let allowed = allowed
            .iter()
            .fold(early.resident_kib, |sum, it| sum.saturating_add(*it));
        findings.check(
            early.resident_kib > 0 && late.resident_kib <= allowed,
            || format!("{name}: memory grows: {early:?}, {late:?}, at most {allowed} KiB expected"),
        );
        let allowed = early
            .descriptors
            .saturating_add(DESCRIPTORS)
            .saturating_add(self.connections);
        findings.check(late.descriptors <= allowed, || {
            format!("{name}: file descriptors grow: {early:?}, {late:?}")
        });
    }
}
