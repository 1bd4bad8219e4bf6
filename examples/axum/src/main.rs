//! Receives CryptoCloud and Trybit postbacks and prints one line of JSON for each verified one.

use std::{error::Error, process::ExitCode};

use receiver_axum::{Receiver, router};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let routes = Receiver {
        cryptocloud: receiver::cryptocloud()?,
        trybit: receiver::trybit()?,
        print: receiver::stdout(),
    };
    let listener = TcpListener::bind(receiver::address()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router(routes, receiver::BODY_DEADLINE)).await?;
    Ok(())
}
