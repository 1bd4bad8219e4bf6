//! Captured log output.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{Level, Subscriber, subscriber::DefaultGuard};
use tracing_subscriber::fmt;

/// Captured log of a thread or of the process.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Begins to capture all events, until the guard is dropped.
    #[must_use]
    pub fn begin() -> (Self, DefaultGuard) {
        Self::begin_at(Level::TRACE)
    }

    /// Begins to capture events of at least this level, until the guard is dropped.
    #[must_use]
    pub fn begin_at(level: Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.subscriber(level));
        (log, guard)
    }

    /// Begins to capture warnings and errors of all threads, until the process ends.
    ///
    /// # Panics
    ///
    /// Panics if it was called before.
    #[must_use]
    pub fn begin_for_the_process() -> Self {
        let log = Self::default();
        let subscriber = log.subscriber(Level::WARN);
        tracing::subscriber::set_global_default(subscriber).expect("the first global subscriber");
        log
    }

    fn subscriber(&self, level: Level) -> impl Subscriber + Send + Sync + use<> {
        let writer = self.clone();
        fmt()
            .with_max_level(level)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .finish()
    }

    /// Returns the lines that contain this id.
    #[must_use]
    pub fn naming(&self, id: &str) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains(id));
        lines.map(str::to_owned).collect()
    }

    /// Returns the whole text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Returns the lines of our own log events.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().map(str::trim);
        let ours = lines.filter(|line| line.contains(" postback: "));
        ours.map(str::to_owned).collect()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
