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

mod backend;
mod effects;
mod events;
mod lease_backend;
#[path = "../servers/postgres.rs"]
mod postgres_server;
mod records;
#[path = "../servers/redis.rs"]
mod redis_server;
#[path = "../shop/mod.rs"]
mod shop;
mod sql;

use std::{env, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

use self::backend::{Memory, Postgres, Redis, Sqlite};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = records::all::<Memory>("memory");
    trials.extend(records::all::<Sqlite>("sqlite"));
    trials.extend(effects::all::<Memory>("memory"));
    trials.extend(effects::all::<Sqlite>("sqlite"));
    trials.extend(effects::beside_records::<Memory>("memory"));
    trials.extend(effects::beside_records::<Sqlite>("sqlite"));
    trials.extend(sql::all::<Sqlite>("sqlite"));
    trials.extend(effects::set_back::<Memory>("memory"));
    trials.extend(effects::set_back::<Sqlite>("sqlite"));
    match env::var_os(postgres_server::POSTGRES) {
        Some(_) => {
            trials.extend(records::all::<Postgres>("postgres"));
            trials.extend(effects::all::<Postgres>("postgres"));
            trials.extend(effects::beside_records::<Postgres>("postgres"));
            trials.extend(sql::all::<Postgres>("postgres"));
        }
        None => skipped("Postgres"),
    }
    match env::var_os(redis_server::REDIS) {
        Some(_) => {
            trials.extend(effects::all::<Redis>("redis"));
            trials.extend(effects::of_redis());
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
