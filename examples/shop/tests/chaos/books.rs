//! The books of the shop: what it credited, what it sent, and what a person has to look at.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

use postback_store::{ReviewFilter, sqlite::SqliteStore};
use sqlx::{AssertSqlSafe, FromRow, sqlite::SqliteRow};
use tokio::time::sleep;

use crate::{
    process::{DATABASE, MAIL, Process},
    scenario::{Counted, Order, Played},
};

/// Project and id of a payment.
type Key = (String, String);

/// Books of the shop, as they are or as the scenarios say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    /// Order and amount of each counted payment.
    payments: BTreeMap<Key, (i64, String)>,
    /// Orders that are paid in full.
    paid: BTreeSet<i64>,
    /// Effects that are done, by their names, of each payment.
    done: BTreeSet<(Key, String)>,
    /// Effects that are not done.
    pending: BTreeSet<(Key, String)>,
    /// Open reviews in order, with their reasons. A payment may have several.
    reviews: Vec<(Key, String)>,
}

/// Books that the scenarios say, and the payments that have receipts.
#[derive(Default)]
pub(crate) struct Expected {
    books: Books,
    receipts: BTreeMap<Key, &'static Counted>,
    /// True if a process was killed while it may have written messages. It leaves its lease, and an
    /// incomplete file.
    is_interrupted: bool,
}

impl Expected {
    /// Returns empty books of a shop whose process was killed.
    pub(crate) fn after_kills() -> Self {
        let is_interrupted = true;
        Self {
            is_interrupted,
            ..Self::default()
        }
    }

    pub(crate) fn add<O: Order>(&mut self, played: &[Played<O>]) {
        for Played { scenario, order } in played {
            let key = |payment| (O::PROJECT.to_owned(), order.payment(payment));
            let number = order.number().expect("an order");
            for counted in scenario.counted {
                let key = key(counted.payment);
                let paid = (number, counted.amount.to_owned());
                self.books.payments.insert(key.clone(), paid);
                self.books.done.insert((key.clone(), "mail".to_owned()));
                self.receipts.insert(key, counted);
            }
            if let Some(payment) = scenario.in_full {
                self.books.paid.insert(number);
                let effect = (key(payment), "stock".to_owned());
                self.books.done.insert(effect);
            }
            for (payment, reason) in scenario.reviews {
                // A reason may name another payment of the scenario.
                let reason = match reason.split_once("PAYMENT ") {
                    Some((text, other)) => format!("{text}{}", order.payment(other)),
                    None => (*reason).to_owned(),
                };
                let review = (key(payment), reason);
                self.books.reviews.push(review);
            }
        }
        self.books.reviews.sort();
    }

    /// Asserts that the books of the shop become as expected.
    pub(crate) async fn assert(&self, shop: &Process) {
        let begun = Instant::now();
        // Longer than a few pauses between two sweeps.
        while Books::read(shop).await != self.books && begun.elapsed() < Duration::from_secs(40) {
            sleep(Duration::from_millis(100)).await;
        }
        let books = Books::read(shop).await;
        let (is, expected) = (&books, &self.books);
        assert_eq!(is.payments, expected.payments);
        assert_eq!(is.paid, expected.paid);
        assert_eq!(is.reviews, expected.reviews);
        assert_eq!(is.pending, expected.pending);
        assert_eq!(is.done, expected.done);
        self.assert_leases(shop).await;
        self.assert_messages(shop).await;
    }

    /// Asserts that each effect was run one time, unless it was replaced.
    async fn assert_leases(&self, shop: &Process) {
        let leases = "SELECT project, id, name, token FROM postback_effects";
        let leases: Vec<(String, String, String, i64)> = rows(shop, leases).await;
        for (project, id, name, leases) in leases {
            let counted = self.receipts.get(&(project, id)).expect("a receipt");
            let is_replaced = counted.is_replaced && name == "mail";
            let may_repeat = is_replaced || self.is_interrupted;
            assert!(leases == 1 || may_repeat, "{name}: {leases} leases");
        }
    }

