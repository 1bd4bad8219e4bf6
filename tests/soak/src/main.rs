//! Runs the four receivers, the shop, and an application on Postgres under mixed clients for an
//! hour, and checks each response, the credits, and that no process grows.
//!
//! ```sh
//! cargo build --release --locked -p soak -p shop -p receiver-actix -p receiver-axum \
//!     -p receiver-rocket -p receiver-tower
//! tests/services.sh target/release/soak --minutes 60
//! ```
//!
//! Clients are genuine and forged. They send whole requests, a byte at a time, with their writing
//! side closed, with a reset, cut short, stalled, or too large a body. The keys of the receivers
//! and of the application on Postgres are replaced every minute, and the server of Postgres is
//! stopped every ten minutes. The exit status is 1 if a check fails.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "the times of a run are far from the limits of their types"
)]

mod books;
mod clock;
mod exchange;
mod findings;
mod keys;
mod load;
mod plan;
mod postgres;
mod program;
mod receivers;
mod report;
mod samples;
mod shop;

use std::{env, error::Error, fs, process::ExitCode, sync::Arc};

use tempfile::TempDir;
use tokio::{
    sync::watch,
    time::{Instant, interval, interval_at, sleep_until},
};

use self::{
    findings::Findings, keys::Keys, load::load, plan::Plan, postgres::OnPostgres, program::Program,
    samples::Samples, shop::Shop,
};

const RECEIVERS: [&str; 4] = [
    "receiver-actix",
    "receiver-axum",
    "receiver-rocket",
    "receiver-tower",
];

/// Deliveries to each receiver in a second.
const DELIVERIES: u32 = 40;

/// Orders of the shop in a second, with about ten deliveries each.
const ORDERS: u32 = 2;

/// Payments of the application on Postgres in a second, with eight deliveries each.
const PAYMENTS: u32 = 3;

/// Memory that SQLite fills while the file grows: 2 MB for each of ten connections.
const CACHES_KIB: u64 = 20_000;

/// Connections of a store to its database.
const CONNECTIONS: u64 = 10;

