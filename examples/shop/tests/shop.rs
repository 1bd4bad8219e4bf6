//! Tests of the shop over real sockets.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    collections::BTreeMap,
    fs, io,
    ops::Deref,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use http::{Response, StatusCode};
use postback_conformance::{
    callbacks,
    corpus::Request,
    deliveries,
    driver::{Application, Seen},
    log::Log,
    receiver::{Running, receiver},
    shop::{ORIGIN, Senders},
};
use postback_core::reconcile::Price;
use postback_store::{EffectFilter, EffectStore, PendingEffect, sqlite::SqliteStore};
use shop::{CryptApiVerifier, Messages, Orders, Reviews, Verifiers};
use tempfile::TempDir;

const FOLDER: &str = "mail";

/// Shop in a temporary folder, and a sender of requests to it.
struct Shop {
    senders: Senders,
    application: Application,
    messages: Messages,
    reviews: Reviews,
    folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let orders = Orders::open(folder.path().join("shop.db")).await.unwrap();
        let messages = Messages::new(orders.clone(), folder.path().join(FOLDER));
        let reviews = Reviews::new(orders.clone());
        let senders = Senders::with_new_key();
        let cryptapi = CryptApiVerifier::Get(senders.cryptapi());
        let verifiers = Verifiers::new(cryptapi, deliveries::secret(), deliveries::secret());
        let router = shop::router(orders, messages.clone(), verifiers.unwrap(), ORIGIN);
        let application = Application::serve(router, Seen::default()).await;
        Self {
            senders: senders.to(format!("http://{}", application.address())),
            application,
            messages,
            reviews,
            folder,
        }
    }

    /// Returns the messages by file name.
    fn messages(&self) -> BTreeMap<String, String> {
        let files = fs::read_dir(self.folder.path().join(FOLDER)).unwrap();
        let message = |file: io::Result<fs::DirEntry>| {
            let file = file.unwrap();
            let message = fs::read_to_string(file.path()).unwrap();
            (file.file_name().into_string().unwrap(), message)
        };
        files.map(message).collect()
    }
}

impl Deref for Shop {
    type Target = Senders;

    fn deref(&self) -> &Senders {
        &self.senders
    }
}

fn paid(amount: &str, in_full: bool) -> (String, bool) {
    (amount.to_owned(), in_full)
}

#[tokio::test]
async fn repeated_postback_is_credited_once() {
    let shop = Shop::open().await;
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    assert_eq!(shop.paid(order).await, paid("0", false));
    for _ in 0..2 {
        assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
        assert_eq!(shop.paid(order).await, paid("0.05", true));
    }
}

