//! Cluster of three nodes.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use libtest_mimic::Trial;
use postback_store::{
    EffectFilter, EffectOutcome, EffectStore, StoreError,
    redis::{Durability, RedisStore},
};
use redis::cluster::{ClusterClient, ClusterClientBuilder};

use super::server::{Server, free_port, until};
use crate::{
    effects::{MAIL, count, fail, only_pending_effect, succeed},
    events::{callback, payment},
};

/// Slots of a cluster.
const SLOTS: u16 = 16_384;

pub(super) fn all() -> Vec<Trial> {
    trials!("redis_cluster", [
        effects_run_on_node_of_their_slot
        settings_are_those_of_node_of_slot
        effects_follow_slot_to_another_node
        effects_survive_failover_of_node
        effects_of_slot_that_is_moving_fail_or_run_one_time
    ])
}

async fn effects_run_on_node_of_their_slot() {
    let cluster = Cluster::start(0);
    for prefix in ["shop", "shop-2", "shop-3", "postback"] {
        let store = RedisStore::builder().prefix(prefix);
        let store = store.with_cluster(cluster.client()).await.unwrap();
        let counter = AtomicU32::new(0);
        for expected in [EffectOutcome::Ran(1), EffectOutcome::Duplicate] {
            let ran = count(&store, &callback("u-1", "tx-1", false), &counter).await;
            assert_eq!(ran.unwrap(), expected);
        }
        let duplicate = count(&store, &callback("u-2", "tx-1", false), &counter).await;
        let of = "u-1".to_owned();
        assert_eq!(duplicate.unwrap(), EffectOutcome::PossibleDuplicate { of });
        let left = only_pending_effect(&store).await;
        assert!(store.approve(&left).await.unwrap());
        succeed(&store, &callback("u-2", "tx-1", false)).await;
        fail(&store, &payment("A")).await;
        let left = only_pending_effect(&store).await;
        assert!(store.dismiss(&left).await.unwrap());
        let old = payment("B");
        for expected in [true, false] {
            let imported = store.import_effect(old.event().key(), MAIL).await;
            assert_eq!(imported.unwrap(), expected);
        }
        assert_eq!(store.prune(9_000_000_000).await.unwrap(), 3);

        let owner = cluster.owner(prefix);
        for (number, node) in cluster.nodes.iter().enumerate() {
            let keys: Vec<String> = node.ask("KEYS", format!("{{{prefix}}}:*"));
            assert_eq!(keys.is_empty(), number != owner, "{number}: {keys:?}");
        }
    }
}

async fn settings_are_those_of_node_of_slot() {
    let cluster = Cluster::start(0);
    let owner = cluster.owner("postback");
    for (number, node) in cluster.nodes.iter().enumerate() {
        let (policy, sync) = match number == owner {
            true => ("noeviction", "always"),
            false => ("allkeys-lru", "no"),
        };
        node.set("maxmemory-policy", policy);
        node.set("appendfsync", sync);
    }
    for _ in 0..5 {
        let store = RedisStore::with_cluster(cluster.client()).await.unwrap();
        assert_eq!(store.durability().await.unwrap(), Durability::Always);
    }
    cluster.nodes[owner].set("maxmemory-policy", "allkeys-lfu");
    let opened = RedisStore::with_cluster(cluster.client()).await;
    assert!(
        matches!(&opened, Err(StoreError::EvictionEnabled { policy }) if policy == "allkeys-lfu"),
        "{opened:?}"
    );
}

