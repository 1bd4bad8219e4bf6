//! Starts the axum receiver on free loopback ports, sends it genuine and wrong deliveries over HTTP, and
//! prints what was expected and what happened; then the shop, and what it credited. Exits with 1 if any row differs.

mod cryptapi;
mod cryptocloud;
mod delivery;
mod shop;

use std::{
    error::Error,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use postback_conformance::client::Client;
use postback_core::{
    SecretKey, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};
use receiver::{CryptApiVerifier, Verifiers};
use tokio::net::TcpListener;

use self::delivery::Delivery;

/// What handlers printed.
type Printed = Arc<Mutex<Vec<String>>>;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let client = Client::default();
    let mut differing: u32 = 0;
    // CryptAPI delivers as the shop asked it to: a receiver has one way.
    let [by_get, by_form, by_json] = cryptapi::deliveries()?;
    let mut first = cryptocloud::deliveries()?;
    let (verifier, rows) = by_get;
    first.extend(rows);
    for (cryptapi, deliveries) in [(verifier, first), by_form, by_json] {
        let printed = Printed::default();
        let base = start(cryptapi, Arc::clone(&printed)).await?;
        println!("The axum receiver listens on {base}.\n");
        delivery::print_head();
        for delivery in deliveries {
            if !show(&client, &base, delivery, &printed).await? {
                differing = differing.saturating_add(1);
            }
        }
        println!();
    }
    differing = differing.saturating_add(shop::show().await?);
    println!("{differing} rows differ from what was expected.");
    Ok(match differing {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The receiver of `examples/axum`, whose handlers print to `printed`.
async fn start(
    cryptapi: CryptApiVerifier,
    printed: Printed,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let trybit = SecretKey::new("the Trybit project's secret")?;
    let verifiers = Verifiers {
        cryptapi,
        cryptocloud: Verifier::new(CryptoCloud::new(), SecretKey::new(cryptocloud::SECRET)?),
        trybit: Verifier::new(Trybit::new(), trybit),
    };
    let print: receiver::Print = Arc::new(move |line| {
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.push(line.to_owned());
        Ok(())
    });
    let router = receiver_axum::router(verifiers, print, receiver::BODY_DEADLINE);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(base)
}

/// Sends a delivery, and prints and tells whether everything is as it was expected.
async fn show(
    client: &Client,
    base: &str,
    delivery: Delivery,
    printed: &Printed,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let (status, _, body) = client.send(delivery.request.to(base)).await?;
    let answer = format!("{} {body}", status.as_u16());
    let lines = std::mem::take(&mut *printed.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(delivery.print_row(&answer, &lines))
}
