//! Settings of a server that decide whether a store opens.

use std::sync::atomic::AtomicU32;

use libtest_mimic::Trial;
use postback_store::{
    EffectError, EffectOutcome, StoreError,
    redis::{Durability, RedisStore},
};

use super::server::Server;
use crate::{effects::count, events::payment};

pub(super) fn all() -> Vec<Trial> {
    trials!("redis", [
        server_that_evicts_any_key_is_rejected
        server_that_evicts_expiring_keys_alone_is_accepted
        server_without_persistence_is_rejected
        server_without_persistence_is_accepted_if_allowed
        server_that_hides_its_configuration_is_accepted
        durability_is_read_from_server
        full_server_runs_nothing
        volatile_policy_evicts_no_effect
    ])
}

async fn server_that_evicts_any_key_is_rejected() {
    let server = Server::start();
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
        server.set("maxmemory-policy", policy);
        let opened = RedisStore::open(&server.url()).await;
        let Err(StoreError::EvictionEnabled { policy: found }) = opened else {
            panic!("{opened:?}");
        };
        assert_eq!(found, policy);
    }
    server.set("maxmemory-policy", "noeviction");
    RedisStore::open(&server.url()).await.unwrap();
}

async fn server_that_evicts_expiring_keys_alone_is_accepted() {
    let server = Server::start();
    for policy in [
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] {
        server.set("maxmemory-policy", policy);
        RedisStore::open(&server.url()).await.unwrap();
    }
}

async fn server_without_persistence_is_rejected() {
    let server = Server::with(&[]);
    let opened = RedisStore::open(&server.url()).await;
    assert!(
        matches!(opened, Err(StoreError::NotPersistent)),
        "{opened:?}"
    );
    server.set("save", "3600 1");
    RedisStore::open(&server.url()).await.unwrap();
    server.set("save", "");
    server.set("appendonly", "yes");
    RedisStore::open(&server.url()).await.unwrap();
}

async fn server_without_persistence_is_accepted_if_allowed() {
    let server = Server::with(&[]);
    let store = RedisStore::builder().allow_no_persistence();
    let store = store.open(&server.url()).await.unwrap();
    assert_eq!(store.durability().await.unwrap(), Durability::NotPersistent);
}

/// The command has another name, or the user may not call it.
async fn server_that_hides_its_configuration_is_accepted() {
    let without_command = Server::with(&["--rename-command", "CONFIG", ""]);
    let store = RedisStore::open(&without_command.url()).await.unwrap();
    assert_eq!(store.durability().await.unwrap(), Durability::Unknown);

    let server = Server::with(&[]);
    let user = ["SETUSER", "app", "on", ">secret", "~*", "+@all", "-config"];
    server.ask::<()>("ACL", &user);
    for appends in ["no", "yes"] {
        server.set("appendonly", appends);
        let url = format!("{}?user=app&pass=secret", server.url());
        let store = RedisStore::open(&url).await.unwrap();
        assert_eq!(store.durability().await.unwrap(), Durability::Unknown);
    }
}

async fn durability_is_read_from_server() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
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
    for (save, durability) in [
        ("3600 1 300 100", Durability::Snapshots),
        ("", Durability::NotPersistent),
    ] {
        server.set("save", save);
        assert_eq!(store.durability().await.unwrap(), durability);
        assert!(durability.to_string().contains("appendonly no"));
    }
}

/// An effect that cannot be recorded does not run.
async fn full_server_runs_nothing() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
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

/// No key of the store expires.
async fn volatile_policy_evicts_no_effect() {
    let server = Server::start();
    server.set("maxmemory-policy", "volatile-random");
    let store = RedisStore::open(&server.url()).await.unwrap();
    let counter = AtomicU32::new(0);
    let ran = count(&store, &payment("A"), &counter).await;
    assert_eq!(ran.unwrap(), EffectOutcome::Ran(1));
    server.ask::<()>("SET", &["session", "B", "EX", "3600"]);
    server.set("maxmemory", "1");
    // The first command that needs memory evicts.
    let full = server.try_ask::<()>("SET", &["more", "C"]);
    assert!(full.is_err());
    assert!(!server.ask::<bool>("EXISTS", "session"));
    server.set("maxmemory", "0");
    let again = count(&store, &payment("A"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
}