/// The new node has run no script before.
async fn effects_follow_slot_to_another_node() {
    let cluster = Cluster::start(0);
    let store = RedisStore::with_cluster(cluster.client()).await.unwrap();
    let counter = AtomicU32::new(0);
    let ran = count(&store, &payment("A"), &counter).await;
    assert_eq!(ran.unwrap(), EffectOutcome::Ran(1));
    fail(&store, &payment("B")).await;
    let moving = cluster.begin_move("postback");
    moving.move_keys();
    moving.end();
    let again = count(&store, &payment("A"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
    assert_eq!(only_pending_effect(&store).await.id(), "B");
    for (id, number) in [("B", 2), ("C", 3)] {
        let ran = count(&store, &payment(id), &counter).await;
        assert_eq!(ran.unwrap(), EffectOutcome::Ran(number));
    }
    let keys: Vec<String> = moving.from.ask("KEYS", "*");
    assert!(keys.is_empty(), "{keys:?}");
}

/// The client asks again a few times if the keys of a step are on two nodes, and then the step
/// fails.
async fn effects_of_slot_that_is_moving_fail_or_run_one_time() {
    let cluster = Cluster::start(0);
    let client = cluster.client_builder().retries(2);
    let client = client.min_retry_wait(1).max_retry_wait(2).build().unwrap();
    let store = RedisStore::with_cluster(client).await.unwrap();
    let mut runs = BTreeMap::new();
    for id in ["A", "B", "C", "D"] {
        runs.insert(id, AtomicU32::new(0));
        fail(&store, &payment(id)).await;
    }
    fail(&store, &payment("E")).await;
    let ran = count(&store, &payment("A"), &runs["A"]).await;
    assert_eq!(ran.unwrap(), EffectOutcome::Ran(1));
    let moving = cluster.begin_move("postback");
    // From here on, the effects of the list are on another node than the list.
    moving.move_key("{postback}:pending");
    while let Some(key) = moving.next_key() {
        for (id, counter) in &runs {
            let _ = count(&store, &payment(id), counter).await;
        }
        let _ = store
            .pending_effects(&EffectFilter::of_all_projects())
            .await;
        moving.move_key(&key);
    }
    moving.end();
    for (id, counter) in &runs {
        let ran = count(&store, &payment(id), counter).await;
        assert!(ran.is_ok(), "{ran:?}");
        assert_eq!(counter.load(Ordering::Relaxed), 1, "{id}");
    }
    assert_eq!(only_pending_effect(&store).await.id(), "E");
}

async fn effects_survive_failover_of_node() {
    let mut cluster = Cluster::start(1);
    let store = RedisStore::with_cluster(cluster.client()).await.unwrap();
    let counter = AtomicU32::new(0);
    let owner = cluster.owner("postback");
    let replica = cluster.nodes.len() - 1;
    cluster.replicate(replica, owner);
    let ran = count(&store, &payment("A"), &counter).await;
    assert_eq!(ran.unwrap(), EffectOutcome::Ran(1));
    cluster.nodes[owner].wait_until_replicated(&cluster.nodes[replica]);
    // Its process ends.
    drop(cluster.nodes.remove(owner));
    let replica = replica - 1;
    cluster.nodes[replica].ask::<()>("CLUSTER", ("FAILOVER", "TAKEOVER"));
    cluster.wait_until_agreed();
    let again = count(&store, &payment("A"), &counter).await;
    assert_eq!(again.unwrap(), EffectOutcome::Duplicate);
    let then = count(&store, &payment("B"), &counter).await;
    assert_eq!(then.unwrap(), EffectOutcome::Ran(2));
}

struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts three nodes with a third of the slots each, and more nodes without slots.
    fn start(more: usize) -> Self {
        let start = || {
            let bus = free_port().to_string();
            let arguments = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let node = Server::on_free_port(&[&arguments[..], &["--appendonly", "yes"]].concat());
            (node, bus)
        };
        let nodes: Vec<_> = (0..3 + more).map(|_| start()).collect();
        let (first, _) = &nodes[0];
        for (number, (node, bus)) in nodes.iter().enumerate() {
            let epoch = (number + 1).to_string();
            node.ask::<()>("CLUSTER", ("SET-CONFIG-EPOCH", epoch));
            if number < 3 {
                let third = SLOTS / 3 + 1;
                let from = third * u16::try_from(number).unwrap();
                let to = (from + third).min(SLOTS) - 1;
                node.ask::<()>("CLUSTER", ("ADDSLOTSRANGE", from, to));
            }
            if number > 0 {
                first.ask::<()>("CLUSTER", ("MEET", "127.0.0.1", node.port, bus));
            }
        }
        let nodes = nodes.into_iter().map(|(node, _)| node).collect();
        let cluster = Self { nodes };
        cluster.wait_until_agreed();
        cluster
    }

    fn client(&self) -> ClusterClient {
        self.client_builder().build().unwrap()
    }

    fn client_builder(&self) -> ClusterClientBuilder {
        let node = self.nodes.last().unwrap();
        ClusterClientBuilder::new([format!("redis://127.0.0.1:{}", node.port)])
    }

    /// Waits until all nodes know the same owner of each slot.
    fn wait_until_agreed(&self) {
        until(|| {
            let mut views = Vec::new();
            for node in &self.nodes {
                let info: String = node.ask("CLUSTER", "INFO");
                let known = node.ask::<redis::Value>("CLUSTER", "SLOTS");
                views.push((info.contains("cluster_state:ok"), primaries(known)));
            }
            let (_, first) = &views[0];
            views.iter().all(|(is_ok, view)| *is_ok && view == first)
        });
    }

    /// Returns the number of the node that has the slot of a prefix.
    fn owner(&self, prefix: &str) -> usize {
        let slot = self.slot(prefix);
        let known = self.nodes[0].ask::<redis::Value>("CLUSTER", "SLOTS");
        let ((_, _), port) = primaries(known)
            .into_iter()
            .find(|((from, to), _)| (from..=to).contains(&&slot))
            .unwrap();
        let ports = self.nodes.iter().map(|node| node.port);
        ports
            .into_iter()
            .position(|of_node| of_node == port)
            .unwrap()
    }

    fn slot(&self, prefix: &str) -> u16 {
        self.nodes[0].ask("CLUSTER", ("KEYSLOT", prefix))
    }

    fn replicate(&self, replica: usize, primary: usize) {
        let id: String = self.nodes[primary].ask("CLUSTER", "MYID");
        self.nodes[replica].ask::<()>("CLUSTER", ("REPLICATE", id));
    }

    /// Begins to move the slot of a prefix to another node.
    fn begin_move(&self, prefix: &str) -> Move<'_> {
        let owner = self.owner(prefix);
        let moving = Move {
            cluster: self,
            slot: self.slot(prefix),
            from: &self.nodes[owner],
            to: &self.nodes[(owner + 1) % self.nodes.len()],
        };
        let [from, to] = [moving.from, moving.to].map(|node| node.ask::<String>("CLUSTER", "MYID"));
        let slot = moving.slot;
        moving
            .to
            .ask::<()>("CLUSTER", ("SETSLOT", slot, "IMPORTING", from));
        moving
            .from
            .ask::<()>("CLUSTER", ("SETSLOT", slot, "MIGRATING", to));
        moving
    }
}

