//! Load of the application on Postgres, whose server is stopped from time to time.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use postback_conformance::fixtures;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use crate::{
    exchange::{Came, Manner, exchange},
    findings::Findings,
    keys::CurrentKeys,
    program::Program,
    receivers::closing,
    shop::payment,
};

/// The application on Postgres, and the payments that it acknowledged.
pub(crate) struct OnPostgres {
    pub(crate) program: Program,
    pool: PgPool,
    keys: CurrentKeys,
    findings: Arc<Findings>,
    outages: Mutex<Outages>,
    acknowledged: Mutex<BTreeSet<String>>,
}

#[derive(Default)]
struct Outages {
    ended: Vec<(Instant, Instant)>,
    /// Begin of the outage that has not ended.
    current: Option<Instant>,
}

/// Time after the start of the server in which connections may still fail.
const RECOVERY: Duration = Duration::from_secs(10);

/// Time in which the server is stopped.
const OUTAGE: Duration = Duration::from_secs(5);

/// Longest pause before a provider sends again. Its schedule in minutes is compressed to seconds.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

impl OnPostgres {
    pub(crate) fn new(
        program: Program,
        url: &str,
        keys: CurrentKeys,
        findings: &Arc<Findings>,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            program,
            pool: PgPoolOptions::new().max_connections(1).connect_lazy(url)?,
            keys,
            findings: Arc::clone(findings),
            outages: Mutex::default(),
            acknowledged: Mutex::default(),
        })
    }

    /// Sends deliveries of one payment, the genuine ones until they are acknowledged.
    pub(crate) async fn pay(self: Arc<Self>, number: usize) {
        let id = format!("SOAK{number:07}");
        self.forge(&id, Manner::Whole).await;
        self.deliver(&id, Manner::CutByReset).await;
        self.deliver(&id, Manner::Reset).await;
        tokio::join!(
            self.deliver(&id, Manner::Whole),
            self.deliver(&id, Manner::HalfClosed),
            self.deliver(&id, Manner::Slow),
            self.forge(&id, Manner::Slow),
        );
        self.deliver(&id, Manner::Whole).await;
        locked(&self.acknowledged).insert(id);
    }

    async fn forge(&self, id: &str, manner: Manner) {
        let secret = fixtures::secret("secret of a forger");
        let request = closing(payment(&secret, "cryptocloud", id, "0.05"));
        let came = exchange(self.program.address, &request, manner).await;
        self.count(manner, came);
        self.findings.check(came == Came::Status(401), || {
            format!("{}: forged {manner:?}: {came:?}", self.program.name)
        });
    }

    /// Sends a genuine delivery until it is acknowledged, as the provider does. During an outage,
    /// the application asks for it.
    async fn deliver(&self, id: &str, manner: Manner) {
        let mut pause = Duration::from_secs(1);
        loop {
            let keys = self.keys.borrow().clone();
            let secret = &keys.current.cryptocloud;
            let request = closing(payment(secret, "cryptocloud", id, "0.05"));
            let began = Instant::now();
            let came = exchange(self.program.address, &request, manner).await;
            self.count(manner, came);
            match came {
                Came::Status(200) | Came::Unread => return,
                Came::Status(503) if self.is_in_outage(began) => {}
                // The keys were replaced, and the time of the previous ones has passed.
                Came::Status(401) if !keys.is_still_trusted(&self.keys.borrow()) => {}
                other => {
                    let name = self.program.name;
                    self.findings
                        .fail(format!("{name}: {id} {manner:?}: {other:?}"));
                    return;
                }
            }
            self.findings.count(self.program.name, "sent again");
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    fn count(&self, manner: Manner, came: Came) {
        let name = self.program.name;
        self.findings.count(name, "requests");
        self.findings.count(name, manner.name());
        self.findings.count(name, came.kind());
    }

    /// Returns true if the server was stopped, or recovered, at a time since `began`.
    fn is_in_outage(&self, began: Instant) -> bool {
        let outages = locked(&self.outages);
        let mut ended = outages.ended.iter();
        outages.current.is_some() || ended.any(|(_, end)| began < *end + RECOVERY)
    }

    /// Stops the server, and starts it again.
    pub(crate) async fn restart_server(&self) {
        locked(&self.outages).current = Some(Instant::now());
        let restarted = async {
            control(&["--mode", "immediate", "stop"]).await?;
            sleep(OUTAGE).await;
            control(&["--wait", "start"]).await
        };
        if let Err(error) = restarted.await {
            self.findings
                .fail(format!("the server does not restart: {error}"));
        }
        let mut outages = locked(&self.outages);
        let began = outages.current.take().unwrap_or_else(Instant::now);
        outages.ended.push((began, Instant::now()));
    }

    pub(crate) fn restarts(&self) -> usize {
        locked(&self.outages).ended.len()
    }

    /// Checks that no payment is credited twice.
    pub(crate) async fn check(&self) {
        let began = Instant::now();
        match self.credits().await {
            Ok(credits) => {
                let distinct: BTreeSet<_> = credits.iter().collect();
                self.findings.check(distinct.len() == credits.len(), || {
                    format!("{} credits of {} payments", credits.len(), distinct.len())
                });
            }
            Err(error) => self.findings.check(self.is_in_outage(began), || {
                format!("the credits cannot be read: {error}")
            }),
        }
    }

    /// Checks that each payment that was acknowledged is credited, and no other, one time. Returns
    /// the number of payments.
    pub(crate) async fn check_all(&self) -> usize {
        let acknowledged = locked(&self.acknowledged).clone();
        match self.credits().await {
            Ok(mut credits) => {
                credits.sort();
                let is_exact = credits.iter().eq(&acknowledged);
                self.findings.check(is_exact, || {
                    format!(
                        "{} credits of {} payments",
                        credits.len(),
                        acknowledged.len()
                    )
                });
            }
            Err(error) => self
                .findings
                .fail(format!("the credits cannot be read: {error}")),
        }
        acknowledged.len()
    }

    async fn credits(&self) -> Result<Vec<String>, sqlx::Error> {
        let query = sqlx::query_scalar("SELECT id FROM credits");
        query.fetch_all(&self.pool).await
    }
}

/// Creates a database on the server, and returns its address.
pub(crate) async fn database(server: &str) -> Result<String, Box<dyn Error>> {
    let name = format!("soak_{}", std::process::id());
    let mut connection = PgConnection::connect(server).await?;
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut connection).await?;
    connection.close().await?;
    let (base, _) = server.rsplit_once('/').ok_or("the server has no address")?;
    Ok(format!("{base}/{name}"))
}

/// Runs the program that stops and starts the server.
async fn control(arguments: &[&str]) -> Result<(), Box<dyn Error + Send + Sync>> {
    let program = env::var_os(CONTROL).ok_or(CONTROL)?;
    let status = Command::new(program).args(arguments).status().await?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{arguments:?}: {status}").into()),
    }
}

const CONTROL: &str = "POSTBACK_POSTGRES_CONTROL";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
