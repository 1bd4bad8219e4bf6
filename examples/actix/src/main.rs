//! CryptoCloud postbacks in actix-web, each credited once.

use std::{env, error::Error};

use actix_web::{
    App, HttpServer,
    web::{self, Data, ServiceConfig},
};
use orders::Orders;
use postback_actix::{Ack, Postback, Retry};
use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud};

async fn paid(
    orders: Data<Orders>,
    postback: Postback<CryptoCloud>,
) -> Result<Ack<CryptoCloud>, Retry> {
    orders.credit(&postback).await?;
    Ok(postback.ack())
}

/// A resource without a method, so that the extractor rejects other methods.
fn app(orders: Orders, verifier: Verifier<CryptoCloud>) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(Data::new(orders))
            .app_data(verifier)
            .service(web::resource("/postback").to(paid));
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = env::var_os("CRYPTOCLOUD_SECRET").ok_or("CRYPTOCLOUD_SECRET is not set")?;
    let verifier = Verifier::new(
        CryptoCloud::new(),
        SecretKey::new(secret.as_encoded_bytes())?,
    );
    let orders = Orders::open("orders.db").await?;
    let server =
        HttpServer::new(move || App::new().configure(app(orders.clone(), verifier.clone())));
    Ok(server.bind("127.0.0.1:3000")?.run().await?)
}
