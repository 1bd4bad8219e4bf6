//! The servers, each started as an application of its framework.

mod actix;
mod axum;
mod rocket;
mod tower;

use std::{net::SocketAddr, sync::mpsc, thread};

/// A server and its routes.
pub(super) struct Server {
    pub(super) name: &'static str,
    /// Routes. The first one only reads the body.
    pub(super) routes: &'static [&'static str],
    /// Serves until the process ends, and sends the address.
    serve: fn(&mpsc::Sender<SocketAddr>),
}

pub(super) const SERVERS: &[Server] = &[axum::SERVER, tower::SERVER, actix::SERVER, rocket::SERVER];

/// Returns `true` if the ratios of other routes to this one are printed.
pub(super) fn is_base(route: &str) -> bool {
    matches!(route, "/bare" | "/by-hand")
}

/// Starts the server on a new thread, and returns its address.
pub(super) fn start(server: &Server) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    let serve = server.serve;
    thread::spawn(move || serve(&sender));
    receiver.recv().expect("an address")
}
