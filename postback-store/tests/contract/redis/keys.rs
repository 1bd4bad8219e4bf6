//! Keys of a store.

use std::sync::atomic::AtomicU32;

use libtest_mimic::Trial;
use postback_core::event::EventKey;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, StoreError, redis::RedisStore, resume_effect,
};

use super::server::Server;
use crate::{
    effects::{Ran, count, fail, only_pending_effect, pending_effects, succeed},
    events::{callback, payment},
};

pub(super) fn all() -> Vec<Trial> {
    trials!("redis", [
        keys_begin_with_prefix_in_braces
        user_limited_to_prefix_runs_effects
        another_prefix_is_another_store
        prefix_that_is_no_hash_tag_is_rejected
        texts_with_separators_are_separate_effects
        effect_deleted_by_hand_hides_no_other
        effect_deleted_by_hand_is_not_pruned_after_failure
    ])
}

async fn keys_begin_with_prefix_in_braces() {
    let server = Server::start();
    let shop = RedisStore::builder().prefix("shop");
    let by_default = RedisStore::builder();
    for (builder, prefix) in [(shop, "{shop}:"), (by_default, "{postback}:")] {
        server.ask::<()>("FLUSHALL", "SYNC");
        let store = builder.open(&server.url()).await.unwrap();
        leave_keys(&store).await;
        let mut keys: Vec<String> = server.ask("KEYS", "*");
        keys.sort();
        let kinds: Vec<_> = keys
            .iter()
            .map(|key| key.strip_prefix(prefix).unwrap().split(':').next().unwrap())
            .collect();
        assert_eq!(
            kinds,
            [
                "done",
                "effect",
                "effect",
                "effect",
                "pending",
                "possible_duplicates",
                "transfer"
            ]
        );
    }
}

/// Leaves a key of each kind.
async fn leave_keys(store: &RedisStore) {
    let counter = AtomicU32::new(0);
    for id in ["u-1", "u-2"] {
        let paid = callback(id, "tx-1", false);
        assert!(count(store, &paid, &counter).await.is_ok());
    }
    fail(store, &payment("A")).await;
}

async fn user_limited_to_prefix_runs_effects() {
    let server = Server::start();
    let user = ["SETUSER", "app", "on", ">secret", "~{shop}:*", "+@all"];
    server.ask::<()>("ACL", &user);
    let url = format!("{}?user=app&pass=secret", server.url());
    let store = RedisStore::builder().prefix("shop").open(&url).await;
    let store = store.unwrap();
    leave_keys(&store).await;
    for left in pending_effects(&store).await {
        assert!(store.dismiss(&left).await.unwrap());
    }
    assert!(pending_effects(&store).await.is_empty());
    assert_eq!(store.prune(9_000_000_000).await.unwrap(), 3);

    let store = RedisStore::open(&url).await.unwrap();
    let denied: Ran = count(&store, &payment("A"), &AtomicU32::new(0)).await;
    assert!(
        matches!(denied, Err(EffectError::Store(StoreError::Failed(_)))),
        "{denied:?}"
    );
}

async fn another_prefix_is_another_store() {
    let server = Server::start();
    let counter = AtomicU32::new(0);
    for prefix in ["shop", "postback", "shop:effect"] {
        let store = RedisStore::builder().prefix(prefix);
        let store = store.open(&server.url()).await.unwrap();
        for paid in [payment("A"), callback("u-1", "tx-1", false)] {
            let ran = count(&store, &paid, &counter).await.unwrap();
            assert!(matches!(ran, EffectOutcome::Ran(_)), "{prefix}: {ran:?}");
        }
    }
    let store = RedisStore::open(&server.url()).await.unwrap();
    let again = count(&store, &payment("A"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
}

async fn prefix_that_is_no_hash_tag_is_rejected() {
    let server = Server::start();
    for prefix in ["", "{", "}", "{shop}", "shop}", "a{b"] {
        let store = RedisStore::builder().prefix(prefix);
        let opened = store.open(&server.url()).await;
        let Err(StoreError::InvalidPrefix { prefix: found }) = opened else {
            panic!("{prefix}: {opened:?}");
        };
        assert_eq!(found, prefix);
    }
    let store = RedisStore::builder().prefix("shop 1:ä");
    store.open(&server.url()).await.unwrap();
}

/// The texts contain what separates them in a key.
async fn texts_with_separators_are_separate_effects() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
    let texts = ["a", "a:a", "a:1:a", "1:a", "1:a:1:a", "a:1:a:1:a"];
    for namespace in texts {
        for project in texts.map(Some).into_iter().chain([None]) {
            for name in texts {
                for id in texts {
                    let key = EventKey::new(namespace, project, id);
                    let imported = store.import_effect(&key, name).await.unwrap();
                    assert!(imported, "{key:?} {name}");
                }
            }
        }
    }
}

/// Deletes the effect of a payment of CryptoCloud that has no project.
fn delete(server: &Server, id: &str) {
    let keys = format!("{{postback}}:effect:*:{id}");
    let keys: Vec<String> = server.ask("KEYS", keys);
    let [key] = keys.try_into().unwrap();
    server.ask::<()>("DEL", key);
}

async fn effect_deleted_by_hand_hides_no_other() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
    for id in ["A", "B"] {
        fail(&store, &payment(id)).await;
    }
    let left = pending_effects(&store).await;
    delete(&server, "A");
    assert_eq!(only_pending_effect(&store).await.id(), "B");
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
    let store = RedisStore::open(&server.url()).await.unwrap();
    succeed(&store, &payment("A")).await;
    delete(&server, "A");
    fail(&store, &payment("A")).await;
    assert_eq!(store.prune(9_000_000_000).await.unwrap(), 0);
    let left = only_pending_effect(&store).await;
    assert_eq!(left.payload_json(), payment("A").event().payload_json());
}
