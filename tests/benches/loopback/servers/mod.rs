//! The servers, each as an application of its framework is started.

mod actix;
mod axum;
mod rocket;
mod tower;

use std::{net::SocketAddr, sync::mpsc, thread};

/// A server and its routes.
pub(super) struct Server {
    pub(super) name: &'static str,
    /// The one that only reads the body comes first.
    pub(super) routes: &'static [&'static str],
    /// Serves until the process ends, and tells where.
    serve: fn(&mpsc::Sender<SocketAddr>),
}

pub(super) const SERVERS: &[Server] = &[axum::SERVER, tower::SERVER, actix::SERVER, rocket::SERVER];

/// Whether routes are told as so many times this one.
pub(super) fn is_base(route: &str) -> bool {
    matches!(route, "/bare" | "/by-hand")
}

/// Starts it on a thread of its own.
pub(super) fn start(server: &Server) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    let serve = server.serve;
    thread::spawn(move || serve(&tell));
    told.recv().expect("an address")
}
