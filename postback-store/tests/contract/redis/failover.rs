//! A replica takes the place of its primary.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU32, Ordering},
    },
    thread,
};

use libtest_mimic::Trial;
use postback_store::{EffectOutcome, EffectStore, redis::RedisStore, run_effect};
use tokio::task::JoinSet;

use super::server::Server;
use crate::{
    effects::{MAIL, count, fail, only_pending_effect, succeed},
    events::payment,
};

pub(super) fn all() -> Vec<Trial> {
    trials!("redis", [
        store_leaves_demoted_server
        concurrent_steps_leave_demoted_server_one_time
        effect_that_runs_during_failover_is_completed
        demoted_server_without_successor_fails_until_there_is_one
    ])
}

async fn store_leaves_demoted_server() {
    let pair = Pair::start();
    let store = RedisStore::open(&pair.url()).await.unwrap();
    let counter = AtomicU32::new(0);
    let first = count(&store, &payment("A"), &counter).await;
    assert_eq!(first.unwrap(), EffectOutcome::Ran(1));
    fail(&store, &payment("B")).await;
    pair.fail_over();
    let again = count(&store, &payment("A"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
    let then = count(&store, &payment("C"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(2));
    let left = only_pending_effect(&store).await;
    assert!(store.dismiss(&left).await.unwrap());
    assert_eq!(store.prune(9_000_000_000).await.unwrap(), 3);
}

async fn concurrent_steps_leave_demoted_server_one_time() {
    let pair = Pair::start();
    let store = RedisStore::open(&pair.url()).await.unwrap();
    succeed(&store, &payment("A")).await;
    pair.fail_over();
    let mut tasks = JoinSet::new();
    for number in 0..32 {
        let store = store.clone();
        tasks.spawn(async move { succeed(&store, &payment(&format!("B{number}"))).await });
    }
    tasks.join_all().await;
    assert_eq!(pair.forwarder.connections(), 2);
}

async fn effect_that_runs_during_failover_is_completed() {
    let pair = Pair::start();
    let store = RedisStore::open(&pair.url()).await.unwrap();
    let paid = payment("A");
    let ran = run_effect(&store, &paid, MAIL, || async {
        pair.fail_over();
        Ok::<_, &str>(())
    });
    assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()));
    let again = run_effect(&store, &paid, MAIL, || async { Ok::<_, &str>(()) });
    assert_eq!(again.await.unwrap(), EffectOutcome::Duplicate);
}

/// The address leads to the demoted server for a while.
async fn demoted_server_without_successor_fails_until_there_is_one() {
    let pair = Pair::start();
    let store = RedisStore::open(&pair.url()).await.unwrap();
    let counter = AtomicU32::new(0);
    pair.demote();
    for _ in 0..3 {
        assert!(count(&store, &payment("A"), &counter).await.is_err());
    }
    pair.forwarder.lead_to(pair.second.port);
    let then = count(&store, &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(1));
}

/// Primary with a replica, behind one address.
struct Pair {
    first: Server,
    second: Server,
    forwarder: Forwarder,
}

impl Pair {
    fn start() -> Self {
        let [first, second] = [(); 2].map(|()| {
            Server::on_free_port(&["--appendonly", "yes", "--repl-diskless-sync-delay", "0"])
        });
        second.ask::<()>("REPLICAOF", ("127.0.0.1", first.port));
        let forwarder = Forwarder::start(first.port);
        Self {
            first,
            second,
            forwarder,
        }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.forwarder.port)
    }

    /// Makes the replica the primary, and the primary its replica, whose connections stay open.
    fn demote(&self) {
        self.first.wait_until_replicated(&self.second);
        self.second.ask::<()>("REPLICAOF", ("NO", "ONE"));
        self.first
            .ask::<()>("REPLICAOF", ("127.0.0.1", self.second.port));
    }

    fn fail_over(&self) {
        self.demote();
        self.forwarder.lead_to(self.second.port);
    }
}

/// Address that leads to another server from one connection to the next. Connections that are open
/// are not changed.
struct Forwarder {
    port: u16,
    target: Arc<AtomicU16>,
    connections: Arc<AtomicU32>,
}

impl Forwarder {
    fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let forwarder = Self {
            port: listener.local_addr().unwrap().port(),
            target: Arc::new(AtomicU16::new(target)),
            connections: Arc::default(),
        };
        let (target, connections) = (
            Arc::clone(&forwarder.target),
            Arc::clone(&forwarder.connections),
        );
        thread::spawn(move || {
            for client in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                let port = target.load(Ordering::SeqCst);
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", port)));
                forward(&client, &server.unwrap());
            }
        });
        forwarder
    }

    fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }

    fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

fn forward(client: &TcpStream, server: &TcpStream) {
    for (from, to) in [(client, server), (server, client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
