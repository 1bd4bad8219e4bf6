//! Deliveries that the shop does not acknowledge: another connection writes, or its process is
//! killed while it is at work on them.

use postback_conformance::corpus::Request;
use postback_core::cryptocloud::CryptoCloud;
use postback_store::sqlite::SqliteStore;
use tokio::task::JoinSet;

use crate::{
    books::Expected,
    callbacks::{self, Address, CALLBACKS},
    invoices::{self, INVOICES, Invoice},
    process::{DATABASE, Process},
    scenario::{Order, Played, Scenario, UNREAD},
};

/// Orders of each kind.
const ORDERS: usize = 12;

/// Kills of the process.
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn unacknowledged_payments_are_credited_when_they_are_sent_again() {
    let mut shop = Process::start();
    let invoices = orders::<Invoice<CryptoCloud>>(INVOICES, &shop).await;
    let addresses = orders::<Address>(CALLBACKS, &shop).await;
    let requests = || {
        let invoices = invoices.iter();
        let invoices = invoices.map(|it| it.order.request(invoices::PAID_IN_FULL.sent));
        let addresses = addresses.iter();
        invoices.chain(addresses.map(|it| it.order.request(callbacks::PAID_IN_FULL.sent)))
    };

    let other = SqliteStore::open(shop.folder().join(DATABASE)).await;
    let writing = other.expect("the store").begin().await;
    let writing = writing.expect("no other writer");
    send(requests(), Some(503), &shop).await;
    drop(writing);
    for _ in 0..KILLS {
        send(requests(), None, &shop).await;
        shop = shop.restart();
    }
    send(requests(), Some(200), &shop).await;
    send(requests(), Some(200), &shop).await;

    // The leases of the killed processes would end in a minute.
    let store = SqliteStore::open(shop.folder().join(DATABASE)).await;
    sqlx::query("UPDATE postback_effects SET leased_until = 0 WHERE done_at IS NULL")
        .execute(store.expect("the store").pool())
        .await
        .expect("leases that end");
    let mut expected = Expected::after_kills();
    expected.add(&invoices);
    expected.add(&addresses);
    expected.assert(&shop).await;
}

/// Adds orders, to each of which the first scenario of the table applies.
async fn orders<O: Order>(table: &'static [Scenario<O::Sent>], shop: &Process) -> Vec<Played<O>> {
    let scenario = table.first().expect("a scenario");
    let mut played = Vec::new();
    for number in 0..ORDERS {
        let mut order = O::new(number);
        order.add(shop).await;
        played.push(Played { scenario, order });
    }
    played
}

/// Sends all requests at the same time. Without an expected status, the clients do not wait for a
/// response.
async fn send(requests: impl Iterator<Item = Request>, status: Option<u16>, shop: &Process) {
    let mut sending = JoinSet::new();
    for request in requests {
        sending.spawn(shop.send(request, status.is_some()));
    }
    for came in sending.join_all().await {
        assert_eq!(came, status.unwrap_or(UNREAD));
    }
}
