//! Starts `examples/axum` and `examples/shop` on free loopback ports, sends them what a provider
//! and what an attacker would, and prints what was expected and what happened. Exits with 1 if a
//! row differs.

mod cryptapi;
mod cryptocloud;
#[expect(dead_code, reason = "its `main` is not called")]
mod example_axum;
mod folder;
mod http;
mod shop_server;
mod table;

use std::{error::Error, process::ExitCode};

use self::{folder::Folder, table::Table};

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let folder = Folder::create()?;
    let mut table = Table::default();
    cryptocloud::send_to_example(&folder, &mut table).await?;
    cryptapi::send_gets(&folder, &mut table).await?;
    cryptapi::send_forms(&folder, &mut table).await?;
    cryptapi::send_json(&folder, &mut table).await?;
    Ok(table.finish())
}
