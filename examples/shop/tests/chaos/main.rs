//! Deliveries to the shop as a process: repeated, concurrent, reordered, late, changed and forged.
//!
//! The tables in `invoices` and `callbacks` are the test. A scenario is about one order. A row is
//! what is sent, the status that comes back, and the amount that is paid for the order afterwards.
//! All scenarios are played at the same time, so that the deliveries of different orders are
//! concurrent.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a test stops where something is wrong"
)]

mod books;
mod callbacks;
mod invoices;
mod outage;
mod process;
mod scenario;

use std::sync::Arc;

use postback_core::cryptocloud::{CryptoCloud, Trybit};
use tokio::join;

use self::{
    books::Expected,
    callbacks::{Address, CALLBACKS, Callback, ONE_TRANSFER},
    invoices::{INVOICES, Invoice},
    process::Process,
    scenario::{Order, Played, Scenario},
};

/// Number of requests, and of those that differ from all others.
const DELIVERIES: (usize, usize) = (493, 299);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chaotic_deliveries_credit_each_payment_once() {
    let shop = Arc::new(Process::start());
    let (cryptocloud, trybit, cryptapi) = join!(
        Played::<Invoice<CryptoCloud>>::all(INVOICES, &shop),
        Played::<Invoice<Trybit>>::all(INVOICES, &shop),
        Played::<Address>::all(CALLBACKS, &shop),
    );
    let mut expected = Expected::default();
    expected.add(&cryptocloud);
    expected.add(&trybit);
    expected.add(&cryptapi);
    expected.assert(&shop).await;

    // The process is killed. The provider sends late duplicates to its successor, which changes
    // nothing.
    let shop = Arc::into_inner(shop)
        .expect("scenarios that ended")
        .restart();
    for played in cryptocloud.iter().rev() {
        played.repeat(&shop).await;
    }
    for played in trybit.iter().rev() {
        played.repeat(&shop).await;
    }
    for played in cryptapi.iter().rev() {
        played.repeat(&shop).await;
    }
    expected.assert(&shop).await;

    assert_eq!(shop.sent(), DELIVERIES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_ids_of_one_transfer_credit_one_payment() {
    static SCENARIOS: [Scenario<Callback>; 2] = ONE_TRANSFER;
    let shop = Arc::new(Process::start());
    let mut expected = Expected::default();
    for number in 0..10 {
        let [first, second] = &SCENARIOS;
        let mut played = Played {
            scenario: first,
            order: Address::new(number),
        };
        played.play(&shop).await;
        if !books::is_counted(&shop, &played.order.payment("a")).await {
            played.scenario = second;
        }
        expected.add(&[played]);
    }
    expected.assert(&shop).await;
}
