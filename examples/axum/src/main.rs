//! Receives CryptoCloud and Trybit postbacks and prints one line of JSON for each verified one.

use std::{env, error::Error, io::Write, process::ExitCode, sync::Arc};

use postback_core::{
    SecretKey, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};
use receiver_axum::{Receiver, router};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("receiver-axum: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let receiver = Receiver {
        cryptocloud: Verifier::new(CryptoCloud::new(), secret("CRYPTOCLOUD_SECRET")?),
        trybit: Verifier::new(Trybit::new(), secret("TRYBIT_SECRET")?),
        print: Arc::new(|line| writeln!(std::io::stdout().lock(), "{line}")),
    };
    let bind = env::var("BIND").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(bind).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router(receiver)).await?;
    Ok(())
}

fn secret(name: &str) -> Result<SecretKey, String> {
    // Not `env::var`: its error would print a secret that is not UTF-8.
    let secret = env::var_os(name).ok_or_else(|| format!("{name} is not set"))?;
    SecretKey::new(secret.as_encoded_bytes()).map_err(|error| format!("{name}: {error}"))
}
