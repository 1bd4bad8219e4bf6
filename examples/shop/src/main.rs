//! A shop that credits each payment once.

use std::{env, error::Error, process::ExitCode};

use receiver::Verifiers;
use shop::Orders;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let verifiers = Verifiers::from_environment()?;
    let origin = env::var("PUBLIC_ORIGIN").map_err(|_| "PUBLIC_ORIGIN is not set")?;
    let file = match env::var_os("DATABASE_URL") {
        Some(file) => file.into(),
        None => env::temp_dir().join("shop.db"),
    };
    let router = shop::router(Orders::open(&file).await?, verifiers, origin);
    let listener = TcpListener::bind(receiver::address()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    eprintln!("orders are in {}", file.display());
    axum::serve(listener, router).await?;
    Ok(())
}
