//! What a shop must never get wrong, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{ops::Deref, sync::Arc};

use conformance::{
    driver::{Application, Seen},
    shop::{ORIGIN, Senders},
};
use http::StatusCode;
use postback_store::sqlite::SqliteStore;
use shop::Orders;
use tempfile::TempDir;

/// A shop in a folder that goes with it, and who sends to it.
struct Shop {
    senders: Senders,
    _application: Application,
    folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let orders = Orders::open(folder.path().join("shop.db")).await.unwrap();
        let (senders, verifiers) = Senders::new();
        let router = shop::router(orders, verifiers, ORIGIN);
        let application = Application::serve(router, Seen::default()).await;
        Self {
            senders: senders.to(format!("http://{}", application.address())),
            _application: application,
            folder,
        }
    }
}

impl Deref for Shop {
    type Target = Senders;

    fn deref(&self) -> &Senders {
        &self.senders
    }
}

fn paid(amount: &str, settled: bool) -> (String, bool) {
    (amount.to_owned(), settled)
}

#[tokio::test]
async fn a_postback_sent_twice_is_credited_once() {
    let shop = Shop::open().await;
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    assert_eq!(shop.paid(order).await, paid("0", false));
    for _ in 0..2 {
        assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
        assert_eq!(shop.paid(order).await, paid("0.05", true));
    }
}

#[tokio::test]
async fn fifty_at_once_are_credited_once() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    let deliveries = (0..50).map(|_| {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move { shop.pay_invoice("ILRAJE1Q", "0.05").await })
    });
    for delivery in deliveries.collect::<Vec<_>>() {
        assert_eq!(delivery.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(shop.paid(order).await, paid("0.05", true));
}

#[tokio::test]
async fn too_little_is_acknowledged_and_settles_nothing() {
    let shop = Shop::open().await;
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    let status = shop.pay_invoice("ILRAJE1Q", "0.0499999999999999999").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.0499999999999999999", false));
    // The same invoice with another amount is no further payment.
    assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.0499999999999999999", false));
}

#[tokio::test]
async fn several_payments_to_one_address_make_up_a_price() {
    let shop = Shop::open().await;
    let (order, target) = shop.order_by_address().await;
    let first = [("value_coin=0.05", "value_coin=0.03")];
    let pending = [
        ("value_coin=0.05", "value_coin=0.03"),
        ("pending=0", "pending=1"),
    ];
    let second = [
        ("uuid=d", "uuid=e"),
        ("txid_in=a", "txid_in=b"),
        ("value_coin=0.05", "value_coin=0.0200000000000000001"),
    ];
    assert_eq!(shop.call_back(&target, &pending).await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0", false));
    for _ in 0..2 {
        assert_eq!(shop.call_back(&target, &first).await, StatusCode::OK);
        assert_eq!(shop.paid(order).await, paid("0.03", false));
    }
    assert_eq!(shop.call_back(&target, &second).await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.0500000000000000001", true));
}

/// Somebody else writes for longer than the store waits.
#[tokio::test]
async fn a_busy_store_asks_for_another_try() {
    let shop = Shop::open().await;
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    let other = SqliteStore::open(shop.folder.path().join("shop.db")).await;
    let other = other.unwrap();
    let writing = other.begin().await.unwrap();
    let busy = shop.pay_invoice("ILRAJE1Q", "0.05").await;
    assert_eq!(busy, StatusCode::SERVICE_UNAVAILABLE);
    drop(writing);
    assert_eq!(shop.paid(order).await, paid("0", false));
    assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.05", true));
}

/// Genuine, and about no order, or another's.
#[tokio::test]
async fn what_is_foreign_is_not_acknowledged() {
    let shop = Shop::open().await;
    let (order, target) = shop.order_by_address().await;
    let status = shop.pay_invoice("ANOTHER1", "0.05").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (path, _) = target.split_once('?').unwrap();
    let without_nonce = format!("{path}?order={order}");
    for (target, replaced) in [
        (&*without_nonce, ("uuid=d", "uuid=d")),
        (&*target, ("address_in=3PF", "address_in=4PF")),
        (&*target, ("address_out=1H6", "address_out=1H7")),
        (&*target, ("coin=btc", "coin=ltc")),
    ] {
        let status = shop.call_back(target, &[replaced]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{replaced:?}");
    }
    assert_eq!(shop.paid(order).await, paid("0", false));
    assert_eq!(
        shop.call_back(&target, &[]).await,
        StatusCode::OK,
        "control case"
    );
    assert_eq!(shop.paid(order).await, paid("0.05", true));
}
