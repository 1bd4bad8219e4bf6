use std::{
    net::SocketAddr,
    sync::{Mutex, mpsc},
};

use postback_core::cryptocloud::CryptoCloud;
use postback_rocket::{Ack, Postback};
use rocket::{Config, config::LogLevel, fairing::AdHoc, post, routes};

use super::Server;
use crate::verifier;

pub(super) const SERVER: Server = Server {
    name: "Rocket",
    routes: &["/bare", "/guard"],
    serve,
};

fn serve(addresses: &mpsc::Sender<SocketAddr>) {
    let config = Config::figment()
        .merge(("address", "127.0.0.1"))
        .merge(("port", 0))
        .merge(("log_level", LogLevel::Off));
    let addresses = Mutex::new(addresses.clone());
    let ready = AdHoc::on_liftoff("address", move |rocket| {
        let Config { address, port, .. } = *rocket.config();
        let addresses = addresses.lock().expect("no panic");
        addresses
            .send(SocketAddr::new(address, port))
            .expect("a receiver");
        Box::pin(async {})
    });
    let application = rocket::custom(config)
        .manage(verifier())
        .mount("/", routes![bare, guarded])
        .attach(ready);
    // As `#[rocket::main]` does for a function without arguments.
    rocket::execute(application.launch()).expect("serves");
}

/// Only reads the body.
#[post("/bare", data = "<_body>")]
async fn bare(_body: Vec<u8>) -> Ack<CryptoCloud> {
    Ack::default()
}

#[post("/guard", data = "<postback>")]
async fn guarded(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}
