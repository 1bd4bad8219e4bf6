//! Records and effects while processes compete, are killed or frozen, or lose their server: with
//! real processes, on real databases. A credit is a row in a table of the shop, in the same
//! database; an effect is a file outside.
//!
//! Postgres and Redis are real servers, whose addresses are in `POSTBACK_POSTGRES` and
//! `POSTBACK_REDIS`. Without them, their tests are skipped, with a message.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a test stops where something is wrong"
)]

#[path = "../shop/callback.rs"]
mod callback;
mod database;
mod effects;
mod file_effects;
mod frozen;
#[path = "../shop/mail.rs"]
mod mail;
#[path = "../shop/payment.rs"]
mod payment;
#[path = "../servers/postgres.rs"]
mod postgres_server;
#[path = "../servers/redis.rs"]
mod redis_server;
mod server;
#[path = "../shop/mod.rs"]
mod shop;
mod worker;

use std::{
    env,
    hash::{BuildHasher, RandomState},
    process::ExitCode,
    thread,
    time::Duration,
};

use libtest_mimic::{Arguments, Trial};

use self::{
    database::Database,
    worker::{Kind, Work, Worker},
};

fn main() -> ExitCode {
    if let Some(work) = Work::from_environment() {
        return work.run();
    }
    let mut arguments = Arguments::from_args();
    // One after the other: some of them stop the server.
    arguments.test_threads = Some(1);
    let mut trials = records("sqlite", Database::sqlite);
    trials.extend(effects::all("sqlite", effects::sqlite));
    match env::var_os(postgres_server::POSTGRES) {
        Some(_) => {
            trials.extend(records("postgres", Database::postgres));
            trials.extend(effects::all("postgres", effects::postgres));
            trials.extend(server::of_postgres());
            trials.extend(frozen::of_postgres());
        }
        None => skipped("Postgres"),
    }
    match env::var_os(redis_server::REDIS) {
        Some(_) => {
            trials.extend(effects::all("redis", effects::redis));
            trials.push(effects::of_redis());
            trials.extend(server::of_redis());
        }
        None => skipped("Redis"),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn skipped(server: &str) {
    println!(
        "skipped, because there is no server: the faults on {server}. Run them by:\n  \
         tests/services.sh cargo test -p postback-store --locked"
    );
}

fn records(name: &str, database: fn() -> Database) -> Vec<Trial> {
    vec![
        trial(
            name,
            "concurrent_processes_credit_each_payment_once",
            move || {
                concurrent_processes_credit_each_payment_once(&database());
            },
        ),
        trial(
            name,
            "killed_processes_lose_and_double_no_credit",
            move || {
                killed_processes_lose_and_double_no_credit(database);
            },
        ),
    ]
}

pub(crate) fn trial(name: &str, test: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(format!("{name}::{test}"), || {
        run();
        Ok(())
    })
}

fn concurrent_processes_credit_each_payment_once(database: &Database) {
    let work = credit(database, 64, 1_000);
    let workers = [(); 2].map(|()| Worker::start(&work));
    for worker in workers {
        worker.succeeds();
    }
    database.must_hold_each_credit_once(1_000);
}

/// The provider sends again what was not acknowledged: each start delivers all payments again, and
/// each of them twice.
fn killed_processes_lose_and_double_no_credit(database: fn() -> Database) {
    let mut in_the_middle = 0;
    for _ in 0..20 {
        let database = database();
        let work = credit(&database, 2, 500);
        let worker = Worker::start(&work);
        database.wait_for_credit();
        let delay = random_below(200);
        thread::sleep(Duration::from_millis(delay));
        worker.kill();
        let credits = database.must_be_consistent();
        in_the_middle += u32::from(credits < 500);
        println!("killed {delay} ms after the first credit, at {credits} of 500");
        Worker::start(&work).succeeds();
        database.must_hold_each_credit_once(500);
    }
    assert!(
        in_the_middle > 10,
        "{in_the_middle} of 20 were at work when they were killed"
    );
}

fn credit(database: &Database, tasks: usize, events: usize) -> Work {
    Work {
        kind: Kind::Credit,
        place: database.place.clone(),
        outside: None,
        tasks,
        events,
    }
}

pub(crate) fn random_below(limit: u64) -> u64 {
    RandomState::new().hash_one(0) % limit
}
