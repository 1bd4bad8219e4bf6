//! Each handler that is printed, in the README, in the guide, in the documentation and in the
//! examples, is sent the same deliveries: it credits what is paid, logs what it does not credit,
//! and does not acknowledge what it does not know. `build.rs` takes the handlers out of the
//! documents.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, PoisonError},
};

use actix_web::App;
use http::Response;
use orders::Orders;
use postback_conformance::{
    callbacks,
    corpus::Request,
    deliveries::{self, HandlerUnderTest},
    driver::{Application, Seen},
    fixtures::ORIGIN,
    log::Log,
    printed, printed_server,
};
use postback_core::{
    Retry, SecretKey, Verified, Verifier,
    cryptapi::{CryptApi, Expected, Get},
    cryptocloud::{CryptoCloud, bare_invoice_id},
    event::EventKey,
    reconcile::{Price, Reconciliation},
    testing::{SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SigningKey},
};
use postback_store::{
    EffectFilter, EffectStore, memory::MemoryStore, run_effect, sqlite::SqliteStore,
};
use tempfile::TempDir;

/// A handler that makes an application of this type for one project.
macro_rules! printed_app {
    ($name:ident: $Application:ty) => {
        printed! {
            $name:
            pub(super) fn printed(
                orders: orders::Orders,
                verifier: postback_core::Verifier<postback_core::cryptocloud::CryptoCloud>,
            ) -> $Application {
                app(orders, verifier)
            }
        }
    };
}

/// An example, which makes an application of this type on a store.
macro_rules! printed_example {
    ($name:ident: $Application:ty) => {
        printed! {
            $name:
            pub(super) fn printed(
                store: SqliteStore,
                verifier: Verifier<CryptoCloud>,
            ) -> $Application {
                app(store, verifier)
            }
        }
    };
}

/// The same, for several projects.
macro_rules! printed_projects {
    ($name:ident: $Application:ty) => {
        printed! {
            $name:
            pub(super) fn printed(
                projects: impl IntoIterator<Item = (&'static str, orders::Orders, Verifier<CryptoCloud>)>,
            ) -> $Application {
                app(projects)
            }
        }
    };
}

printed_app!(actix_app: impl FnOnce(&mut actix_web::web::ServiceConfig));
printed_app!(actix_result: impl FnOnce(&mut actix_web::web::ServiceConfig));
printed_app!(axum_from_verified: axum::Router);
printed_projects!(axum_projects: axum::Router);
printed_app!(axum_result: axum::Router);
printed_app!(axum_state: axum::Router);
printed_example!(example_actix: impl FnOnce(&mut actix_web::web::ServiceConfig));
printed_server!(example_axum);
printed_example!(example_rocket: rocket::Rocket<rocket::Build>);
printed_server!(example_tower);
printed_app!(rocket_app: rocket::Rocket<rocket::Build>);
printed_projects!(rocket_projects: rocket::Rocket<rocket::Build>);
printed_app!(rocket_result: rocket::Rocket<rocket::Build>);
printed_app!(tower_layer: impl tower::Service<
    http::Request<hyper::body::Incoming>,
    Response = http::Response<postback_tower::ResponseBody<http_body_util::Full<bytes::Bytes>>>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone);

printed! {
    guide_cryptapi:
    pub(super) fn printed(store: SqliteStore, verifier: Verifier<CryptApi<Get>>) -> Router {
        app(AppState { store, verifier })
    }
}

/// Sends what the guide's effects print as their mail.
macro_rules! println {
    ($($argument:tt)*) => {
        super::mail(std::format!($($argument)*))
    };
}

printed! {
    guide_effects:
    pub(super) fn printed(store: SqliteStore, verifier: Verifier<CryptoCloud>) -> Router {
        app(AppState { store, verifier })
    }

    pub(super) async fn run_pending_printed<S: EffectStore>(store: &S) -> Result<(), StoreError> {
        run_pending(store).await
    }
}

printed! {
    guide_review:
    pub(super) async fn open_printed(store: &SqliteStore) -> Result<Vec<Review>, StoreError> {
        open_reviews(store).await
    }

    pub(super) async fn credit_printed(
        store: &SqliteStore,
        review: &Review,
    ) -> Result<bool, StoreError> {
        credit_by_hand(store, review).await
    }

    pub(super) async fn close_printed(
        store: &SqliteStore,
        review: &Review,
    ) -> Result<bool, StoreError> {
        close(store, review).await
    }
}

printed! {
    guide_run_effect:
    pub(super) async fn printed<S: EffectStore>(
        store: &S,
        price: &Price,
        payment: &Verified<CryptoCloud>,
    ) -> Result<(), Retry> {
        deliver(store, price, payment).await
    }
}

printed! {
    readme_app:
    pub(super) fn printed(verifier: Verifier<CryptoCloud>) -> Router {
        app(verifier)
    }
}

printed! {
    readme_paid:
    #[derive(Clone, axum::extract::FromRef)]
    struct AppState {
        store: SqliteStore,
        verifier: postback_core::Verifier<CryptoCloud>,
    }

    pub(super) fn printed(
        store: SqliteStore,
        verifier: postback_core::Verifier<CryptoCloud>,
    ) -> axum::Router {
        let paid = axum::routing::any(paid);
        axum::Router::new().route("/postback", paid).with_state(AppState { store, verifier })
    }
}

printed! {
    store_sqlite:
    pub(super) async fn printed(
        store: &SqliteStore,
        payment: &Reconciliation,
    ) -> Result<(), Retry> {
        credit(store, payment).await
    }
}

static LOG: LazyLock<Log> = LazyLock::new(Log::begin_for_the_process);

/// Orders in a file that goes with them.
async fn orders() -> (TempDir, Orders) {
    let folder = tempfile::tempdir().unwrap();
    let orders = Orders::open(folder.path().join("orders.db")).await.unwrap();
    (folder, orders)
}

async fn sqlite() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("shop.db"));
    let store = store.await.unwrap();
    (folder, store)
}