#[tokio::main]
async fn main() -> ExitCode {
    match soak().await {
        Ok(0) => {
            println!("\nno failure");
            ExitCode::SUCCESS
        }
        Ok(failures) => {
            println!("\n{failures} failures");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the soak, and returns the number of failures.
async fn soak() -> Result<usize, Box<dyn Error>> {
    let plan = Plan::from_arguments()?;
    let soak = Soak::start(plan).await?;
    tokio::select! {
        _ = async { tokio::join!(soak.load(), soak.restart_postgres()) } => {}
        Err(error) = soak.replace_keys() => {
            soak.findings.fail(format!("the keys are not replaced: {error}"));
        }
        () = soak.sample() => {}
    }
    soak.check().await?;
    Ok(soak.findings.failures())
}

/// Programs under test, and what is known of them.
struct Soak {
    plan: Plan,
    begun: Instant,
    findings: Arc<Findings>,
    keys: watch::Sender<Keys>,
    receivers: [Arc<Program>; 4],
    on_postgres: Arc<OnPostgres>,
    shop: Arc<Shop>,
    /// Samples of each program, in the order of [`programs`](Self::programs).
    samples: [Samples; 6],
    folder: TempDir,
}

const POSTGRES: &str = "POSTBACK_POSTGRES";

impl Soak {
    /// Starts the programs.
    async fn start(plan: Plan) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let findings = Arc::new(Findings::default());
        let keys = Keys::new()?;
        let current = Arc::clone(&keys.current);
        let (keys, current_keys) = watch::channel(keys);
        let key_file = folder.path().join("key.pem");
        fs::write(&key_file, current.cryptapi_pem())?;
        let key_file = key_file.to_str().ok_or("the folder's name is not UTF-8")?;
        let mut environment = current.environment(key_file);

        let start = async |name| -> Result<_, Box<dyn Error>> {
            let receiver = Program::start(name, &environment, &findings).await?;
            Ok(Arc::new(receiver))
        };
        let [actix, axum, rocket, tower] = RECEIVERS;
        let receivers = [
            start(actix).await?,
            start(axum).await?,
            start(rocket).await?,
            start(tower).await?,
        ];
        let server = env::var(POSTGRES).map_err(|_| format!("{POSTGRES} is not set"))?;
        let url = postgres::database(&server).await?;
        environment.push(("DATABASE_URL", &url));
        let program = Program::start("on_postgres", &environment, &findings).await?;
        let on_postgres = OnPostgres::new(program, &url, current_keys, &findings)?;
        let shop = Shop::start(&folder, &findings).await?;

        let [actix, axum, rocket, tower] = RECEIVERS.map(|name| Samples::new(name, 0, 0));
        Ok(Self {
            plan,
            begun: Instant::now(),
            findings,
            keys,
            receivers,
            on_postgres: Arc::new(on_postgres),
            shop: Arc::new(shop),
            samples: [
                actix,
                axum,
                rocket,
                tower,
                Samples::new("on_postgres", 0, CONNECTIONS),
                Samples::new("shop", CACHES_KIB, CONNECTIONS),
            ],
            folder,
        })
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        let receivers = self.receivers.iter().map(|it| &**it);
        receivers.chain([&self.on_postgres.program, &self.shop.program])
    }

    fn end(&self) -> Instant {
        self.begun + self.plan.length
    }

    /// Sends until the end of the run.
    async fn load(&self) {
        let (end, findings) = (self.end(), &self.findings);
        let on_receiver = |receiver: &Arc<Program>| {
            let (receiver, keys) = (Arc::clone(receiver), self.keys.subscribe());
            let (name, shared) = (receiver.name, Arc::clone(findings));
            load(name, DELIVERIES, end, findings, move |number| {
                let (receiver, keys) = (Arc::clone(&receiver), keys.clone());
                receivers::deliver(receiver, number, keys, Arc::clone(&shared))
            })
        };
        let [actix, axum, rocket, tower] = &self.receivers;
        tokio::join!(
            on_receiver(actix),
            on_receiver(axum),
            on_receiver(rocket),
            on_receiver(tower),
            load("shop", ORDERS, end, findings, |number| {
                Arc::clone(&self.shop).order(number)
            }),
            load("on_postgres", PAYMENTS, end, findings, |number| {
                Arc::clone(&self.on_postgres).pay(number)
            }),
        );
    }

    /// Replaces the keys of all programs but the shop, until an error.
    async fn replace_keys(&self) -> Result<(), Box<dyn Error>> {
        let period = self.plan.keys;
        let mut ticks = interval_at(self.begun + period, period);
        loop {
            ticks.tick().await;
            let next = self.keys.borrow().next(period / 2)?;
            let line = next.line();
            for program in self.programs().filter(|it| it.name != "shop") {
                program.replace_keys(&line).await?;
            }
            self.keys.send_replace(next);
            self.on_postgres.check().await;
        }
    }

    /// Restarts the server of Postgres until the end of the run.
    async fn restart_postgres(&self) {
        let period = self.plan.restarts;
        // The first one is before the first mark, so that the pool is the same at each mark. After
        // the last one, there is time for deliveries that are sent again.
        let mut next = self.begun + period / 4;
        while next + period / 4 < self.end() {
            sleep_until(next).await;
            self.on_postgres.restart_server().await;
            next += period;
        }
    }

    /// Takes samples of each process, and prints the number of failures every five minutes.
    async fn sample(&self) {
        let mut ticks = interval(self.plan.samples);
        for number in 0_u64.. {
            ticks.tick().await;
            if number.is_multiple_of(30) {
                let (seconds, failures) =
                    (self.begun.elapsed().as_secs(), self.findings.failures());
                println!("after {seconds} s: {failures} failures");
            }
            for (program, samples) in self.programs().zip(&self.samples) {
                match program.sample(self.begun.into_std()) {
                    Ok(sample) => samples.add(sample),
                    Err(error) => self.findings.fail(format!("{}: {error}", program.name)),
                }
            }
        }
    }

    /// Checks what is known at the end, and prints the tables.
    async fn check(&self) -> Result<(), Box<dyn Error>> {
        for receiver in &self.receivers {
            receivers::check_printed(receiver, &self.findings);
        }
        let payments = self.on_postgres.check_all().await;
        let (orders, conflicts) = self.shop.check_all().await;
        books::check(&self.folder, orders, conflicts, &self.findings).await?;
        report::exchanges(&self.findings);
        report::figures(&self.plan, &self.samples, &self.findings);
        println!(
            "\n{payments} payments on Postgres, {orders} orders and {conflicts} reviews of the \
             shop; keys replaced {} times, Postgres restarted {} times",
            self.keys.borrow().replaced(),
            self.on_postgres.restarts(),
        );
        Ok(())
    }
}
