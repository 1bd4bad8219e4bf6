//! What is logged.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{Level, Subscriber, subscriber::DefaultGuard};
use tracing_subscriber::fmt;

/// Log of a thread, or of the process.
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
    /// Begins to log everything, until the guard is dropped.
    #[must_use]
    pub fn begin() -> (Self, DefaultGuard) {
        Self::begin_at(Level::TRACE)
    }

    /// Begins to log what is at least of this level, until the guard is dropped.
    #[must_use]
    pub fn begin_at(level: Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.subscriber(level));
        (log, guard)
    }

    /// Begins to log what is at least a warning, of all threads, for as long as the process lives.
    ///
    /// # Panics
    ///
    /// If it was called before.
    #[must_use]
    pub fn begin_for_the_process() -> Self {
        let log = Self::default();
        let subscriber = log.subscriber(Level::WARN);
        tracing::subscriber::set_global_default(subscriber).expect("the first one");
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

    /// The lines that name this id.
    #[must_use]
    pub fn naming(&self, id: &str) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains(id));
        lines.map(str::to_owned).collect()
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Our own lines.
    #[must_use]
    pub fn verdicts(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().map(str::trim);
        let ours = lines.filter(|line| line.contains(" postback: "));
        ours.map(str::to_owned).collect()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
