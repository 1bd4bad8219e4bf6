//! The parts of the receivers that do not depend on the framework: environment, keys, output and
//! exit status.

mod environment;
mod json_line;
mod keys;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

pub use self::{
    environment::{CryptApiVerifier, Verifiers, address},
    json_line::{print_callback, print_payment},
    keys::replace_keys_by_input,
};

/// Time in which a body must arrive. It does not bound the handler.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Function that takes one line of JSON for each verified postback.
pub type Print = Arc<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// Returns a function that prints to standard output.
#[must_use]
pub fn stdout() -> Print {
    Arc::new(|line| writeln!(io::stdout().lock(), "{line}"))
}

/// Returns the exit status, and prints an error to standard error.
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
