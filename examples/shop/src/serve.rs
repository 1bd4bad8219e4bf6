use axum::{Router, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;

/// Serves over HTTP/1.1, and replies to clients that close their sending side after the request,
/// too, which `axum::serve` does not.
pub async fn serve(mut listener: TcpListener, router: Router) {
    let mut server = http1::Builder::new();
    server.half_close(true).timer(TokioTimer::new());
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
    }
}