#[tokio::test]
async fn fifty_concurrent_postbacks_are_credited_once() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    let deliveries = (0..50).map(|_| {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move { shop.pay_invoice("ILRAJE1Q", "0.05").await })
    });
    for delivery in deliveries.collect::<Vec<_>>() {
        assert_eq!(delivery.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(shop.messages.finish().await.unwrap(), 2);
    assert_eq!(shop.messages().len(), 2);
    assert_eq!(shop.paid(order).await, paid("0.05", true));
}

/// Receipt of the payment with this number, for the first order.
fn receipt(number: usize, amount: &str) -> (String, String) {
    let message = format!("Subject: Your payment for order 1\r\n\r\nWe received {amount} BTC.\r\n");
    (format!("{number}.mail.eml"), message)
}

/// Message to the warehouse after the payment with this number, for the first order.
fn to_warehouse(number: usize) -> (String, String) {
    let message = "Subject: Send order 1\r\n\r\nIt is paid in full.\r\n";
    (format!("{number}.stock.eml"), message.to_owned())
}

#[tokio::test]
async fn each_payment_has_one_receipt() {
    let shop = Shop::open().await;
    shop.order_by_invoice("ILRAJE1Q").await;
    for _ in 0..3 {
        assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.04").await, StatusCode::OK);
    }
    assert_eq!(shop.messages.finish().await.unwrap(), 1);
    assert_eq!(shop.messages(), BTreeMap::from([receipt(1, "0.04")]));
    assert_eq!(shop.messages.finish().await.unwrap(), 0);
}

// The part payment and the rest of the price have one receipt, whose amount is replaced.
#[tokio::test]
async fn paid_invoice_has_receipt_and_goes_to_warehouse() {
    let shop = Shop::open().await;
    shop.order_by_invoice("ILRAJE1Q").await;
    assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.04").await, StatusCode::OK);
    assert_eq!(shop.messages.finish().await.unwrap(), 1);
    for written in [2, 0] {
        assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
        assert_eq!(shop.messages.finish().await.unwrap(), written);
        let expected = BTreeMap::from([receipt(1, "0.05"), to_warehouse(1)]);
        assert_eq!(shop.messages(), expected);
    }
}

/// Payments to one address, with an id and a transaction each.
const PARTS: [[(&str, &str); 3]; 3] = [
    [
        ("uuid=d", "uuid=d"),
        ("txid_in=a", "txid_in=a"),
        ("value_coin=0.05", "value_coin=0.03"),
    ],
    [
        ("uuid=d", "uuid=e"),
        ("txid_in=a", "txid_in=b"),
        ("value_coin=0.05", "value_coin=0.02"),
    ],
    [
        ("uuid=d", "uuid=f"),
        ("txid_in=a", "txid_in=c"),
        ("value_coin=0.05", "value_coin=0.05"),
    ],
];

#[tokio::test]
async fn order_goes_to_warehouse_after_payment_that_completes_it() {
    let shop = Shop::open().await;
    let (_, target) = shop.order_by_address().await;
    for (part, written) in PARTS.iter().zip([1, 2, 1]) {
        assert_eq!(shop.call_back(&target, part).await, StatusCode::OK);
        assert_eq!(shop.messages.finish().await.unwrap(), written);
    }
    let files: Vec<_> = shop.messages().into_keys().collect();
    let expected = ["1.mail.eml", "2.mail.eml", "2.stock.eml", "3.mail.eml"];
    assert_eq!(files, expected);
}

// The postback is acknowledged: the provider does not send it again.
#[tokio::test]
async fn failed_receipt_is_mailed_by_next_sweep() {
    let shop = Shop::open().await;
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    fs::remove_dir(shop.folder.path().join(FOLDER)).unwrap();
    assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.05", true));
    assert_eq!(shop.messages.finish().await.unwrap(), 0);
    fs::create_dir(shop.folder.path().join(FOLDER)).unwrap();
    assert_eq!(shop.messages.finish().await.unwrap(), 2);
    let expected = BTreeMap::from([receipt(1, "0.05"), to_warehouse(1)]);
    assert_eq!(shop.messages(), expected);
    assert_eq!(shop.messages.finish().await.unwrap(), 0);
}

// A credited payment that is delivered with another amount, and a part payment.
#[tokio::test]
async fn reviews_are_logged_with_reason_and_without_payload() {
    let mut shop = Shop::open().await;
    let [conflicting, underpaid] = [(); 2].map(|()| deliveries::invoice_id());
    for (id, amount) in [
        (&conflicting, "0.05"),
        (&conflicting, "0.06"),
        (&underpaid, "0.0123"),
    ] {
        if amount != "0.06" {
            shop.order_by_invoice(id).await;
        }
        assert_eq!(shop.pay_invoice(id, amount).await, StatusCode::OK);
    }
    let log = LOG.text().len();
    for _ in 0..2 {
        assert_eq!(shop.reviews.log().await.unwrap(), 2);
    }
    let text = LOG.text().split_off(log);
    let lines: Vec<_> = text
        .lines()
        .filter(|it| it.contains("for review: "))
        .collect();
    for (id, reason) in [
        (
            &conflicting,
            "conflict with what was recorded before in amount_crypto",
        ),
        (&underpaid, "underpaid"),
    ] {
        let about: Vec<_> = lines.iter().filter(|line| line.contains(&**id)).collect();
        let [line] = &*about else {
            unreachable!("{id}: {lines:?}");
        };
        assert!(line.contains(&format!("for review: {reason}")), "{line}");
        assert!(!line.contains("0.0123") && !line.contains("0.06"), "{line}");
    }
}

#[tokio::test]
async fn part_payments_are_resolved_when_order_is_paid_in_full() {
    let mut shop = Shop::open().await;
    let (order, target) = shop.order_by_address().await;
    for (part, (in_full, open)) in PARTS.iter().zip([(false, 1), (true, 0)]) {
        assert_eq!(shop.call_back(&target, part).await, StatusCode::OK);
        assert_eq!(shop.paid(order).await.1, in_full);
        assert_eq!(shop.reviews.log().await.unwrap(), open);
    }
}

#[tokio::test]
async fn part_payment_of_paid_order_stays_for_review() {
    let late = [
        ("uuid=d", "uuid=f"),
        ("txid_in=a", "txid_in=c"),
        ("value_coin=0.05", "value_coin=0.01"),
    ];
    is_kept_for_review_after_order_is_paid(&late).await;
}

// More money arrives for the first part of the price.
#[tokio::test]
async fn part_payment_that_grows_after_order_is_paid_stays_for_review() {
    let [mut grown, ..] = PARTS;
    grown[2].1 = "value_coin=0.04";
    is_kept_for_review_after_order_is_paid(&grown).await;
}

async fn is_kept_for_review_after_order_is_paid(late: &[(&str, &str)]) {
    let mut shop = Shop::open().await;
    let (_, target) = shop.order_by_address().await;
    let [first, second, _] = PARTS;
    // The second delivery of the first part changes nothing.
    for part in [first, second, first] {
        assert_eq!(shop.call_back(&target, &part).await, StatusCode::OK);
    }
    assert_eq!(shop.reviews.log().await.unwrap(), 0);
    for _ in 0..2 {
        assert_eq!(shop.call_back(&target, late).await, StatusCode::OK);
        assert_eq!(shop.reviews.log().await.unwrap(), 1);
    }
}

async fn within_eight_seconds(mut happens: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !happens().await {
        assert!(begun.elapsed() < Duration::from_secs(8), "too late");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

// The first process cannot mail, and is killed. The provider does not send again.
#[tokio::test]
async fn receipt_of_killed_process_is_mailed_by_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let mail = folder.path().join(FOLDER);
    let start = || {
        let mut shop = receiver(env!("CARGO_BIN_EXE_shop"));
        shop.env("CRYPTOCLOUD_SECRET", deliveries::SECRET)
            .env("DATABASE_FILE", folder.path().join("shop.db"))
            .env("MAIL_FOLDER", &mail)
            .env("PUBLIC_ORIGIN", ORIGIN)
            .env("TRYBIT_SECRET", deliveries::SECRET);
        Running::start(&mut shop)
    };
    let first = start();
    // The name of the file that the process would write.
    fs::create_dir(mail.join("1.mail.1.part")).unwrap();
    let senders = Senders::with_new_key().to(first.base());
    let order = senders.order_by_invoice("ILRAJE1Q").await;
    let status = senders.pay_invoice("ILRAJE1Q", "0.05").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(senders.paid(order).await, paid("0.05", true));
    // A process that is killed before it returns its lease keeps the receipt until the lease ends.
    let store = SqliteStore::open(folder.path().join("shop.db")).await;
    let store = store.unwrap();
    within_eight_seconds(async || {
        let receipts = EffectFilter::of_all_projects().effect("mail").with_held();
        let pending = store.pending_effects(&receipts).await.unwrap();
        let tried = |it: &PendingEffect| it.attempts() == 1 && it.held_for().is_zero();
        pending.iter().any(tried)
    })
    .await;
    drop(first);
    fs::remove_dir(mail.join("1.mail.1.part")).unwrap();

    let _second = start();
    within_eight_seconds(async || mail.join("1.mail.eml").exists()).await;
}

#[tokio::test]
async fn underpaid_invoice_is_credited_when_it_is_paid_in_full() {
    let shop = Shop::open().await;
    let order = shop.order_by_invoice("ILRAJE1Q").await;
    let status = shop.pay_invoice("ILRAJE1Q", "0.0499999999999999999").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.0499999999999999999", false));
    // The same invoice with another amount is one payment, whose latest amount counts.
    assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.05").await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.05", true));
    // A credited payment stays as it is.
    assert_eq!(shop.pay_invoice("ILRAJE1Q", "0.06").await, StatusCode::OK);
    assert_eq!(shop.paid(order).await, paid("0.05", true));
}

