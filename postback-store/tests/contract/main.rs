//! What every store promises, on every store there is: one suite.
//!
//! Postgres is a real server, whose address is in `POSTBACK_POSTGRES`. Without it, its tests are named as left out.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

mod backend;
mod cases;
mod events;
#[path = "../shop/mod.rs"]
mod shop;

use std::{env, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

use self::backend::{Memory, Postgres, Sqlite};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = cases::all::<Memory>("memory");
    trials.extend(cases::all::<Sqlite>("sqlite"));
    match env::var_os(shop::POSTGRES) {
        Some(_) => trials.extend(cases::all::<Postgres>("postgres")),
        None => println!(
            "left out, for want of a server: the contract on Postgres. Run them by:\n  \
             tests/services.sh cargo test -p postback-store --locked"
        ),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
