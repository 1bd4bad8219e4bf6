//! Receives CryptAPI, CryptoCloud and Trybit postbacks and prints one line of JSON for each verified one.

use std::{error::Error, process::ExitCode, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use receiver::Verifiers;
use tokio::{net::TcpListener, time::sleep};

/// How long the rest of an HTTP/1 head may take to arrive. It begins when the server knows the version;
/// how many connections may say nothing at all is for what stands in front of it to limit.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// How often an HTTP/2 client is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> ExitCode {
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let routes = receiver_tower::routes(
        Verifiers::from_environment()?,
        &receiver::stdout(),
        receiver::BODY_DEADLINE,
    );
    let listener = TcpListener::bind(receiver::address()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);

    let mut server = auto::Builder::new(TokioExecutor::new());
    let http1 = &mut server.http1();
    http1
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
                eprintln!("receiver-tower: {error}");
                // Out of file descriptors, most likely: others have to be closed first.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (server, routes) = (server.clone(), routes.clone());
        tokio::spawn(async move {
            let service = TowerToHyperService::new(routes);
            // A client that breaks off is its own affair.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