static LOG: LazyLock<Log> = LazyLock::new(Log::begin_for_the_process);

/// Order and its price.
type Priced = (i64, Price);

impl Shop {
    async fn send(&self, request: &Request) -> Response<String> {
        self.application.send(request).await.into()
    }

    /// Returns 1 if the order is paid in full, and otherwise 0.
    async fn credits(&self, (order, price): &Priced) -> u64 {
        let (paid, in_full) = self.paid(*order).await;
        if in_full {
            assert_eq!(paid, price.amount().to_string(), "paid twice");
        }
        u64::from(in_full)
    }
}

/// Shop whose orders are paid by the invoices of one provider.
struct ByInvoice<'a> {
    shop: &'a Shop,
    /// Field of the shop's API that names an invoice.
    field: &'static str,
}

impl deliveries::HandlerUnderTest for ByInvoice<'_> {
    type Order = Priced;

    async fn add(&self, invoice_id: &str, price: &Price) -> Priced {
        let amount = price.amount().as_received();
        let order = self
            .shop
            .order_at(amount, price.currency(), (self.field, invoice_id));
        (order.await, price.clone())
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        self.shop.send(request).await
    }

    async fn credits(&self, order: &Priced) -> u64 {
        self.shop.credits(order).await
    }
}

/// Route of each provider of invoices, and field of the shop's API that names an invoice.
const BY_INVOICE: [(&str, &str); 2] = [
    ("/postback/cryptocloud", "cryptocloud_invoice_id"),
    ("/postback/trybit", "trybit_invoice_id"),
];

