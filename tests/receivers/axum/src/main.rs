//! Receives CryptAPI, CryptoCloud and Trybit postbacks, and prints one line of JSON for each
//! verified one.

use std::{error::Error, process::ExitCode};

use receiver::Verifiers;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (verifiers, print) = (Verifiers::from_environment()?, receiver::stdout());
    receiver::replace_keys_by_input(&verifiers);
    let router = receiver_axum::router(verifiers, print, receiver::BODY_DEADLINE);
    let listener = TcpListener::bind(receiver::address()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    // Replies to clients that close their sending side early, too, which `axum::serve` does not.
    receiver_tower::serve(listener, router).await;
    Ok(())
}
