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

/// How long the rest of an HTTP/1 head may take to arrive. It begins when the server knows the version;
/// how many connections may say nothing at all is for what stands in front of it to limit.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// How often an HTTP/2 client is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Serves on hyper, over HTTP/1 and HTTP/2, also clients that shut down their writing side after the request.
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
                // Out of file descriptors, most likely: other connections have to close first.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (server, service) = (server.clone(), service.clone());
        tokio::spawn(async move {
            let service = TowerToHyperService::new(service);
            // A client that breaks off is no error of the server's.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
