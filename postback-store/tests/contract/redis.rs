//! Tests of Redis alone.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::atomic::AtomicU32,
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, StoreError,
    redis::{Durability, RedisStore},
    resume_effect,
};
use tempfile::TempDir;

use crate::{
    backend::Redis,
    effects::{Ran, count, fail, only_pending_effect, pending_effects, succeed},
    events::{Payment, payment},
    lease_backend::LeaseBackend,
};

/// Returns the tests of Redis alone.
pub(crate) fn all() -> Vec<Trial> {
    trials!("redis", [
        server_with_eviction_is_rejected
        full_server_runs_nothing
        durability_is_read_from_server
        effect_deleted_by_hand_hides_no_other
        effect_deleted_by_hand_is_not_pruned_after_failure
        project_with_colon_is_separate_project
    ])
}

async fn server_with_eviction_is_rejected() {
    let server = Server::start();
    for policy in ["allkeys-lru", "volatile-ttl"] {
        server.set("maxmemory-policy", policy);
        let opened = RedisStore::open(&server.url).await;
        let Err(StoreError::EvictionEnabled { policy: found }) = opened else {
            panic!("{opened:?}");
        };
        assert_eq!(found, policy);
    }
    server.set("maxmemory-policy", "noeviction");
    assert!(RedisStore::open(&server.url).await.is_ok());
}

/// An effect that cannot be recorded does not run.
async fn full_server_runs_nothing() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    server.set("maxmemory", "1");
    let counter = AtomicU32::new(0);
    let failed = count(&store, &payment("A"), &counter).await;
    assert!(
        matches!(failed, Err(EffectError::Store(StoreError::Failed(_)))),
        "{failed:?}"
    );
    server.set("maxmemory", "0");
    let then = count(&store, &payment("A"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(1));
}

async fn durability_is_read_from_server() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    for (sync, durability) in [
        ("everysec", Durability::EverySecond),
        ("no", Durability::SystemDecides),
        ("always", Durability::Always),
    ] {
        server.set("appendfsync", sync);
        assert_eq!(store.durability().await.unwrap(), durability);
        assert!(durability.to_string().contains(sync));
    }
    server.set("appendonly", "no");
    assert_eq!(store.durability().await.unwrap(), Durability::Snapshots);
}

async fn effect_deleted_by_hand_hides_no_other() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    for id in ["A", "B"] {
        fail(&store, &payment(id)).await;
    }
    let left = pending_effects(&store).await;
    let mut connection = server.connect().unwrap();
    let deleted: u32 = redis::cmd("DEL")
        .arg("postback:effect:cryptocloud:0::A")
        .query(&mut connection)
        .unwrap();
    assert_eq!(deleted, 1);
    let [one] = store.pending_effects(1).await.unwrap().try_into().unwrap();
    assert_eq!(one.id(), "B");
    let gone: Ran = resume_effect(&store, &left[0], || async { Ok(1) }).await;
    let is_missing = matches!(
        gone,
        Err(EffectError::Store(StoreError::Inconsistent { .. }))
    );
    assert!(is_missing, "{gone:?}");
}

/// The effect was done and was deleted, and is new.
async fn effect_deleted_by_hand_is_not_pruned_after_failure() {
    let server = Server::start();
    let store = RedisStore::open(&server.url).await.unwrap();
    succeed(&store, &payment("A")).await;
    let mut connection = server.connect().unwrap();
    let deleted: u32 = redis::cmd("DEL")
        .arg("postback:effect:cryptocloud:0::A")
        .query(&mut connection)
        .unwrap();
    assert_eq!(deleted, 1);
    fail(&store, &payment("A")).await;
    assert_eq!(store.prune(9_000_000_000).await.unwrap(), 0);
    let left = only_pending_effect(&store).await;
    assert_eq!(left.payload_json(), payment("A").event().payload_json());
}

/// The names of the projects contain the separator of the key.
async fn project_with_colon_is_separate_project() {
    let store = Redis::fresh().await;
    let counter = AtomicU32::new(0);
    let mut ran = BTreeMap::new();
    for project in ["a", "a:A", "a:1:a", "1:a"] {
        let of = Payment {
            project: Some(project),
            ..Payment::default()
        };
        for id in ["A", "a-A"] {
            let done = count(store.leases(), &of.reconciled(id), &counter)
                .await
                .unwrap();
            ran.insert((project, id), done);
        }
    }
    assert_eq!(counter.into_inner(), 8, "{ran:?}");
}

/// Server of its own for a test, because the test changes the settings.
struct Server {
    process: Child,
    url: String,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("redis.sock");
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "yes"])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let server = Self {
            process: process.unwrap(),
            url: format!("redis+unix://{}", socket.display()),
            _folder: folder,
        };
        let begun = Instant::now();
        while let Err(error) = server.connect() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn set(&self, name: &str, value: &str) {
        let set = redis::cmd("CONFIG").arg(&["SET", name, value]).take();
        set.exec(&mut self.connect().unwrap()).unwrap();
    }

    fn connect(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(&*self.url)?.get_connection()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