/// An application with the orders of `tests/orders`.
struct OrdersBehind<'a> {
    application: &'a Application,
    orders: &'a Orders,
}

impl HandlerUnderTest for OrdersBehind<'_> {
    type Order = String;

    async fn add(&self, invoice_id: &str, price: &Price) -> String {
        self.orders.add(invoice_id, price).await.unwrap();
        invoice_id.to_owned()
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        self.application.send(request).await.into()
    }

    async fn credits(&self, invoice_id: &String) -> u64 {
        self.orders
            .credits(invoice_id)
            .await
            .unwrap()
            .try_into()
            .unwrap()
    }
}

/// Sends all deliveries, and one about an unknown order.
async fn assert_credits_what_is_paid(handler: &str, shop: &impl HandlerUnderTest, target: &str) {
    deliveries::assert_credits_what_is_paid(handler, shop, target, &LOG).await;
    deliveries::assert_unknown_order_is_not_acknowledged(handler, shop, target, &LOG).await;
}

/// Serves a printed handler of actix-web, which takes these arguments.
macro_rules! on_actix {
    ($name:ident($($argument:ident),+)) => {{
        $(let $argument = $argument.clone();)+
        Application::serve_on_actix(
            move || App::new().configure(self::$name::printed($($argument.clone()),+)),
            Seen::default(),
        )
    }};
}

/// The same, of axum.
macro_rules! on_axum {
    ($name:ident($($argument:ident),+)) => {
        Application::serve(self::$name::printed($($argument.clone()),+), Seen::default()).await
    };
}

/// The same, of tower.
macro_rules! on_hyper {
    ($name:ident($($argument:ident),+)) => {
        Application::serve_on_hyper(self::$name::printed($($argument.clone()),+), Seen::default()).await
    };
}

/// The same, of Rocket.
macro_rules! on_rocket {
    ($name:ident($($argument:ident),+)) => {
        Application::serve_on_rocket(self::$name::printed($($argument.clone()),+), Seen::default()).await
    };
}

/// The same, with the server that is printed with it.
macro_rules! on_its_own {
    ($name:ident($($argument:ident),+)) => {{
        $(let $argument = $argument.clone();)+
        Application::listen(Seen::default(), |listener| {
            self::$name::printed(listener, $($argument),+)
        })
        .await
    }};
}

/// Tests a handler for one project.
macro_rules! one_project {
    ($name:ident, $on:ident) => {
        let (_folder, orders) = orders().await;
        let verifier = deliveries::verifier();
        let application = $on!($name(orders, verifier));
        let shop = OrdersBehind {
            application: &application,
            orders: &orders,
        };
        assert_credits_what_is_paid(stringify!($name), &shop, "/postback").await;
    };
}

/// Tests a handler for several projects: the holder of one project's secret can sign any invoice
/// id.
macro_rules! several_projects {
    ($name:ident, $on:ident) => {
        let ((_a, orders_of_a), (_b, orders_of_b)) = (orders().await, orders().await);
        let secret_of_a = SecretKey::new("the secret key of project A").unwrap();
        let verifier_of_a = Verifier::new(CryptoCloud::new(), secret_of_a.clone());
        let projects = [
            ("a", orders_of_a, verifier_of_a),
            ("b", orders_of_b.clone(), deliveries::verifier()),
        ];
        let application = $on!($name(projects));
        let shop = OrdersBehind {
            application: &application,
            orders: &orders_of_b,
        };
        assert_credits_what_is_paid(stringify!($name), &shop, "/postback/b").await;

        let id = deliveries::invoice_id();
        let order = shop.add(&id, &deliveries::price()).await;
        for (target, status) in [("/postback/a", 404), ("/postback/b", 401)] {
            let signed_by_a = deliveries::signed_sample(&secret_of_a, target, &id, &[]);
            let response = shop.deliver(&signed_by_a).await;
            assert_eq!(response.status(), status, "{target}");
            assert_eq!(shop.credits(&order).await, 0, "{target}");
        }
        let genuine = deliveries::sample("/postback/b", &id, &[]);
        assert_eq!(shop.deliver(&genuine).await.status(), 200);
        assert_eq!(shop.credits(&order).await, 1);
    };
}

