//! A process of the shop's: this very binary, asked by its environment.

use std::{
    env,
    process::{Child, Command, ExitCode, Stdio},
};

use postback_core::{
    MediaType, SecretKey, Verifier, claim::Claim, cryptocloud::CryptoCloud, testing,
};
use postback_store::{StoreError, postgres::PostgresStore, redis::RedisStore, sqlite::SqliteStore};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{effects, outside::Outside, shop::CREDIT};

/// Opens the store at a place: a file, or a server's address.
macro_rules! with_store {
    ($place:expr, $store:ident => $body:expr) => {{
        let place: &str = $place;
        match place.split_once(':') {
            Some(("postgres", _)) => {
                let $store = PostgresStore::connect(place).await.expect("a store");
                $body
            }
            Some(("redis", _)) => {
                let $store = RedisStore::open(place).await.expect("a store");
                $body
            }
            _ => {
                let $store = SqliteStore::open(place).await.expect("a store");
                $body
            }
        }
    }};
}

pub(crate) use with_store;

const NOW: u64 = 1_769_509_400;
const WORK: &str = "POSTBACK_WORKER_WORK";
const PLACE: &str = "POSTBACK_WORKER_PLACE";
const OUTSIDE: &str = "POSTBACK_WORKER_OUTSIDE";
const TASKS: &str = "POSTBACK_WORKER_TASKS";
const EVENTS: &str = "POSTBACK_WORKER_EVENTS";

/// A process that does not outlive the test.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(work: &Work) -> Self {
        let binary = env::current_exe().expect("this binary");
        let mut command = Command::new(binary);
        command
            .env(WORK, work.kind.name())
            .env(PLACE, &work.place)
            .env(TASKS, work.tasks.to_string())
            .env(EVENTS, work.events.to_string())
            .stdout(Stdio::null());
        if let Some(outside) = &work.outside {
            command.env(OUTSIDE, outside.folder());
        }
        Self(command.spawn().expect("it starts"))
    }

    pub(crate) fn succeeds(mut self) {
        let status = self.0.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }

    /// With the code that it ends with.
    pub(crate) fn ends(mut self) -> Option<i32> {
        self.0.wait().expect("it ends").code()
    }

    /// Freezes it, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.expect("it runs").success());
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

/// What a process is asked to do.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    /// The store's.
    pub(crate) place: String,
    pub(crate) outside: Option<Outside>,
    pub(crate) tasks: usize,
    pub(crate) events: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Each event is delivered by eight tasks, or by all, and credited in a transaction.
    Credit,
    /// Each event is delivered by every task, and has an effect outside.
    Effects,
    /// Each event is delivered by one task and never again, and has an effect outside.
    EffectsOnce,
    /// One event has an effect that does not end until it may.
    Hold,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Credit, Self::Effects, Self::EffectsOnce, Self::Hold];

    const fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Effects => "effects",
            Self::EffectsOnce => "effects once",
            Self::Hold => "hold",
        }
    }
}

impl Work {
    pub(crate) fn asked_for() -> Option<Self> {
        let number = |name| env::var(name).ok()?.parse().ok();
        let work = env::var(WORK).ok()?;
        Some(Self {
            kind: Kind::ALL.into_iter().find(|kind| kind.name() == work)?,
            place: env::var(PLACE).ok()?,
            outside: env::var_os(OUTSIDE).map(Outside::at),
            tasks: number(TASKS)?,
            events: number(EVENTS)?,
        })
    }

    pub(crate) fn run(self) -> ExitCode {
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let Some(outside) = self.outside.clone() else {
                self.credit().await;
                return ExitCode::SUCCESS;
            };
            with_store!(&self.place, store => match self.kind {
                Kind::Hold => return effects::hold(store, outside).await,
                Kind::Effects => effects::deliver(store, outside, self.tasks, self.events).await,
                _ => effects::deliver_once(store, outside, self.tasks, self.events).await,
            });
            ExitCode::SUCCESS
        })
    }

    async fn credit(&self) {
        if self.place.starts_with("postgres:") {
            let store = PostgresStore::connect(&self.place).await.expect("a store");
            self.deliver(move |claim| on_postgres(store.clone(), claim))
                .await;
        } else {
            let store = SqliteStore::open(&self.place).await.expect("a store");
            self.deliver(move |claim| on_sqlite(store.clone(), claim))
                .await;
        }
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
