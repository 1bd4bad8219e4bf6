//! Guarantees of every store, tested on each of them.
//!
//! Postgres and Redis are real servers, whose addresses are in `POSTBACK_POSTGRES` and
//! `POSTBACK_REDIS`. Without them, their tests are skipped, with a message.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

/// Makes tests from the names of functions that take a fresh store.
macro_rules! contract {
    ($name:expr, $Store:ty, $group:literal, [$($test:ident)*]) => {
        vec![$($crate::trial($name, concat!($group, stringify!($test)), || {
            $crate::run(async {
                let store = <$Store as $crate::lease_backend::LeaseBackend>::fresh().await;
                $test(&store).await
             });
        })),*]
    };
}

/// Makes tests from the names of functions.
macro_rules! trials {
    ($name:literal, [$($test:ident)*]) => {
        vec![$($crate::trial($name, stringify!($test), || $crate::run($test()))),*]
    };
}

mod backend;
#[path = "../shop/callback.rs"]
mod callback;
mod cancellation;
mod completion;
mod effects;
mod events;
#[path = "../servers/forwarder.rs"]
mod forwarder;
mod import;
mod isolation;
mod lease_backend;
mod limits;
#[path = "../shop/mail.rs"]
mod mail;
mod opening;
mod pgbouncer;
#[path = "../servers/pgbouncer.rs"]
mod pgbouncer_server;
mod postgres;
#[path = "../servers/postgres.rs"]
mod postgres_server;
mod pruning;
mod records;
mod redis;
#[path = "../servers/redis.rs"]
mod redis_server;
mod reviews;
mod round_trips;
#[path = "../shop/mod.rs"]
mod shop;
mod sql;
mod sqlite;

use std::{env, process::ExitCode, time::Duration};

use libtest_mimic::{Arguments, Trial};
use tokio::{runtime, time::timeout};

use self::backend::{
    Memory, PoolOfApplication, PoolOfStore, Postgres, PostgresWithPool, Redis, Sqlite,
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = records::all::<Memory>("memory");
    trials.extend(records::all::<Sqlite>("sqlite"));
    trials.extend(reviews::all::<Memory>("memory"));
    trials.extend(reviews::all::<Sqlite>("sqlite"));
    trials.extend(sqlite::all());
    trials.extend(effects::all::<Memory>("memory"));
    trials.extend(effects::all::<Sqlite>("sqlite"));
    trials.extend(effects::enqueue::all::<Memory>("memory"));
    trials.extend(effects::enqueue::all::<Sqlite>("sqlite"));
    trials.extend(sql::all::<Sqlite>("sqlite"));
    trials.extend(cancellation::all::<Sqlite>("sqlite"));
    trials.extend(completion::all::<Sqlite>("sqlite"));
    trials.extend(completion::of_sqlite());
    trials.extend(import::all::<Memory>("memory"));
    trials.extend(import::all::<Sqlite>("sqlite"));
    trials.extend(opening::of_sqlite());
    trials.extend(pruning::of_sqlite());
    trials.extend(effects::lease::without_store());
    trials.extend(effects::lease::set_back::<Memory>("memory"));
    trials.extend(effects::lease::set_back::<Sqlite>("sqlite"));
    match env::var_os(postgres_server::POSTGRES) {
        Some(_) => {
            trials.extend(records::all::<Postgres>("postgres"));
            trials.extend(reviews::all::<Postgres>("postgres"));
            trials.extend(postgres::all());
            trials.extend(round_trips::all());
            trials.extend(effects::all::<Postgres>("postgres"));
            trials.extend(effects::enqueue::all::<Postgres>("postgres"));
            trials.extend(effects::all::<PostgresWithPool>("postgres_with_pool"));
            trials.extend(effects::enqueue::all::<PostgresWithPool>(
                "postgres_with_pool",
            ));
            trials.extend(sql::all::<Postgres>("postgres"));
            trials.extend(cancellation::of_own_pool());
            trials.extend(completion::all::<Postgres>("postgres"));
            trials.extend(completion::of_postgres());
            trials.extend(import::all::<Postgres>("postgres"));
            trials.extend(limits::all::<PoolOfStore>("postgres"));
            trials.extend(limits::of_own_pool::<PoolOfStore>("postgres"));
            trials.extend(limits::all::<PoolOfApplication>("postgres_with_pool"));
            trials.extend(opening::of_postgres());
            trials.extend(pruning::of_postgres());
            match pgbouncer_server::is_installed() {
                true => trials.extend(pgbouncer::all()),
                false => skipped("pgbouncer"),
            }
            trials.extend(isolation::all::<PoolOfStore>("postgres"));
            trials.extend(isolation::all::<PoolOfApplication>("postgres_with_pool"));
            trials.extend(cancellation::all::<Postgres>("postgres"));
            trials.extend(cancellation::all::<PostgresWithPool>("postgres_with_pool"));
        }
        None => skipped("Postgres"),
    }
    match env::var_os(redis_server::REDIS) {
        Some(_) => {
            trials.extend(effects::all::<Redis>("redis"));
            trials.extend(redis::all());
            trials.extend(completion::of_redis());
        }
        None => skipped("Redis"),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn skipped(server: &str) {
    println!(
        "skipped, because there is no server: the contract on {server}. Run it by:\n  \
         tests/services.sh cargo test -p postback-store --locked"
    );
}

fn trial(name: &str, test: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(format!("{name}::{test}"), || {
        run();
        Ok(())
    })
}

fn run(test: impl Future<Output = ()>) {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let ended = runtime
        .unwrap()
        .block_on(async { timeout(Duration::from_secs(60), test).await });
    ended.unwrap();
}