/// Tests a handler with a table of orders.
macro_rules! sql_orders {
    ($name:ident, $on:ident) => {
        let ((_folder, store), verifier) = (sqlite().await, deliveries::verifier());
        OrdersInTable::create_table(&store).await;
        let application = $on!($name(store, verifier));
        let shop = OrdersInTable { application, store };
        assert_credits_what_is_paid(stringify!($name), &shop, "/postback").await;
        assert_deleted_order_is_not_acknowledged(stringify!($name), &shop, &shop.store).await;
        assert_unreadable_price_is_not_acknowledged(stringify!($name), &shop, &shop.store).await;
    };
}

/// Tests what is no application, with a function of this name.
macro_rules! with {
    ($name:ident, $test:ident) => {
        $test(stringify!($name)).await;
    };
}

/// A test for each handler, and the list of their names.
macro_rules! handlers {
    ($($name:ident: $test:ident($how:ident);)+) => {
        const TESTED: &[&str] = &[$(stringify!($name)),+];

        $(#[tokio::test]
        async fn $name() {
            // A worker of actix-web keeps the subscriber that is set when it starts.
            LazyLock::force(&LOG);
            $test!($name, $how);
        })+
    };
}

handlers! {
    actix_app: one_project(on_actix);
    actix_result: one_project(on_actix);
    axum_from_verified: one_project(on_axum);
    axum_projects: several_projects(on_axum);
    axum_result: one_project(on_axum);
    axum_state: one_project(on_axum);
    example_actix: sql_orders(on_actix);
    example_axum: sql_orders(on_its_own);
    example_rocket: sql_orders(on_rocket);
    example_tower: sql_orders(on_its_own);
    guide_cryptapi: with(test_guide_cryptapi);
    guide_effects: with(test_guide_effects);
    guide_review: with(test_guide_review);
    guide_run_effect: with(test_guide_run_effect);
    readme_app: with(test_readme_app);
    readme_paid: with(test_readme_paid);
    rocket_app: one_project(on_rocket);
    rocket_projects: several_projects(on_rocket);
    rocket_result: one_project(on_rocket);
    store_sqlite: with(test_store_sqlite);
    tower_layer: one_project(on_hyper);
}

/// Verifies a request, and replies as an adapter does to what the handler returns.
async fn reply(
    request: &Request,
    handle: impl AsyncFnOnce(Verified<CryptoCloud>) -> Result<(), Retry>,
) -> Response<String> {
    match request.verify(&deliveries::verifier()) {
        Ok(payment) => match handle(payment).await {
            Ok(()) => postback_tower::acknowledgement::<CryptoCloud, _>(),
            Err(error) => postback_tower::retry(error),
        },
        Err(rejection) => {
            let mut response = Response::default();
            *response.status_mut() = rejection.reply().status().try_into().unwrap();
            response
        }
    }
}

/// The mails of the guide's effects.
static MAILS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn mail(text: String) {
    let mut mails = MAILS.lock().unwrap_or_else(PoisonError::into_inner);
    mails.push(text);
}

fn mails_about(invoice_id: &str) -> usize {
    let mails = MAILS.lock().unwrap_or_else(PoisonError::into_inner);
    mails
        .iter()
        .filter(|text| text.contains(invoice_id))
        .count()
}

/// Returns the number of effects that are not done.
async fn pending(store: &impl EffectStore) -> usize {
    let all = EffectFilter::of_all_projects().with_held();
    let all = all.with_possible_duplicates();
    store.pending_effects(&all).await.unwrap().len()
}

/// The license is mailed once for what is paid, and for nothing else.
#[derive(Default)]
struct Licenses {
    store: MemoryStore,
    prices: Mutex<HashMap<String, Price>>,
}

impl HandlerUnderTest for Licenses {
    type Order = String;

