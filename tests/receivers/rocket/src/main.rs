//! Receives CryptAPI, CryptoCloud and Trybit postbacks, and prints one line of JSON for each
//! verified one.

use std::net::{SocketAddr, ToSocketAddrs};
use std::{error::Error, process::ExitCode};

use receiver::Verifiers;
use rocket::{Config, config::LogLevel, fairing::AdHoc};

#[rocket::main]
async fn main() -> ExitCode {
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (verifiers, print) = (Verifiers::from_environment()?, receiver::stdout());
    receiver::replace_keys_by_input(&verifiers);
    let address = receiver::address().to_socket_addrs()?.next();
    let address = address.ok_or("BIND names no address")?;
    // Rocket logs to standard output, on which only postbacks are expected.
    let config = Config::figment()
        .merge(("address", address.ip()))
        .merge(("port", address.port()))
        .merge(("log_level", LogLevel::Off));
    receiver_rocket::application(config, verifiers, print, receiver::BODY_DEADLINE)
        .attach(AdHoc::on_liftoff("address", |rocket| {
            let config = rocket.config();
            let address = SocketAddr::new(config.address, config.port);
            eprintln!("listening on http://{address}");
            Box::pin(async {})
        }))
        .launch()
        .await?;
    Ok(())
}
