//! A connection to a server that a test makes silent, slow or lossy.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

/// Forwards connections to a server. Ends with the runtime.
pub(crate) struct Forwarder {
    pub(crate) port: u16,
    plan: watch::Sender<Plan>,
}

/// Treatment of the connections.
#[derive(Clone, Copy, Default)]
struct Plan {
    /// Number of connections so far.
    connections: u64,
    /// Connections with a lower number are silent.
    silent_below: u64,
    reply: Reply,
}

/// Treatment of the next reply of the server.
#[derive(Clone, Copy, Default)]
enum Reply {
    /// Arrives late.
    Delayed(Duration),
    #[default]
    Forwarded,
    /// Dropped, and the connection is closed.
    Lost,
}

#[expect(
    clippy::expect_used,
    reason = "without a server there is nothing to do"
)]
impl Forwarder {
    /// Starts to forward to a server, `host:port`.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (plan, _) = watch::channel(Plan::default());
        tokio::spawn({
            let plan = plan.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(forward(client, server.clone(), plan.clone()));
                }
            }
        });
        Self { port, plan }
    }

    /// Forwards nothing, on any connection: neither requests nor replies.
    pub(crate) fn become_silent(&self) {
        self.plan.send_modify(|plan| plan.silent_below = u64::MAX);
    }

    /// Forwards on new connections. Those that exist stay silent.
    pub(crate) fn forward_new_connections(&self) {
        self.plan
            .send_modify(|plan| plan.silent_below = plan.connections);
    }

    /// Delays the next reply of the server.
    pub(crate) fn delay_next_reply(&self, by: Duration) {
        self.plan
            .send_modify(|plan| plan.reply = Reply::Delayed(by));
    }

    /// Drops the next reply of the server, and closes its connection.
    pub(crate) fn lose_next_reply(&self) {
        self.plan.send_modify(|plan| plan.reply = Reply::Lost);
    }
}

async fn forward(client: TcpStream, server: String, plan: watch::Sender<Plan>) {
    let mut number = 0;
    plan.send_modify(|plan| {
        number = plan.connections;
        plan.connections = number.saturating_add(1);
    });
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let requests = copy(from_client, to_server, number, &plan, |_| Reply::Forwarded);
    let replies = copy(from_server, to_client, number, &plan, |plan| {
        let mut next = Reply::Forwarded;
        plan.send_modify(|plan| next = std::mem::take(&mut plan.reply));
        next
    });
    tokio::select! {
        () = requests => {}
        () = replies => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    number: u64,
    plan: &watch::Sender<Plan>,
    next: impl Fn(&watch::Sender<Plan>) -> Reply,
) {
    let mut buffer = [0; 8_192];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let mut changes = plan.subscribe();
        let is_silent = |plan: &Plan| number < plan.silent_below;
        if changes.wait_for(|plan| !is_silent(plan)).await.is_err() {
            return;
        }
        match next(plan) {
            Reply::Delayed(by) => sleep(by).await,
            Reply::Forwarded => {}
            Reply::Lost => return,
        }
        let chunk = buffer.get(..length).unwrap_or_default();
        if to.write_all(chunk).await.is_err() {
            return;
        }
    }
}