impl callbacks::HandlerUnderTest for Shop {
    type Order = Priced;

    async fn add(&mut self, price: &Price) -> (Priced, String) {
        let amount = price.amount().as_received();
        let order = self.order_by_address_at(amount, price.currency());
        let (order, target) = order.await;
        ((order, price.clone()), format!("{ORIGIN}{target}"))
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        self.send(request).await
    }

    async fn credits(&self, order: &Priced) -> u64 {
        self.credits(order).await
    }
}

#[tokio::test]
async fn paid_invoices_are_credited_and_others_are_logged() {
    let shop = Shop::open().await;
    for (target, field) in BY_INVOICE {
        let shop = ByInvoice { shop: &shop, field };
        deliveries::assert_credits_what_is_paid(target, &shop, target, &LOG).await;
        deliveries::assert_unknown_order_is_not_acknowledged(target, &shop, target, &LOG).await;
    }
}

// Both providers share a namespace in the store.
#[tokio::test]
async fn invoices_of_two_providers_with_one_id_pay_two_orders() {
    let shop = Shop::open().await;
    let id = deliveries::invoice_id();
    let mut orders = Vec::new();
    for (target, field) in BY_INVOICE {
        // The second time, the other provider has announced this id already.
        let order = shop.order_at("0.000113", "BNB", (field, &id)).await;
        assert_eq!(shop.paid(order).await, paid("0", false), "{target}");
        for _ in 0..2 {
            let postback = deliveries::sample(target, &id, &[]);
            assert_eq!(shop.send(&postback).await.status(), StatusCode::OK);
        }
        orders.push(order);
    }
    for order in orders {
        assert_eq!(shop.paid(order).await, paid("0.000113", true));
    }
    assert_eq!(shop.messages.finish().await.unwrap(), 4);
}

#[tokio::test]
async fn payments_to_addresses_are_credited_and_others_are_logged() {
    let mut shop = Shop::open().await;
    let key = Arc::clone(shop.key());
    let callbacks = callbacks::in_a_coin();
    let handler = "/postback/cryptapi";
    callbacks::assert_credits_what_is_paid(handler, &mut shop, &key, &callbacks, &LOG).await;
}

#[tokio::test]
async fn several_payments_to_one_address_pay_one_price() {
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

// Another connection writes for longer than the store waits.
#[tokio::test]
async fn busy_store_asks_for_retry() {
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

// The deliveries are genuine, and about an unknown order or about a payment to another application.
#[tokio::test]
async fn unbound_callback_and_unknown_invoice_are_not_acknowledged() {
    let shop = Shop::open().await;
    let (order, target) = shop.order_by_address().await;
    let status = shop.pay_invoice("ANOTHER1", "0.05").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (path, _) = target.split_once('?').unwrap();
    let without_secret = format!("{path}?order={order}");
    for (target, replaced) in [
        (&*without_secret, ("uuid=d", "uuid=d")),
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
