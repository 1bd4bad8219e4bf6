use std::{
    convert::Infallible,
    error::Error,
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse},
};
use axum::Router;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use rocket::{Build, Rocket, config::LogLevel, fairing::AdHoc};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower::Service;
use tracing::{dispatcher, subscriber::NoSubscriber};

use super::{Delivered, Outcome, TAKE_RESULT_HEADER};
use crate::{client::Client, corpus};

/// An application that listens on a free loopback port until it is dropped.
#[derive(Debug)]
pub struct Application {
    address: SocketAddr,
    #[expect(dead_code, reason = "dropped with the application")]
    server: Server,
    seen: Seen,
    client: Client,
}

/// A running server, stopped when it is dropped.
#[derive(Debug)]
enum Server {
    /// Server whose workers have their own threads.
    Actix(ServerHandle),
    Task(JoinHandle<()>),
}

impl Drop for Server {
    fn drop(&mut self) {
        match self {
            // `stop` sends the command when it is called; its future only waits for the end.
            Self::Actix(server) => drop(server.stop(false)),
            Self::Task(server) => server.abort(),
        }
    }
}

/// Deliveries that handlers received, in order.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Vec<Delivered>>>);

impl Seen {
    /// Adds a delivery that a handler received.
    pub fn note(&self, delivered: Delivered) {
        self.notes().push(delivered);
    }

    /// Removes and returns all deliveries.
    #[must_use]
    pub fn take(&self) -> Vec<Delivered> {
        mem::take(&mut *self.notes())
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Vec<Delivered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Application {
    /// Serves `router`, whose handlers add their deliveries to `seen`.
    pub async fn serve(router: Router, seen: Seen) -> Self {
        Self::listen(seen, |listener| async move {
            axum::serve(listener, router).await.expect("serves");
        })
        .await
    }

    /// Serves `service` on hyper, over HTTP/1 and HTTP/2, with the accept loop of `receiver-tower`.
    pub async fn serve_on_hyper<S, B>(service: S, seen: Seen) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::listen(seen, |listener| async move {
            receiver_tower::serve(listener, service).await;
        })
        .await
    }

    /// Serves with actix-web, over HTTP/1 and HTTP/2, with one worker.
    pub fn serve_on_actix<T, B>(
        application: impl Fn() -> App<T> + Clone + Send + 'static,
        seen: Seen,
    ) -> Self
    where
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = actix_web::Error,
                InitError = (),
            > + 'static,
        B: MessageBody + 'static,
    {
        // The worker has its own thread: it logs to the log of the test. A default without a
        // subscriber would hide the log of the process.
        let log = dispatcher::get_default(Clone::clone);
        let application = move || {
            if !log.is::<NoSubscriber>() {
                mem::forget(dispatcher::set_default(&log));
            }
            application()
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = HttpServer::new(application).workers(1).disable_signals();
        let server = server.listen_auto_h2c(listener).expect("listens").run();
        let running = Server::Actix(server.handle());
        tokio::spawn(server);
        Self {
            address,
            server: running,
            seen,
            client: Client::default(),
        }
    }

    /// Serves with Rocket, over HTTP/1 and HTTP/2, on this runtime.
    pub async fn serve_on_rocket(application: Rocket<Build>, seen: Seen) -> Self {
        let config = application
            .figment()
            .clone()
            .merge(("address", "127.0.0.1"))
            .merge(("port", 0))
            .merge(("ident", false))
            .merge(("log_level", LogLevel::Off))
            .merge(("shutdown.ctrlc", false));
        let (sender, receiver) = oneshot::channel();
        let sender = Mutex::new(Some(sender));
        let ready = AdHoc::on_liftoff("address", move |rocket| {
            let config = rocket.config();
            let address = SocketAddr::new(config.address, config.port);
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
            let sent = sender.map(|sender| sender.send(address));
            Box::pin(async move { assert_eq!(sent, Some(Ok(())), "the address is received") })
        });
        let application = application.configure(config).attach(ready);
        let server = tokio::spawn(async {
            application.launch().await.expect("serves");
        });
        Self {
            address: receiver.await.expect("an address"),
            server: Server::Task(server),
            seen,
            client: Client::default(),
        }
    }

    /// Serves with an accept loop of the caller.
    pub async fn listen<F>(seen: Seen, serve: impl FnOnce(TcpListener) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self {
            address: listener.local_addr().expect("an address"),
            server: Server::Task(tokio::spawn(serve(listener))),
            seen,
            client: Client::default(),
        }
    }

    /// Sends a request unchanged.
    pub async fn send(&self, request: &corpus::Request) -> Outcome {
        self.send_request(self.build(request)).await
    }

    /// Sends a request, and requests the rejection's code in [`CODE_HEADER`](super::CODE_HEADER).
    pub async fn send_for_result(&self, request: &corpus::Request) -> Outcome {
        let mut request = self.build(request);
        let value = HeaderValue::from_static("");
        request.headers_mut().insert(TAKE_RESULT_HEADER, value);
        self.send_request(request).await
    }

    fn build(&self, request: &corpus::Request) -> Request<Bytes> {
        request.to(&format!("http://{}", self.address))
    }

    /// Sends any request.
    pub async fn send_request(&self, request: Request<Bytes>) -> Outcome {
        drop(self.seen.take());
        let (status, headers, body) = self.client.send(request).await.expect("a response");
        let mut delivered = self.seen.take();
        assert!(delivered.len() <= 1, "one request reaches one handler");
        Outcome {
            status,
            headers,
            body,
            delivered: delivered.pop(),
        }
    }

    /// Returns the address at which the application listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Removes and returns the deliveries that handlers received since the last call.
    #[must_use]
    pub fn seen(&self) -> Vec<Delivered> {
        self.seen.take()
    }
}
