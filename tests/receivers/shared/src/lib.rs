//! What the receivers share, whatever framework they stand on: their environment, the lines that they
//! print, and how they end.

mod environment;
mod line;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

pub use self::{
    environment::{CryptApiVerifier, Verifiers, address},
    line::{print_callback, print_payment},
};

/// How long a body may take to arrive. A handler has the time that it needs.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Takes one line of JSON for each verified postback.
pub type Print = Arc<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// Prints on standard output.
#[must_use]
pub fn stdout() -> Print {
    Arc::new(|line| writeln!(io::stdout().lock(), "{line}"))
}

/// Ends the process: an error is told on standard error, and is an exit status.
#[must_use]
pub fn exit(receiver: &str, result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{receiver}: {error}");
            ExitCode::FAILURE
        }
    }
}
