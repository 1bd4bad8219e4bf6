//! What the receivers share, whatever framework they stand on: their environment, the line that
//! they print, and how they end.

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use postback_core::{
    Provider, SecretKey, Verifier,
    cryptocloud::{CryptoCloud, Payment, Trybit},
};
use serde_json::json;

/// How long a body may take to arrive. A handler has the time that it needs.
pub const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Takes one line of JSON for each verified postback.
pub type Print = Arc<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// Prints on standard output.
#[must_use]
pub fn stdout() -> Print {
    Arc::new(|line| writeln!(io::stdout().lock(), "{line}"))
}

/// Prints what a verified postback says. A shop would look the order up by `invoice_id` here, and
/// compare amount and currency with it.
///
/// # Errors
///
/// If it cannot be printed: then it counts as not received, so that the provider may try again.
pub fn print_payment<P: Provider<Event = Payment>>(
    print: &Print,
    payment: &Payment,
) -> io::Result<()> {
    let claimed = payment.claimed();
    let line = json!({
        "provider": P::NAME,
        "invoice_id": payment.invoice_id(),
        "status": claimed.status().map(|status| status.as_str()),
        "amount": claimed.amount().map(ToString::to_string),
        "currency": claimed.currency().map(|currency| currency.as_str()),
        "order_id": claimed.order_id(),
    });
    print(&line.to_string())
}

/// The address to listen on: `BIND`, or a port of this machine's own.
#[must_use]
pub fn address() -> String {
    env::var("BIND").unwrap_or_else(|_| "127.0.0.1:3000".to_owned())
}

/// Asks for the secret in `CRYPTOCLOUD_SECRET`.
///
/// # Errors
///
/// If it is missing or cannot be meant.
pub fn cryptocloud() -> Result<Verifier<CryptoCloud>, String> {
    Ok(Verifier::new(
        CryptoCloud::new(),
        secret("CRYPTOCLOUD_SECRET")?,
    ))
}

/// Asks for the secret in `TRYBIT_SECRET`.
///
/// # Errors
///
/// If it is missing or cannot be meant.
pub fn trybit() -> Result<Verifier<Trybit>, String> {
    Ok(Verifier::new(Trybit::new(), secret("TRYBIT_SECRET")?))
}

fn secret(name: &str) -> Result<SecretKey, String> {
    // Not `env::var`: its error would print a secret that is not UTF-8.
    let secret = env::var_os(name).ok_or_else(|| format!("{name} is not set"))?;
    SecretKey::new(secret.as_encoded_bytes()).map_err(|error| format!("{name}: {error}"))
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
