use std::{error::Error, sync::Arc};

use postback_conformance::shop::{ORIGIN, Senders};
use shop::{Orders, Receipts};
use tokio::{net::TcpListener, task::JoinSet};

/// Starts the shop of `examples/shop` on a file of its own, sends it what shops are sent, and prints what it
/// credited. Returns how many rows are not as they should be.
pub(crate) async fn show() -> Result<u32, Box<dyn Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let orders = Orders::open(folder.path().join("shop.db")).await?;
    let (senders, verifiers) = Senders::new();
    let receipts = Receipts::new(orders.clone(), folder.path());
    let router = shop::router(orders, receipts, verifiers, ORIGIN);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("The shop listens on {base}. Each order is for 0.05 BTC.\n");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let senders = Arc::new(senders.to(base));
    println!("{:<58}{:<28}credited", "sent", "expected");
    let mut table = Table::default();

    let order = senders.order_by_invoice("TWICE").await;
    for _ in 0..2 {
        senders.pay_invoice("TWICE", "0.05").await;
    }
    table.row(
        "one postback, twice",
        "0.05, settled",
        &senders.paid(order).await,
    );

    let order = senders.order_by_invoice("FIFTY").await;
    let mut copies = JoinSet::new();
    for _ in 0..50 {
        let senders = Arc::clone(&senders);
        copies.spawn(async move { senders.pay_invoice("FIFTY", "0.05").await });
    }
    copies.join_all().await;
    table.row(
        "50 copies at once",
        "0.05, settled",
        &senders.paid(order).await,
    );

    let order = senders.order_by_invoice("SHORT").await;
    senders.pay_invoice("SHORT", "0.04999").await;
    table.row("too little", "0.04999, open", &senders.paid(order).await);

    let (order, target) = senders.order_by_address().await;
    let foreign = ("address_in=3PF", "address_in=4PF");
    senders.call_back(&target, &[foreign]).await;
    table.row(
        "a foreign callback of CryptAPI",
        "0, open",
        &senders.paid(order).await,
    );
    senders.call_back(&target, &[]).await;
    table.row(
        "the order's own callback",
        "0.05, settled",
        &senders.paid(order).await,
    );
    println!();
    Ok(table.differing)
}

#[derive(Default)]
struct Table {
    differing: u32,
}

impl Table {
    fn row(&mut self, sent: &str, expected: &str, (paid, settled): &(String, bool)) {
        let credited = format!("{paid}, {}", if *settled { "settled" } else { "open" });
        let verdict = if credited == expected {
            ""
        } else {
            self.differing = self.differing.saturating_add(1);
            "   <-- DIFFERS"
        };
        println!("{sent:<58}{expected:<28}{credited}{verdict}");
    }
}
