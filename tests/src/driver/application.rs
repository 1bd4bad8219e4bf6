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
use tracing::dispatcher;

use super::{Handed, Outcome, TAKE_RESULT_HEADER};
use crate::{client::Client, corpus};

/// An application that listens on a free loopback port until it is dropped.
#[derive(Debug)]
pub struct Application {
    address: SocketAddr,
    #[expect(dead_code, reason = "dropped with the application")]
    server: Running,
    seen: Seen,
    client: Client,
}

/// A server, and how it ends.
#[derive(Debug)]
enum Running {
    /// With its workers, on threads of their own.
    Actix(ServerHandle),
    Task(JoinHandle<()>),
}

impl Drop for Running {
    fn drop(&mut self) {
        match self {
            // The server is told at once; what is awaited is that it has ended.
            Self::Actix(server) => drop(server.stop(false)),
            Self::Task(server) => server.abort(),
        }
    }
}

/// What handlers were handed, in order.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Vec<Handed>>>);

impl Seen {
    /// Notes what a handler was handed.
    pub fn note(&self, handed: Handed) {
        self.notes().push(handed);
    }

    /// Takes all notes.
    #[must_use]
    pub fn take(&self) -> Vec<Handed> {
        mem::take(&mut *self.notes())
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Vec<Handed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Application {
    /// Serves `router`, whose handlers note in `seen` what they were handed.
    pub async fn serve(router: Router, seen: Seen) -> Self {
        Self::listen(seen, |listener| async move {
            axum::serve(listener, router).await.expect("serves");
        })
        .await
    }

    /// Serves `service` on hyper, over HTTP/1 and HTTP/2, with the loop of `receiver-tower`.
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
        // The worker has its own thread: it logs to the log of the test.
        let log = dispatcher::get_default(Clone::clone);
        let application = move || {
            mem::forget(dispatcher::set_default(&log));
            application()
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = HttpServer::new(application).workers(1).disable_signals();
        let server = server.listen_auto_h2c(listener).expect("listens").run();
        let running = Running::Actix(server.handle());
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
        let (tell, told) = oneshot::channel();
        let tell = Mutex::new(Some(tell));
        let ready = AdHoc::on_liftoff("address", move |rocket| {
            let config = rocket.config();
            let address = SocketAddr::new(config.address, config.port);
            let tell = tell.lock().unwrap_or_else(PoisonError::into_inner).take();
            let sent = tell.map(|tell| tell.send(address));
            Box::pin(async move { assert_eq!(sent, Some(Ok(())), "somebody waits") })
        });
        let application = application.configure(config).attach(ready);
        let server = tokio::spawn(async {
            application.launch().await.expect("serves");
        });
        Self {
            address: told.await.expect("an address"),
            server: Running::Task(server),
            seen,
            client: Client::default(),
        }
    }

    /// Serves with `serve`, a loop of the caller's.
    pub async fn listen<F>(seen: Seen, serve: impl FnOnce(TcpListener) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self {
            address: listener.local_addr().expect("an address"),
            server: Running::Task(tokio::spawn(serve(listener))),
            seen,
            client: Client::default(),
        }
    }

    /// Sends a request as it stands.
    pub async fn send(&self, request: &corpus::Request) -> Outcome {
        self.send_request(self.built(request)).await
    }

    /// Sends a request as it stands, and asks for the refusal's code.
    pub async fn send_for_result(&self, request: &corpus::Request) -> Outcome {
        let mut request = self.built(request);
        let asked = HeaderValue::from_static("");
        request.headers_mut().insert(TAKE_RESULT_HEADER, asked);
        self.send_request(request).await
    }

    fn built(&self, request: &corpus::Request) -> Request<Bytes> {
        request.to(&format!("http://{}", self.address))
    }

    /// Sends any request.
    pub async fn send_request(&self, request: Request<Bytes>) -> Outcome {
        drop(self.seen.take());
        let (status, headers, body) = self.client.send(request).await.expect("an answer");
        let mut handed = self.seen.take();
        assert!(handed.len() <= 1, "one request reaches one handler");
        Outcome {
            status,
            headers,
            body,
            handed: handed.pop(),
        }
    }

    /// Where the application listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the handlers were handed since it was last asked.
    #[must_use]
    pub fn seen(&self) -> Vec<Handed> {
        self.seen.take()
    }
}