    /// Asserts that there is one message for each effect, and no other file.
    async fn assert_messages(&self, shop: &Process) {
        let numbers: Vec<(String, String, i64)> =
            rows(shop, "SELECT project, id, number FROM payments").await;
        let mut files = BTreeSet::new();
        for (project, id, number) in numbers {
            let key = (project, id);
            let (order, _) = self.books.payments.get(&key).expect("a counted payment");
            let read = |file: &str| {
                let path = shop.folder().join(MAIL).join(file);
                fs::read_to_string(path).expect("a message")
            };
            let file = format!("{number}.mail.eml");
            let text = read(&file);
            assert!(text.contains(&format!("order {order}\r\n")), "{text}");
            let receipt = self.receipts.get(&key).expect("a receipt");
            let mut amounts = receipt.receipts.iter();
            let is_named = amounts.any(|amount| text.contains(&format!("received {amount} ")));
            assert!(is_named, "{text}");
            files.insert(file);
            if self.books.done.contains(&(key, "stock".to_owned())) {
                let file = format!("{number}.stock.eml");
                assert!(read(&file).contains(&format!("order {order}\r\n")));
                files.insert(file);
            }
        }
        let folder = fs::read_dir(shop.folder().join(MAIL)).expect("a folder");
        let found = folder.map(|file| file.expect("a file").file_name());
        let found = found.map(|it| it.into_string().expect("a name"));
        let is_complete = |file: &String| !(self.is_interrupted && file.ends_with(".part"));
        let found: BTreeSet<_> = found.filter(is_complete).collect();
        assert_eq!(found, files);
    }
}

impl Books {
    async fn read(shop: &Process) -> Self {
        let payments = "SELECT project, id, order_number, amount FROM payments";
        let payments: Vec<(String, String, i64, String)> = rows(shop, payments).await;
        let payments = payments.into_iter();
        let paid = "SELECT number FROM orders WHERE paid_in_full";
        let paid: Vec<(i64,)> = rows(shop, paid).await;
        let effects = async |done: &str| {
            let effects = format!("SELECT project, id, name FROM postback_effects WHERE {done}");
            let effects: Vec<(String, String, String)> = rows(shop, &effects).await;
            let effects = effects.into_iter();
            effects
                .map(|(project, id, name)| ((project, id), name))
                .collect()
        };
        let store = SqliteStore::open(shop.folder().join(DATABASE)).await;
        let all = ReviewFilter::of_all_projects().limit(1_000);
        let reviews = store.expect("the store").reviews(&all).await;
        let reviews = reviews.expect("reviews").into_iter();
        let mut reviews: Vec<_> = reviews
            .map(|review| {
                let project = review.key.project().unwrap_or_default().to_owned();
                let key = (project, review.key.id().to_owned());
                (key, review.reason.to_string())
            })
            .collect();
        reviews.sort();
        Self {
            payments: payments
                .map(|(project, id, order, amount)| ((project, id), (order, amount)))
                .collect(),
            paid: paid.into_iter().map(|(number,)| number).collect(),
            done: effects("done_at IS NOT NULL").await,
            pending: effects("done_at IS NULL").await,
            reviews,
        }
    }
}

async fn rows<T>(shop: &Process, query: &str) -> Vec<T>
where
    T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
{
    let store = SqliteStore::open(shop.folder().join(DATABASE)).await;
    let store = store.expect("the store");
    let rows = sqlx::query_as(AssertSqlSafe(query.to_owned()));
    rows.fetch_all(store.pool()).await.expect("rows")
}

/// Returns true if the payment to an address is counted.
pub(crate) async fn is_counted(shop: &Process, id: &str) -> bool {
    let payments: Vec<(String,)> = rows(shop, "SELECT id FROM payments").await;
    payments.iter().any(|(counted,)| counted == id)
}
