//! Process of the shop: this binary, started with variables in its environment.

use std::{
    env,
    process::{Child, Command, ExitCode, Stdio},
};

use postback_core::reconcile::Reconciliation;
use postback_store::{StoreError, postgres::PostgresStore, redis::RedisStore, sqlite::SqliteStore};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    callback::Callback, effects, file_effects::FileEffects, frozen, payment, shop::CREDIT,
};

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

const WORK: &str = "POSTBACK_WORKER_WORK";
const PLACE: &str = "POSTBACK_WORKER_PLACE";
const OUTSIDE: &str = "POSTBACK_WORKER_OUTSIDE";
const TASKS: &str = "POSTBACK_WORKER_TASKS";
const EVENTS: &str = "POSTBACK_WORKER_EVENTS";

/// Process that does not outlive the test.
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

    /// Waits for its end, and returns its exit code.
    pub(crate) fn ends(mut self) -> Option<i32> {
        self.0.wait().expect("it ends").code()
    }

    /// Freezes the process, or lets it continue.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.expect("it runs").success());
    }

    /// Kills the process.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it is killed");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A process is still running here if its test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Work of one process.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    /// Place of the store: a file or an address.
    pub(crate) place: String,
    pub(crate) outside: Option<FileEffects>,
    pub(crate) tasks: usize,
    pub(crate) events: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Delivers each payment by eight tasks, or by all, and credits it in a transaction.
    Credit,
    /// Delivers each payment, which has an effect outside, by every task.
    Effects,
    /// Delivers each payment, which has an effect outside, one time.
    UnrepeatedEffects,
    /// Delivers one payment, whose effect takes half of its lease.
    Hold,
    /// Records the payment whose number is the number of events, and never commits.
    Record,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Credit,
        Self::Effects,
        Self::UnrepeatedEffects,
        Self::Hold,
        Self::Record,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Effects => "effects",
            Self::UnrepeatedEffects => "unrepeated effects",
            Self::Hold => "hold",
            Self::Record => "record",
        }
    }
}

impl Work {
    pub(crate) fn from_environment() -> Option<Self> {
        let number = |name| env::var(name).ok()?.parse().ok();
        let work = env::var(WORK).ok()?;
        Some(Self {
            kind: Kind::ALL.into_iter().find(|kind| kind.name() == work)?,
            place: env::var(PLACE).ok()?,
            outside: env::var_os(OUTSIDE).map(FileEffects::at),
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
            if let Kind::Record = self.kind {
                frozen::record(&self.place, outside, self.events).await;
                return ExitCode::FAILURE;
            }
            with_store!(&self.place, store => match self.kind {
                Kind::Hold => return effects::hold(store, outside).await,
                Kind::Effects => effects::deliver(store, outside, self.tasks, self.events).await,
                _ => effects::deliver_without_repeat(store, outside, self.tasks, self.events).await,
            });
            ExitCode::SUCCESS
        })
    }

    async fn credit(&self) {
        if self.place.starts_with("postgres:") {
            let store = PostgresStore::connect(&self.place).await.expect("a store");
            self.deliver(move |payment| on_postgres(store.clone(), payment))
                .await;
        } else {
            let store = SqliteStore::open(&self.place).await.expect("a store");
            self.deliver(move |payment| on_sqlite(store.clone(), payment))
                .await;
        }
    }

    async fn deliver<F>(&self, handle: impl Fn(Reconciliation) -> F + Clone + Send + 'static)
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let payments: Vec<_> = (0..self.events).map(payment).collect();
        let mut tasks = JoinSet::new();
        for task in 0..self.tasks {
            // Eight tasks compete for the same part, in the same order.
            let parts = self.tasks.div_ceil(8);
            let part = payments
                .chunks(self.events.div_ceil(parts))
                .nth(task % parts);
            let (handle, payments) = (handle.clone(), part.expect("a part").to_vec());
            tasks.spawn(async move {
                for payment in payments {
                    // A provider sends again what was not acknowledged.
                    while let Err(error) = handle(payment.clone()).await {
                        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
                    }
                }
            });
        }
        tasks.join_all().await;
    }
}

/// Returns the payment of an order: of CryptoCloud if the number is even, and otherwise of
/// CryptAPI, with a transfer on the chain.
pub(crate) fn payment(number: usize) -> Reconciliation {
    let id = format!("ORDER{number:04}");
    if number.is_multiple_of(2) {
        return payment::payment(&id);
    }
    let callback = Callback {
        uuid: &id,
        txid: &format!("tx-{number}"),
        ..Callback::default()
    };
    callback.reconciled()
}

/// Handler of the shop on a database: credits a new payment in the transaction of the record.
macro_rules! handler {
    ($name:ident, $Store:ty) => {
        pub(crate) async fn $name(
            store: $Store,
            payment: Reconciliation,
        ) -> Result<(), StoreError> {
            let mut transaction = store.begin().await?;
            let recorded = store.record_in(&mut transaction, &payment).await?;
            if recorded.is_new() {
                sqlx::query(CREDIT)
                    .bind(payment.event().id())
                    .execute(&mut *transaction)
                    .await?;
            }
            store.commit(transaction).await
        }
    };
}

handler!(on_postgres, PostgresStore);
handler!(on_sqlite, SqliteStore);