    async fn add(&self, invoice_id: &str, price: &Price) -> String {
        let id = bare_invoice_id(invoice_id).to_owned();
        let mut prices = self.prices.lock().unwrap();
        prices.insert(id.clone(), price.clone());
        id
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        reply(request, async |payment| {
            let id = payment.invoice_id();
            let price = self.prices.lock().unwrap().get(id).cloned();
            // The guide leaves finding the order to its reader.
            let price = price.ok_or_else(|| Retry::unknown_order(id))?;
            guide_run_effect::printed(&self.store, &price, &payment).await
        })
        .await
    }

    async fn credits(&self, id: &String) -> u64 {
        mails_about(id).try_into().unwrap()
    }
}

async fn test_guide_run_effect(handler: &str) {
    let shop = Licenses::default();
    let target = "/postback";
    assert_credits_what_is_paid(handler, &shop, target).await;
    assert_eq!(pending(&shop.store).await, 0);

    // An effect that failed is run by the next sweep, once.
    let id = deliveries::invoice_id();
    let payment = deliveries::sample(target, &id, &[]).verify(&deliveries::verifier());
    let reconciliation = payment.unwrap().reconcile(&deliveries::price()).unwrap();
    let fails = || async { Err::<(), _>(io::Error::other("no mail today")) };
    assert!(
        run_effect(&shop.store, &reconciliation, "license", fails)
            .await
            .is_err()
    );
    assert_eq!(mails_about(&id), 0);
    for _ in 0..2 {
        guide_effects::run_pending_printed(&shop.store)
            .await
            .unwrap();
        assert_eq!(mails_about(&id), 1);
    }
    assert_eq!(pending(&shop.store).await, 0);
}

/// An application with a table of orders, each with the id of its invoice.
struct OrdersInTable {
    application: Application,
    store: SqliteStore,
}

impl OrdersInTable {
    async fn create_table(store: &SqliteStore) {
        let orders = "CREATE TABLE orders (invoice_id TEXT PRIMARY KEY, price TEXT NOT NULL,
            currency TEXT NOT NULL, credits INTEGER NOT NULL DEFAULT 0) STRICT";
        sqlx::query(orders).execute(store.pool()).await.unwrap();
    }

    /// Adds an order, and returns the id that it is stored under.
    async fn insert(store: &SqliteStore, invoice_id: &str, price: &Price) -> String {
        let id = bare_invoice_id(invoice_id);
        sqlx::query("INSERT INTO orders (invoice_id, price, currency) VALUES (?, ?, ?)")
            .bind(id)
            .bind(price.amount().as_received())
            .bind(price.currency())
            .execute(store.pool())
            .await
            .unwrap();
        id.to_owned()
    }

    /// Returns how often an order was credited.
    async fn count(store: &SqliteStore, id: &str) -> u64 {
        let query = sqlx::query_scalar("SELECT credits FROM orders WHERE invoice_id = ?");
        let credits: i64 = query.bind(id).fetch_one(store.pool()).await.unwrap();
        credits.try_into().unwrap()
    }
}

impl HandlerUnderTest for OrdersInTable {
    type Order = String;

    async fn add(&self, invoice_id: &str, price: &Price) -> String {
        Self::insert(&self.store, invoice_id, price).await
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        self.application.send(request).await.into()
    }

    async fn credits(&self, id: &String) -> u64 {
        Self::count(&self.store, id).await
    }
}

/// The same, of which each credit has its mail.
struct OrdersWithMails(OrdersInTable);

impl HandlerUnderTest for OrdersWithMails {
    type Order = String;

    async fn add(&self, invoice_id: &str, price: &Price) -> String {
        self.0.add(invoice_id, price).await
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        self.0.deliver(request).await
    }

    async fn credits(&self, id: &String) -> u64 {
        for _ in 0..2 {
            guide_effects::run_pending_printed(&self.0.store)
                .await
                .unwrap();
        }
        let credits = self.0.credits(id).await;
        assert_eq!(mails_about(id).try_into(), Ok(credits), "{id}");
        credits
    }
}

async fn test_guide_effects(handler: &str) {
    let (_folder, store) = sqlite().await;
    OrdersInTable::create_table(&store).await;
    let router = guide_effects::printed(store.clone(), deliveries::verifier());
    let application = Application::serve(router, Seen::default()).await;
    let shop = OrdersWithMails(OrdersInTable { application, store });
    assert_credits_what_is_paid(handler, &shop, "/postback").await;
    assert_deleted_order_is_not_acknowledged(handler, &shop, &shop.0.store).await;
    assert_unreadable_price_is_not_acknowledged(handler, &shop, &shop.0.store).await;
    assert_eq!(pending(&shop.0.store).await, 0);
}

