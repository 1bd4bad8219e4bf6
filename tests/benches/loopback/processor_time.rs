//! Processor time of the servers' threads.

use std::{fs, process, time::Duration};

/// Returns the processor time that all threads except the main one have used so far: those of the
/// servers, because the load comes from the main thread. Reads what Linux says of each thread.
pub(super) fn of_servers() -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("the threads of this process");
    let times = threads.map(|thread| {
        let thread = thread.expect("a thread");
        if thread.file_name() == process::id().to_string().as_str() {
            return Duration::ZERO;
        }
        // A thread may have ended since it was listed.
        let statistics = fs::read_to_string(thread.path().join("schedstat"));
        let statistics = statistics.unwrap_or_default();
        let nanoseconds = statistics.split(' ').next().and_then(|it| it.parse().ok());
        Duration::from_nanos(nanoseconds.unwrap_or_default())
    });
    times.sum()
}