/// Range of slots, and the port of the node that has them.
type Primaries = Vec<((u16, u16), u16)>;

fn primaries(slots: redis::Value) -> Primaries {
    let slots: Vec<Vec<redis::Value>> = redis::from_redis_value(slots).unwrap();
    let mut primaries: Primaries = slots
        .into_iter()
        .map(|mut range| {
            let node: Vec<redis::Value> = redis::from_redis_value(range.remove(2)).unwrap();
            let port = redis::from_redis_value(node[1].clone()).unwrap();
            let to = redis::from_redis_value(range.remove(1)).unwrap();
            let from = redis::from_redis_value(range.remove(0)).unwrap();
            ((from, to), port)
        })
        .collect();
    primaries.sort_unstable();
    primaries
}

/// Slot that moves from one node to another.
struct Move<'a> {
    cluster: &'a Cluster,
    slot: u16,
    from: &'a Server,
    to: &'a Server,
}

impl Move<'_> {
    fn next_key(&self) -> Option<String> {
        let keys: Vec<String> = self.from.ask("CLUSTER", ("GETKEYSINSLOT", self.slot, "1"));
        keys.into_iter().next()
    }

    fn move_key(&self, key: &str) {
        let to = ("127.0.0.1", self.to.port, key, "0", "5000");
        self.from.ask::<()>("MIGRATE", to);
    }

    fn move_keys(&self) {
        while let Some(key) = self.next_key() {
            self.move_key(&key);
        }
    }

    fn end(&self) {
        let to: String = self.to.ask("CLUSTER", "MYID");
        for node in [self.to, self.from] {
            node.ask::<()>("CLUSTER", ("SETSLOT", self.slot, "NODE", &to));
        }
        self.cluster.wait_until_agreed();
    }
}
