//! Tests of Redis alone.

mod cluster;
mod failover;
mod keys;
mod pending;
mod server;
mod settings;

use libtest_mimic::Trial;

/// Returns the tests of Redis alone.
pub(crate) fn all() -> Vec<Trial> {
    let mut trials = settings::all();
    trials.extend(keys::all());
    trials.extend(pending::all());
    trials.extend(failover::all());
    trials.extend(cluster::all());
    trials
}
