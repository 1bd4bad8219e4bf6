use std::{net::SocketAddr, sync::mpsc};

use actix_web::{App, HttpServer, web};
use postback_actix::{Ack, Postback};
use postback_core::cryptocloud::CryptoCloud;

use super::Server;
use crate::verifier;

pub(super) const SERVER: Server = Server {
    name: "actix-web",
    routes: &["/bare", "/extractor"],
    serve,
};

#[actix_web::main]
async fn serve(addresses: &mpsc::Sender<SocketAddr>) {
    let verifier = verifier();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(verifier.clone())
            .service(web::resource("/bare").to(bare))
            .service(web::resource("/extractor").to(extractor))
    });
    let server = server.bind("127.0.0.1:0").expect("a free port");
    let address = server.addrs().first().copied().expect("an address");
    addresses.send(address).expect("a receiver");
    server.run().await.expect("serves");
}

/// Only reads the body.
async fn bare(_: web::Bytes) -> Ack<CryptoCloud> {
    Ack::default()
}

async fn extractor(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}
