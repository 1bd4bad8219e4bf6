//! A process of the shop's: this very binary, asked by its environment.

use std::{
    env,
    process::{Child, Command, ExitCode, Stdio},
};

use postback_core::{
    MediaType, SecretKey, Verifier, claim::Claim, cryptocloud::CryptoCloud, testing,
};
use postback_store::{StoreError, postgres::PostgresStore, sqlite::SqliteStore};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{database::Database, shop::CREDIT};

const NOW: u64 = 1_769_509_400;
const PLACE: &str = "POSTBACK_WORKER_PLACE";
const TASKS: &str = "POSTBACK_WORKER_TASKS";
const EVENTS: &str = "POSTBACK_WORKER_EVENTS";

/// A process that does not outlive the test.
pub(crate) struct Worker(Child);

impl Worker {
    /// Has tasks deliver events at once: each event is delivered by eight of them, or by all.
    pub(crate) fn start(database: &Database, tasks: usize, events: usize) -> Self {
        let binary = env::current_exe().expect("this binary");
        let child = Command::new(binary)
            .env(PLACE, &database.place)
            .env(TASKS, tasks.to_string())
            .env(EVENTS, events.to_string())
            .stdout(Stdio::null())
            .spawn();
        Self(child.expect("it starts"))
    }

    pub(crate) fn succeeds(mut self) {
        let status = self.0.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }

    /// Kills it without notice.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it is killed");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Where a test gives up; otherwise it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process was asked to do.
pub(crate) struct Work {
    place: String,
    tasks: usize,
    events: usize,
}

impl Work {
    pub(crate) fn asked_for() -> Option<Self> {
        let number = |name| env::var(name).ok()?.parse().ok();
        Some(Self {
            place: env::var(PLACE).ok()?,
            tasks: number(TASKS)?,
            events: number(EVENTS)?,
        })
    }

    pub(crate) fn run(self) -> ExitCode {
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(async {
            if self.place.starts_with("postgres:") {
                let store = PostgresStore::connect(&self.place).await.expect("a store");
                self.deliver(move |claim| on_postgres(store.clone(), claim))
                    .await;
            } else {
                let store = SqliteStore::open(&self.place).await.expect("a store");
                self.deliver(move |claim| on_sqlite(store.clone(), claim))
                    .await;
            }
        });
        ExitCode::SUCCESS
    }

    async fn deliver<F>(&self, handle: impl Fn(Claim) -> F + Clone + Send + 'static)
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let claims: Vec<_> = (0..self.events).map(claim).collect();
        let mut tasks = JoinSet::new();
        for task in 0..self.tasks {
            // Eight tasks compete for the same part, in the same order.
            let parts = self.tasks.div_ceil(8);
            let part = claims.chunks(self.events.div_ceil(parts)).nth(task % parts);
            let (handle, claims) = (handle.clone(), part.expect("a part").to_vec());
            tasks.spawn(async move {
                for claim in claims {
                    // As a provider does: what was not acknowledged is sent again.
                    while let Err(error) = handle(claim.clone()).await {
                        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
                    }
                }
            });
        }
        tasks.join_all().await;
    }
}

pub(crate) fn claim(number: usize) -> Claim {
    let secret = SecretKey::new("s").expect("a secret");
    let id = format!("ORDER{number:04}");
    let token = testing::token(&secret, &id, NOW + 300);
    let body = format!(r#"{{"invoice_id":"{id}","token":"{token}"}}"#);
    let verifier = Verifier::new(CryptoCloud::new(), secret);
    let payment = testing::deliver(&verifier, MediaType::Json, body, NOW);
    Claim::from(&payment.expect("a genuine payment"))
}

/// The shop's handler on a database: what is new is credited, in the transaction that claimed it.
macro_rules! handler {
    ($name:ident, $Store:ty) => {
        pub(crate) async fn $name(store: $Store, claim: Claim) -> Result<(), StoreError> {
            let mut transaction = store.begin().await?;
            let claimed = store.claim_in(&mut transaction, claim.clone()).await?;
            if claimed.is_new() {
                sqlx::query(CREDIT)
                    .bind(claim.id())
                    .execute(&mut *transaction)
                    .await?;
            }
            store.commit(transaction).await
        }
    };
}

handler!(on_postgres, PostgresStore);
handler!(on_sqlite, SqliteStore);
