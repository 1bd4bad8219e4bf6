//! CryptoCloud postbacks in a tower service on hyper, without a framework, each credited once.

use std::{convert::Infallible, env, error::Error, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use orders::Orders;
use postback_core::{SecretKey, Verified, Verifier, cryptocloud::CryptoCloud};
use postback_tower::{PostbackLayer, ResponseBody, acknowledgement, retry};
use tokio::{net::TcpListener, time::sleep};
use tower::{Service, ServiceBuilder};
use tower_http::timeout::RequestBodyDeadlineLayer;

async fn paid(
    orders: Orders,
    request: Request<Bytes>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(payment) = request.extensions().get::<Verified<CryptoCloud>>() else {
        // No layer above: nothing is acknowledged.
        let mut response = Response::default();
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(response);
    };
    Ok(match orders.credit(payment).await {
        Ok(()) => acknowledgement::<CryptoCloud, _>(),
        Err(error) => retry(error),
    })
}

fn app(
    orders: Orders,
    verifier: Verifier<CryptoCloud>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<ResponseBody<Full<Bytes>>>,
    Error = Infallible,
    Future: Send,
> + Clone {
    ServiceBuilder::new()
        .layer(RequestBodyDeadlineLayer::new(Duration::from_secs(10)))
        .layer(PostbackLayer::new(verifier).with_request_body::<Bytes>())
        .service_fn(move |request| paid(orders.clone(), request))
}

/// Serves also clients that shut down their writing side after the request: hyper drops them without `half_close`.
async fn serve<S>(listener: TcpListener, app: S)
where
    S: Service<Request<Incoming>, Response = Response<ResponseBody<Full<Bytes>>>>,
    S: Service<Request<Incoming>, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let mut server = http1::Builder::new();
    server.half_close(true).timer(TokioTimer::new());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: other connections have to close first.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = env::var_os("CRYPTOCLOUD_SECRET").ok_or("CRYPTOCLOUD_SECRET is not set")?;
    let verifier = Verifier::new(
        CryptoCloud::new(),
        SecretKey::new(secret.as_encoded_bytes())?,
    );
    let app = app(Orders::open("orders.db").await?, verifier);
    serve(TcpListener::bind("127.0.0.1:3000").await?, app).await;
    Ok(())
}
