//! Load of the shop: orders, and for each of them deliveries in each manner.

use std::{
    error::Error,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use postback_conformance::{
    corpus::Request,
    deliveries,
    fixtures::{self, JSON, ORIGIN, SAMPLE_UUID},
    shop::Senders,
};
use postback_core::{
    SecretKey,
    testing::{self, SAMPLE_CALLBACK, SigningKey},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    exchange::{Came, Manner, exchange},
    findings::Findings,
    program::Program,
    receivers::closing,
};

/// The shop, its orders, and the deliveries that a person has to look at.
pub(crate) struct Shop {
    pub(crate) program: Program,
    senders: Senders,
    findings: Arc<Findings>,
    orders: Mutex<Vec<i64>>,
    conflicts: AtomicU64,
}

/// Order, and the way in which it is paid.
enum PaidBy {
    Invoice { provider: &'static str, id: String },
    Address { target: String },
}

/// Amount that pays an order, which is what the shop's orders cost.
const PRICE: &str = "0.05";

/// Each order with such a number has a delivery with another amount.
const CONFLICTS: usize = 200;

pub(crate) const DATABASE: &str = "shop.db";
pub(crate) const MAIL: &str = "mail";

impl Shop {
    /// Starts the shop, whose keys do not change.
    pub(crate) async fn start(
        folder: &TempDir,
        findings: &Arc<Findings>,
    ) -> Result<Self, Box<dyn Error>> {
        let senders = Senders::with_new_key();
        let path = |name: &str| {
            let path = folder.path().join(name).into_os_string().into_string();
            path.map_err(|_| "the folder's name is not UTF-8")
        };
        let (database, mail, key) = (path(DATABASE)?, path(MAIL)?, path("shop.pem")?);
        fs::write(&key, senders.key().public_key_pem()?)?;
        let environment = [
            ("CRYPTAPI_PUBLIC_KEY_FILE", &*key),
            ("CRYPTOCLOUD_SECRET", deliveries::SECRET),
            ("DATABASE_FILE", &database),
            ("MAIL_FOLDER", &mail),
            ("PUBLIC_ORIGIN", ORIGIN),
            ("TRYBIT_SECRET", deliveries::SECRET),
        ];
        let program = Program::start("shop", &environment, findings).await?;
        Ok(Self {
            senders: senders.to(format!("http://{}", program.address)),
            program,
            findings: Arc::clone(findings),
            orders: Mutex::default(),
            conflicts: AtomicU64::new(0),
        })
    }

    /// Adds an order, sends deliveries, and checks that it is credited with its price.
    pub(crate) async fn order(self: Arc<Self>, number: usize) {
        let id = format!("SOAK{number:07}");
        let (order, paid_by) = match number % 3 {
            0 => {
                let (order, target) = self.senders.order_by_address().await;
                (order, PaidBy::Address { target })
            }
            1 => {
                let order = self.senders.order_by_invoice(&id).await;
                let provider = "cryptocloud";
                (order, PaidBy::Invoice { provider, id })
            }
            _ => {
                let paid_by = ("trybit_invoice_id", &*id);
                let order = self.senders.order_at(PRICE, "BTC", paid_by).await;
                let provider = "trybit";
                (order, PaidBy::Invoice { provider, id })
            }
        };
        let genuine = || self.request(number, &paid_by, PRICE, true);
        let forged = || self.request(number, &paid_by, PRICE, false);
        self.expect(forged(), Manner::Whole, 401).await;
        self.expect(genuine(), Manner::CutByReset, 0).await;
        self.expect(genuine(), Manner::Cut, 400).await;
        let (paid, _) = self.senders.paid(order).await;
        self.findings.check(paid == "0", || {
            format!("shop: order {order} is paid {paid} before a whole delivery arrived")
        });
        self.expect(genuine(), Manner::Reset, 0).await;
        tokio::join!(
            self.expect(genuine(), Manner::Whole, 200),
            self.expect(genuine(), Manner::Slow, 200),
            self.expect(genuine(), Manner::HalfClosed, 200),
            self.expect(genuine(), Manner::Reset, 0),
            self.expect(forged(), Manner::Slow, 401),
        );
        if let PaidBy::Invoice { .. } = paid_by {
            self.expect(genuine(), Manner::Oversized, 413).await;
        }
        if number.is_multiple_of(CONFLICTS) {
            let conflicting = self.request(number, &paid_by, "0.06", true);
            self.expect(conflicting, Manner::Whole, 200).await;
            self.conflicts.fetch_add(1, Ordering::Relaxed);
        }
        self.expect(genuine(), Manner::Whole, 200).await;
        self.check(order).await;
        self.orders.lock().await.push(order);
    }

    /// Checks that an order is credited with its price.
    async fn check(&self, order: i64) {
        let paid = self.senders.paid(order).await;
        self.findings.check(paid == (PRICE.to_owned(), true), || {
            format!("shop: order {order} is paid {paid:?}")
        });
    }

    /// Checks each order again, and returns the number of orders, and of the deliveries that a
    /// person has to look at.
    pub(crate) async fn check_all(&self) -> (usize, u64) {
        let orders = self.orders.lock().await;
        for order in &*orders {
            self.check(*order).await;
        }
        (orders.len(), self.conflicts.load(Ordering::Relaxed))
    }

    /// Sends a delivery, and checks the status of the response. Status 0 is that of a client that
    /// does not wait for it.
    async fn expect(&self, request: Request, manner: Manner, status: u16) {
        let name = self.program.name;
        let target = request.target.clone();
        let came = exchange(self.program.address, &closing(request), manner).await;
        let is_expected = match came {
            Came::Status(came) => came == status,
            Came::Closed => manner == Manner::Cut,
            Came::Unread => status == 0,
            Came::Nothing => false,
        };
        self.findings.check(is_expected, || {
            format!("shop: {manner:?} to {target}: {came:?}, expected {status}")
        });
        self.findings.count(name, "requests");
        self.findings.count(name, manner.name());
        self.findings.count(name, came.kind());
    }

    fn request(&self, number: usize, paid_by: &PaidBy, amount: &str, genuine: bool) -> Request {
        match paid_by {
            PaidBy::Invoice { provider, id } => {
                let secret = match genuine {
                    true => deliveries::secret(),
                    false => fixtures::secret("secret of a forger"),
                };
                payment(&secret, provider, id, amount)
            }
            PaidBy::Address { target } => {
                let key: &SigningKey = match genuine {
                    true => self.senders.key(),
                    false => &fixtures::SIGNING_KEY,
                };
                let fields = SAMPLE_CALLBACK
                    .replace(
                        SAMPLE_UUID,
                        &format!("{number:08x}-5a6b-4305-9fa2-b0fbda6e3ff2"),
                    )
                    .replace("a2174ffd", &format!("{number:08x}"))
                    .replace("value_coin=0.05", &format!("value_coin={amount}"));
                let target = format!("{target}&{fields}");
                let signature = key.sign(format!("{ORIGIN}{target}")).unwrap_or_default();
                Request::new("GET", &target, &[("x-ca-signature", &*signature)], "")
            }
        }
    }
}

/// Returns a postback of CryptoCloud or Trybit.
pub(crate) fn payment(secret: &SecretKey, provider: &str, id: &str, amount: &str) -> Request {
    let token = testing::fresh_token(secret, id);
    let body = json!({ "status": "success", "invoice_id": id, "token": token,
                       "amount_crypto": amount, "currency": "BTC" });
    fixtures::post(&format!("/postback/{provider}"), JSON, body.to_string())
}