async fn test_readme_paid(handler: &str) {
    let (_folder, store) = sqlite().await;
    OrdersInTable::create_table(&store).await;
    let router = readme_paid::printed(store.clone(), deliveries::verifier());
    let application = Application::serve(router, Seen::default()).await;
    let shop = OrdersInTable { application, store };
    assert_credits_what_is_paid(handler, &shop, "/postback").await;
    assert_deleted_order_is_not_acknowledged(handler, &shop, &shop.store).await;
    assert_unreadable_price_is_not_acknowledged(handler, &shop, &shop.store).await;
}

/// Deletes each order between look-up and credit.
const DELETE_ORDERS: &str = "CREATE TRIGGER delete_orders AFTER INSERT ON postback_records
    BEGIN DELETE FROM orders; END";

/// Asserts that a payment is not acknowledged, and not recorded, if its order is deleted after it
/// was found.
async fn assert_deleted_order_is_not_acknowledged(
    handler: &str,
    shop: &impl HandlerUnderTest,
    store: &SqliteStore,
) {
    let id = deliveries::invoice_id();
    let order = shop.add(&format!("INV-{id}"), &deliveries::price()).await;
    let genuine = deliveries::sample("/postback", &id, &[]);
    let trigger = sqlx::query(DELETE_ORDERS);
    trigger.execute(store.pool()).await.unwrap();
    assert_eq!(shop.deliver(&genuine).await.status(), 404, "{handler}");
    let trigger = sqlx::query("DROP TRIGGER delete_orders");
    trigger.execute(store.pool()).await.unwrap();
    // The deletion is undone with the rest of the transaction.
    assert_eq!(shop.credits(&order).await, 0, "{handler}");
    assert_eq!(shop.deliver(&genuine).await.status(), 200, "{handler}");
    assert_eq!(shop.credits(&order).await, 1, "{handler}");
}

