use std::{convert::Infallible, error::Error, time::Duration};

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, time::sleep};
use tower::Service;

/// Time in which the rest of an HTTP/1 head must arrive, from when the server knows the version. It
/// does not bound connections on which nothing arrives.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// Time between two HTTP/2 pings.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Serves on hyper, over HTTP/1 and HTTP/2, and replies to clients that close their sending side
/// after the request, too.
pub async fn serve<S, B>(listener: TcpListener, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    let http1 = &mut server.http1();
    http1
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE);
    let http2 = &mut server.http2();
    http2
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE);
    loop {
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("{error}");
                // Most likely out of file descriptors: wait until other connections close.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (server, service) = (server.clone(), service.clone());
        tokio::spawn(async move {
            let service = TowerToHyperService::new(service);
            // A connection that the client breaks is not an error of the server.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
