use std::{convert::Infallible, net::SocketAddr, sync::mpsc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use postback_core::{Verified, cryptocloud::CryptoCloud};
use postback_tower::{PostbackLayer, acknowledgement};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::Server;
use crate::verifier;

pub(super) const SERVER: Server = Server {
    name: "tower on hyper",
    routes: &["/bare", "/layer"],
    serve,
};

#[tokio::main]
async fn serve(addresses: &mpsc::Sender<SocketAddr>) {
    let layer = ServiceBuilder::new()
        .layer(PostbackLayer::new(verifier()).with_request_body::<Bytes>())
        .service_fn(guarded);
    let service = service_fn(move |request: Request<Incoming>| {
        let layer = layer.clone();
        async move {
            match request.uri().path() {
                "/layer" => Ok(layer.oneshot(request).await?.map(Either::Left)),
                _ => bare(request)
                    .await
                    .map(|response| response.map(Either::Right)),
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    addresses
        .send(listener.local_addr().expect("an address"))
        .expect("a receiver");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let connection = server.serve_connection(TokioIo::new(stream), service);
            connection.await.expect("serves");
        });
    }
}

/// Only reads the body.
async fn bare(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    request.into_body().collect().await.expect("a body");
    Ok(acknowledgement::<CryptoCloud, _>())
}

async fn guarded(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    let verified = request.extensions().get::<Verified<CryptoCloud>>();
    verified.expect("the layer passes only verified requests");
    Ok(acknowledgement::<CryptoCloud, _>())
}