/// Asserts that a payment is not acknowledged, and not recorded, if the application cannot read the
/// price that it stored.
async fn assert_unreadable_price_is_not_acknowledged(
    handler: &str,
    shop: &impl HandlerUnderTest,
    store: &SqliteStore,
) {
    let id = deliveries::invoice_id();
    let order = shop.add(&id, &deliveries::price()).await;
    let genuine = deliveries::sample("/postback", &id, &[]);
    let set_price = async |price: &str| {
        let update = sqlx::query("UPDATE orders SET price = ? WHERE invoice_id = ?");
        let update = update.bind(price).bind(&id).execute(store.pool());
        assert_eq!(update.await.unwrap().rows_affected(), 1, "{handler}");
    };
    set_price("much").await;
    assert_eq!(shop.deliver(&genuine).await.status(), 503, "{handler}");
    assert!(LOG.text().contains(r#"code="misconfigured""#), "{handler}");
    assert_eq!(shop.credits(&order).await, 0, "{handler}");
    set_price(deliveries::price().amount().as_received()).await;
    assert_eq!(shop.deliver(&genuine).await.status(), 200, "{handler}");
    assert_eq!(shop.credits(&order).await, 1, "{handler}");
}

/// Returns a payment of CryptAPI.
fn paid_to_address() -> Reconciliation {
    let key = SigningKey::generate().unwrap();
    let provider = CryptApi::get([ORIGIN]).unwrap();
    let url = provider.callback_url(&format!("{ORIGIN}/postback"));
    let url = url.unwrap().build().unwrap();
    let verifier = Verifier::new(provider, key.public_key().unwrap());
    let callback = callbacks::confirmed(&key, url.as_str());
    let expected = Expected::callback_url(url)
        .address_in(SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([SAMPLE_ADDRESS_OUT]);
    let callback = callback.verify(&verifier).unwrap();
    let price = Price::new("0.05".parse().unwrap(), "btc").unwrap();
    let payment = callback.bind(&expected).unwrap().reconcile(&price);
    assert!(payment.is_paid());
    payment
}

/// Another application shares the store.
#[tokio::test]
async fn guide_effects_of_this_application_alone_run() {
    let ((_folder, store), verifier) = (sqlite().await, deliveries::verifier());
    OrdersInTable::create_table(&store).await;
    let secret = deliveries::secret();
    let other = Verifier::builder(CryptoCloud::new(), secret).project("another project");
    let other = other.build().unwrap();
    let [paid, for_review, of_other] = [(); 3].map(|()| deliveries::invoice_id());
    let dearer = Price::new("0.1".parse().unwrap(), "BNB").unwrap();
    let reconciled = |id: &str, price: &Price, verifier: &Verifier<CryptoCloud>| {
        let payment = deliveries::sample("/postback", id, &[]).verify(verifier);
        payment.unwrap().reconcile(price).unwrap()
    };
    let price = deliveries::price();
    let mut transaction = store.begin().await.unwrap();
    for (payment, effect) in [
        (reconciled(&paid, &price, &verifier), "license"),
        (reconciled(&paid, &price, &verifier), "invoice"),
        (reconciled(&of_other, &price, &other), "license"),
        (paid_to_address(), "license"),
    ] {
        let enqueued = store.enqueue_effect_in(&mut transaction, &payment, effect);
        enqueued.await.unwrap();
    }
    let payment = reconciled(&for_review, &dearer, &verifier);
    let enqueued = store.enqueue_effect_of_review_in(&mut transaction, &payment, "license");
    enqueued.await.unwrap();
    store.commit(transaction).await.unwrap();
    guide_effects::run_pending_printed(&store).await.unwrap();
    assert_eq!(mails_about(&paid), 1);
    assert_eq!(mails_about(&for_review), 0);
    assert_eq!(mails_about(&of_other), 0);
    assert_eq!(pending(&store).await, 4);
}

/// Lists the reviews by their ids and reasons.
async fn reviews(store: &SqliteStore) -> Vec<(String, String)> {
    let open = guide_review::open_printed(store).await.unwrap();
    let shown = open.iter().map(|it| {
        let reason = it.reason.to_string();
        (it.key.id().to_owned(), reason)
    });
    shown.collect()
}

async fn test_guide_review(handler: &str) {
    let ((_folder, store), verifier) = (sqlite().await, deliveries::verifier());
    OrdersInTable::create_table(&store).await;
    let router = guide_effects::printed(store.clone(), verifier);
    let application = Application::serve(router, Seen::default()).await;
    let shop = OrdersInTable {
        application,
        store: store.clone(),
    };
    let id = deliveries::invoice_id();
    let order = shop.add(&id, &deliveries::price()).await;
    let less = (
        r#""amount_crypto": 0.000113"#,
        r#""amount_crypto": 0.000112"#,
    );
    let less = deliveries::sample("/postback", &id, &[less]);
    assert_eq!(shop.deliver(&less).await.status(), 200, "{handler}");
    let underpaid = [(id.clone(), "underpaid".to_owned())];
    assert_eq!(reviews(&store).await, underpaid, "{handler}");
    let open = guide_review::open_printed(&store).await.unwrap();
    let [review] = &*open else {
        unreachable!("{open:?}");
    };

    // A payment of another provider that has the order's id, which is recorded for review, too.
    let mut of_cryptapi = review.clone();
    of_cryptapi.key = EventKey::new("cryptapi", None, &*id);
    let record = "INSERT INTO postback_records
                      (namespace, project, id, credited, digest, payload, recorded_at)
                  SELECT 'cryptapi', project, id, credited, digest, payload, recorded_at
                  FROM postback_records WHERE id = ?";
    let recorded = sqlx::query(record).bind(&id).execute(store.pool()).await;
    assert_eq!(recorded.unwrap().rows_affected(), 1, "{handler}");
    let credited = guide_review::credit_printed(&store, &of_cryptapi).await;
    assert!(!credited.unwrap(), "{handler}: another provider's payment");

    // An order that is not there takes no credit.
    let rename = "UPDATE orders SET invoice_id = ? WHERE invoice_id = ?";
    let another = deliveries::invoice_id();
    for (to, from, is_credited) in [(&another, &id, false), (&id, &another, true)] {
        let renamed = sqlx::query(rename).bind(to).bind(from);
        renamed.execute(store.pool()).await.unwrap();
        let credited = guide_review::credit_printed(&store, review).await.unwrap();
        assert_eq!(credited, is_credited, "{handler}: {to}");
    }
    let again = guide_review::credit_printed(&store, review).await.unwrap();
    assert!(!again, "{handler}");
    assert_eq!(reviews(&store).await, [], "{handler}");
    for delivery in [&less, &deliveries::sample("/postback", &id, &[])] {
        assert_eq!(shop.deliver(delivery).await.status(), 200, "{handler}");
        assert_eq!(shop.credits(&order).await, 1, "{handler}");
    }

    // The rest of the money contradicts what was credited, until a person closes the review.
    let conflict = "conflict with what was recorded before in amount_crypto";
    let conflict = [(id.clone(), conflict.to_owned())];
    assert_eq!(reviews(&store).await, conflict, "{handler}");
    let open = guide_review::open_printed(&store).await.unwrap();
    for is_closed in [true, false] {
        let closed = guide_review::close_printed(&store, open.first().unwrap()).await;
        assert_eq!(closed.unwrap(), is_closed, "{handler}");
    }
    assert_eq!(reviews(&store).await, [], "{handler}");
}

/// The README's first application acknowledges nothing.
async fn test_readme_app(handler: &str) {
    let router = readme_app::printed(deliveries::verifier());
    let application = Application::serve(router, Seen::default()).await;
    let id = deliveries::invoice_id();
    let genuine = deliveries::sample("/postback", &id, &[]);
    assert_eq!(application.send(&genuine).await.status, 404, "{handler}");
    let another = SecretKey::new("another project's secret key").unwrap();
    let forged = deliveries::signed_sample(&another, "/postback", &id, &[]);
    assert_eq!(application.send(&forged).await.status, 401, "{handler}");
}

/// The transaction of `SqliteStore`, whose documentation leaves the order and its price to the
/// reader.
struct CreditedInTransaction {
    store: SqliteStore,
    prices: Mutex<HashMap<String, Price>>,
}

impl HandlerUnderTest for CreditedInTransaction {
    type Order = String;

    async fn add(&self, invoice_id: &str, price: &Price) -> String {
        let id = OrdersInTable::insert(&self.store, invoice_id, price).await;
        let mut prices = self.prices.lock().unwrap();
        prices.insert(id.clone(), price.clone());
        id
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        reply(request, async |payment| {
            let id = payment.invoice_id();
            let price = self.prices.lock().unwrap().get(id).cloned();
            let price = price.ok_or_else(|| Retry::unknown_order(id))?;
            let credited = store_sqlite::printed(&self.store, &payment.reconcile(&price)?).await;
            credited.map_err(|retry| retry.with_id(id))
        })
        .await
    }

    async fn credits(&self, id: &String) -> u64 {
        OrdersInTable::count(&self.store, id).await
    }
}

async fn test_store_sqlite(handler: &str) {
    let (_folder, store) = sqlite().await;
    OrdersInTable::create_table(&store).await;
    let shop = CreditedInTransaction {
        store,
        prices: Mutex::default(),
    };
    assert_credits_what_is_paid(handler, &shop, "/postback").await;
    assert_deleted_order_is_not_acknowledged(handler, &shop, &shop.store).await;
}

/// The guide's handler of CryptAPI, and its table of orders.
struct CalledBack {
    store: SqliteStore,
    verifier: Verifier<CryptApi<Get>>,
    application: Application,
    orders: usize,
}

impl callbacks::HandlerUnderTest for CalledBack {
    type Order = String;

    async fn add(&mut self, price: &Price) -> (String, String) {
        let id = format!("order{}", self.orders);
        self.orders = self.orders.saturating_add(1);
        let address = format!("{ORIGIN}/postback/cryptapi");
        let url = self.verifier.provider().callback_url(&address).unwrap();
        let url = url.parameter("order_id", &id).unwrap().build().unwrap();
        sqlx::query(
            "INSERT INTO orders (id, callback_url, address_in, price, currency) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&id)
        .bind(url.as_str())
        .bind(SAMPLE_ADDRESS_IN)
        .bind(price.amount().as_received())
        .bind(price.currency())
        .execute(self.store.pool())
        .await
        .unwrap();
        (id, url.as_str().to_owned())
    }

    async fn deliver(&self, request: &Request) -> Response<String> {
        self.application.send(request).await.into()
    }

    async fn credits(&self, order: &String) -> u64 {
        let query = sqlx::query_scalar("SELECT credits FROM orders WHERE id = ?");
        let credits: i64 = query
            .bind(order)
            .fetch_one(self.store.pool())
            .await
            .unwrap();
        credits.try_into().unwrap()
    }
}

async fn test_guide_cryptapi(handler: &str) {
    let key = SigningKey::generate().unwrap();
    let provider = CryptApi::get([ORIGIN]).unwrap();
    let verifier = Verifier::new(provider, key.public_key().unwrap());
    let (_folder, store) = sqlite().await;
    let orders = "CREATE TABLE orders (id TEXT PRIMARY KEY, callback_url TEXT NOT NULL,
        address_in TEXT NOT NULL, price TEXT NOT NULL, currency TEXT NOT NULL,
        credits INTEGER NOT NULL DEFAULT 0) STRICT";
    sqlx::query(orders).execute(store.pool()).await.unwrap();
    let router = guide_cryptapi::printed(store.clone(), verifier.clone());
    let mut shop = CalledBack {
        store,
        verifier,
        application: Application::serve(router, Seen::default()).await,
        orders: 0,
    };
    for callbacks in [callbacks::in_a_coin(), callbacks::in_dollars()] {
        callbacks::assert_credits_what_is_paid(handler, &mut shop, &key, &callbacks, &LOG).await;
    }

    // Its order is deleted after it was found.
    let price = Price::new("0.05".parse().unwrap(), "btc").unwrap();
    let (order, url) = callbacks::HandlerUnderTest::add(&mut shop, &price).await;
    let confirmed = callbacks::confirmed(&key, &url);
    let steps = [
        (DELETE_ORDERS, 404, 0),
        ("DROP TRIGGER delete_orders", 200, 1),
    ];
    for (statement, status, credits) in steps {
        let statement = sqlx::query(statement);
        statement.execute(shop.store.pool()).await.unwrap();
        let response = callbacks::HandlerUnderTest::deliver(&shop, &confirmed).await;
        assert_eq!(response.status(), status, "{handler}");
        let credited = callbacks::HandlerUnderTest::credits(&shop, &order).await;
        assert_eq!(credited, credits, "{handler}");
    }
}

/// Handlers that `build.rs` found in the documents that it reads.
const MARKED: &[&str] = &include!(concat!(env!("OUT_DIR"), "/printed.rs"));

/// Number of whole examples among them, which no document marks.
const EXAMPLES: usize = 4;

/// Blocks that show a type or a function, and receive no delivery: a file, and a line of the block.
const NOT_HANDLERS: [(&str, &str); 5] = [
    (
        "postback-core/src/adapter_types.rs",
        "let _: Ack<CryptoCloud> = Ack::default();",
    ),
    (
        "postback-store/README.md",
        "async fn is_new(store: &MemoryStore, payment: &Reconciliation) -> bool {",
    ),
    (
        "postback-store/src/lib.rs",
        "let _ = store.record_in(transaction, payment);",
    ),
    (
        "postback-store/src/effect/mod.rs",
        "let failed = run_effect(&store, &reconciliation, \"mail\", fail).await;",
    ),
    (
        "postback-tower/src/response.rs",
        "acknowledgement::<CryptoCloud, String>()",
    ),
];

#[test]
fn marked_handlers_are_tested() {
    // The provider of the guide has a file of tests of its own.
    let elsewhere = ["guide_btcpay", "guide_btcpay_axum"];
    let tested: BTreeSet<_> = TESTED.iter().copied().chain(elsewhere).collect();
    let marked: BTreeSet<_> = MARKED.iter().copied().collect();
    assert_eq!(marked, tested);
}

/// Reads all documents of the workspace, also those that `build.rs` does not read.
#[test]
fn blocks_that_acknowledge_or_record_are_marked() {
    let mut marked = 0_usize;
    for file in documents() {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
        let blocks = printed_blocks(&file).into_iter();
        for block in blocks.filter(|block| !block.is_diagram) {
            if let Some(marker) = &block.marker {
                assert!(MARKED.contains(&&**marker), "{name}: {marker}");
                marked = marked.saturating_add(1);
            }
            let is_handler = [
                ".ack()",
                "acknowledgement::<",
                "acknowledgement()",
                "Ack::default()",
                "Ack::<",
                "::ACK",
                ".record_in(",
                "orders.credit(",
                "run_effect(",
            ];
            let is_handler = is_handler.iter().any(|it| block.code.contains(it));
            let is_excepted = NOT_HANDLERS
                .iter()
                .any(|(file, code)| *file == name && block.code.contains(code));
            assert!(
                !is_handler || block.marker.is_some() || is_excepted,
                "{name}: {}",
                block.code
            );
        }
    }
    assert_eq!(marked.saturating_add(EXAMPLES), MARKED.len());
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.unwrap().to_owned()
}

/// The Markdown and the sources of the workspace.
fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".md") || name.ends_with(".rs") {
                documents.push(path);
            }
        }
    }
    documents
}

