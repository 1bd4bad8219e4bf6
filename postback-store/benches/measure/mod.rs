//! Statistics of both benchmarks.

use std::time::Duration;

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    let middle = times.get(times.len() / 2);
    middle.copied().expect("a time")
}
