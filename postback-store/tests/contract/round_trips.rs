//! Round trips to a Postgres server: each of them is a wait of the handler.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::{EffectOutcome, postgres::PostgresStore, run_effect};
use sqlx::postgres::PgPoolOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::{
    events::{callback, payment},
    mail::MAIL,
    postgres_server::database,
    shop::{CREDIT, CREDITS},
};

/// Returns the tests of Postgres alone.
pub(crate) fn all() -> Vec<Trial> {
    trials!("postgres", [
        record_adds_one_round_trip_to_credit
        effect_takes_four_round_trips
    ])
}

/// A credit without a record takes four: for the begin, the credit, the commit, and the test of the
/// connection when it returns to the pool.
async fn record_adds_one_round_trip_to_credit() {
    let (store, round_trips) = counted_store().await;
    sqlx::query(CREDITS).execute(store.pool()).await.unwrap();
    let deliveries = |id: &str| [payment(id), callback(&format!("u-{id}"), id, false)];
    // The first use of a statement prepares it.
    for paid in deliveries("A") {
        credit(&store, Some(&paid)).await;
    }
    credit(&store, None).await;
    assert_eq!(round_trips.of(&store, credit(&store, None)).await, 4);
    for paid in deliveries("B") {
        let count = round_trips.of(&store, credit(&store, Some(&paid))).await;
        assert_eq!(count, 5, "{paid:?}");
    }
}

async fn credit(store: &PostgresStore, recorded: Option<&Reconciliation>) {
    let mut transaction = store.begin().await.unwrap();
    if let Some(paid) = recorded {
        let recorded = store.record_in(&mut transaction, paid).await;
        assert!(recorded.unwrap().is_new());
    }
    let credit = sqlx::query(CREDIT).bind("A");
    credit.execute(&mut *transaction).await.unwrap();
    store.commit(transaction).await.unwrap();
}

/// Two steps, each with the test of its connection when it returns to the pool.
async fn effect_takes_four_round_trips() {
    let (store, round_trips) = counted_store().await;
    for (number, id) in ["A", "B"].into_iter().enumerate() {
        for paid in [payment(id), callback(&format!("u-{id}"), id, false)] {
            let run = async {
                let ran = run_effect(&store, &paid, MAIL, || async { Ok::<_, &str>(()) }).await;
                assert_eq!(ran.unwrap(), EffectOutcome::Ran(()));
                // The connection returns to the pool on a task of its own.
                idle(&store).await;
            };
            let count = round_trips.of(&store, run).await;
            // The first use of a statement prepares it.
            if number > 0 {
                assert_eq!(count, 4, "{paid:?}");
            }
        }
    }
}

async fn counted_store() -> (PostgresStore, RoundTrips) {
    let url = database().await;
    let (before, server) = url.rsplit_once('@').unwrap();
    let (server, database) = server.split_once('/').unwrap();
    let round_trips = RoundTrips::default();
    let port = forward(server.to_owned(), round_trips.clone()).await;
    // One connection, so that each statement is prepared once, with the settings of `connect`.
    let url = format!("{before}@127.0.0.1:{port}/{database}?options=-c%20lock_timeout%3D2s");
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.test_before_acquire(false).connect(&url).await;
    let store = PostgresStore::with_pool(pool.unwrap()).await;
    (store.unwrap(), round_trips)
}

/// Waits until no connection is in use.
async fn idle(store: &PostgresStore) {
    let pool = store.pool();
    while pool.num_idle() < usize::try_from(pool.size()).unwrap() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Number of times that a client has sent something after the server had.
#[derive(Clone, Default)]
struct RoundTrips(Arc<AtomicU32>);

impl RoundTrips {
    async fn of(&self, store: &PostgresStore, operation: impl Future<Output = ()>) -> u32 {
        idle(store).await;
        let before = self.0.load(Ordering::SeqCst);
        operation.await;
        idle(store).await;
        self.0.load(Ordering::SeqCst) - before
    }
}

/// Forwards connections to a server, and returns the port that leads to it.
async fn forward(server: String, round_trips: RoundTrips) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&server).await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let is_clients_turn = Arc::new(Mutex::new(true));
            let (turn, round_trips) = (Arc::clone(&is_clients_turn), round_trips.clone());
            tokio::spawn(copy(from_client, to_server, move |_| {
                if std::mem::take(&mut *turn.lock().unwrap()) {
                    round_trips.0.fetch_add(1, Ordering::SeqCst);
                }
            }));
            tokio::spawn(copy(from_server, to_client, move |received| {
                if is_ready_for_query(received) {
                    *is_clients_turn.lock().unwrap() = true;
                }
            }));
        }
    });
    port
}

/// Returns true if the server waits for the client: the last message has a length of five, and the
/// state of the transaction.
fn is_ready_for_query(received: &[u8]) -> bool {
    matches!(received, [.., b'Z', 0, 0, 0, 5, _])
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, received: impl Fn(&[u8])) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        received(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
