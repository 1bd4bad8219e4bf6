//! CryptoCloud postbacks in Rocket, each credited once.

use std::{env, error::Error};

use orders::Orders;
use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};
use postback_rocket::{Ack, Postback, Retry};
use rocket::{Build, Rocket, State, post, routes};

#[post("/", data = "<postback>")]
async fn paid(
    postback: Postback<CryptoCloud>,
    orders: &State<Orders>,
) -> Result<Ack<CryptoCloud>, Retry> {
    orders.credit(&postback).await?;
    Ok(postback.ack())
}

/// The catchers answer requests that the guard rejects.
fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> Rocket<Build> {
    rocket::build()
        .manage(orders)
        .manage(verifier)
        .mount("/postback", routes![paid])
        .register("/postback", postback_rocket::catchers())
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = env::var_os("CRYPTOCLOUD_SECRET").ok_or("CRYPTOCLOUD_SECRET is not set")?;
    let verifier = Verifier::new(
        CryptoCloud::new(),
        SecretKey::new(secret.as_encoded_bytes())?,
    );
    app(Orders::open("orders.db").await?, verifier)
        .launch()
        .await?;
    Ok(())
}
