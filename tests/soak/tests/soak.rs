//! A short soak, of the programs as `cargo test --workspace` builds them.
//!
//! Postgres is a real server, whose address is in `POSTBACK_POSTGRES`. Without it, the test is
//! skipped, with a message.

use std::{env, process::Command};

#[test]
fn short_soak_finds_no_failure() {
    if env::var_os("POSTBACK_POSTGRES").is_none() {
        println!("skipped, because there is no server: tests/services.sh starts one");
        return;
    }
    let soak = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(["--seconds", "20"])
        .status();
    assert!(soak.is_ok_and(|status| status.success()));
}
