//! Receives CryptAPI, CryptoCloud and Trybit postbacks, and prints one line of JSON for each
//! verified one.

use std::{error::Error, process::ExitCode};

use actix_web::{App, HttpServer};
use receiver::Verifiers;

#[actix_web::main]
async fn main() -> ExitCode {
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (verifiers, print) = (Verifiers::from_environment()?, receiver::stdout());
    receiver::replace_keys_by_input(&verifiers);
    let server = HttpServer::new(move || {
        let (verifiers, print) = (verifiers.clone(), print.clone());
        App::new().configure(receiver_actix::routes(
            verifiers,
            print,
            receiver::BODY_DEADLINE,
        ))
    });
    let server = server.bind(receiver::address())?;
    for address in server.addrs() {
        eprintln!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
