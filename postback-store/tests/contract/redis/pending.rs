//! Lists of many effects.

use std::{collections::BTreeSet, time::Duration};

use libtest_mimic::Trial;
use postback_store::{
    EffectFilter, EffectOutcome, EffectStore, PendingEffect, redis::RedisStore,
    run_effect_with_lease,
};
use tokio::time::sleep;

use super::server::Server;
use crate::{
    effects::{HOUR, MAIL, fail},
    events::{Payment, payment},
};

/// More effects than a script reads at a time, two times.
const MANY: usize = 2_100;

pub(super) fn all() -> Vec<Trial> {
    trials!("redis", [
        effects_of_another_project_hide_no_effect
        effects_of_one_moment_are_listed_one_time_each
        extended_effect_comes_last
    ])
}

async fn effects_of_another_project_hide_no_effect() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
    leave(&store, MANY).await;
    let of_shop = Payment {
        project: Some("shop"),
        ..Payment::default()
    };
    fail(&store, &of_shop.reconciled("A")).await;
    let filter = EffectFilter::of_project(Some("shop")).limit(1);
    let listed = store.pending_effects(&filter).await.unwrap();
    let ids: Vec<_> = listed.iter().map(PendingEffect::id).collect();
    assert_eq!(ids, ["A"]);
    let filter = EffectFilter::of_project(Some("another"));
    assert!(store.pending_effects(&filter).await.unwrap().is_empty());
}

/// Effects of the same millisecond are in the order of their keys.
async fn effects_of_one_moment_are_listed_one_time_each() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
    leave(&store, MANY).await;
    for id in ["a", "B", "b", "A", "a-b", "a_b", "aa"] {
        fail(&store, &payment(id)).await;
    }
    let at_one_moment = "for _, effect in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
        redis.call('HSET', effect, 'leased_at', ARGV[1])
        redis.call('ZADD', KEYS[1], ARGV[1], effect)
    end";
    let arguments = [at_one_moment, "1", "{postback}:pending", "1769509400000"];
    server.ask::<()>("EVAL", &arguments);
    for limit in [7, 999, 1_000, 1_001, 5_000] {
        let mut listed = BTreeSet::new();
        let mut filter = EffectFilter::of_project(None).limit(limit);
        loop {
            let page = store.pending_effects(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            for effect in &page {
                assert!(listed.insert(effect.id().to_owned()), "{effect:?}");
            }
            filter = filter.after(last);
        }
        assert_eq!(listed.len(), MANY + 7, "{limit}");
    }
}

/// The list is in the order of the last extension, and so is its next page.
async fn extended_effect_comes_last() {
    let server = Server::start();
    let store = RedisStore::open(&server.url()).await.unwrap();
    let (store, paid) = (&store, payment("A"));
    let ran = run_effect_with_lease(store, &paid, MAIL, HOUR, |lease| async move {
        for id in ["B", "C"] {
            fail(store, &payment(id)).await;
            sleep(Duration::from_millis(5)).await;
        }
        lease.extend(HOUR).await.unwrap();
        sleep(Duration::from_millis(5)).await;
        let mut filter = EffectFilter::of_project(None).with_held().limit(1);
        let mut ids = Vec::new();
        while let [one] = &store.pending_effects(&filter).await.unwrap()[..] {
            ids.push(one.id().to_owned());
            filter = filter.after(one);
        }
        Ok::<_, &str>(ids)
    });
    assert_eq!(
        ran.await.unwrap(),
        EffectOutcome::Ran(["B", "C", "A"].map(str::to_owned).to_vec())
    );
}

/// Leaves effects that failed.
async fn leave(store: &RedisStore, number: usize) {
    for number in 0..number {
        fail(store, &payment(&format!("MANY{number}"))).await;
    }
}