/// A block of code in a document.
#[derive(Default)]
struct Block {
    is_diagram: bool,
    /// The name of the handler that it is marked as.
    marker: Option<String>,
    code: String,
}

fn printed_blocks(file: &Path) -> Vec<Block> {
    let text = fs::read_to_string(file).unwrap();
    let is_markdown = file.extension().is_some_and(|it| it == "md");
    let mut blocks = Vec::new();
    let (mut open, mut marker): (Option<Block>, _) = (None, None);
    for line in text.lines() {
        let line = line.trim_start();
        let comment = || {
            line.strip_prefix("//!")
                .or_else(|| line.strip_prefix("///"))
        };
        let line = match is_markdown {
            true => Some(line),
            false => comment().map(str::trim_start),
        };
        let Some(line) = line else {
            // The end of a comment.
            (open, marker) = (None, None);
            continue;
        };
        let fence = line.strip_prefix("```");
        match open.take() {
            Some(block) if fence.is_some() => blocks.push(block),
            Some(mut block) => {
                block.code.push_str(line);
                block.code.push('\n');
                open = Some(block);
            }
            None => match fence {
                Some(language) => {
                    open = Some(Block {
                        is_diagram: language == "text",
                        marker: marker.take(),
                        code: String::new(),
                    });
                }
                None => marker = named(line).or(marker),
            },
        }
    }
    blocks
}

/// The name in a marker.
fn named(line: &str) -> Option<String> {
    let name = line.strip_prefix("<!-- handler: ")?.strip_suffix(" -->")?;
    Some(name.to_owned())
}
