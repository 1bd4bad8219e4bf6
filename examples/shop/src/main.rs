//! A shop that credits each payment once.

use std::{env, error::Error, fs, io, process::ExitCode};

use receiver::Verifiers;
use shop::{Orders, Receipts};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    receiver::exit(env!("CARGO_PKG_NAME"), run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let verifiers = Verifiers::from_environment()?;
    let origin = env::var("PUBLIC_ORIGIN").map_err(|_| "PUBLIC_ORIGIN is not set")?;
    let file = match env::var_os("DATABASE_URL") {
        Some(file) => file.into(),
        None => env::temp_dir().join("shop.db"),
    };
    let mail = match env::var_os("MAIL_FOLDER") {
        Some(folder) => folder.into(),
        None => env::temp_dir().join("shop-mail"),
    };
    fs::create_dir_all(&mail)?;
    let orders = Orders::open(&file).await?;
    let receipts = Receipts::new(orders.clone(), &mail);
    let router = shop::router(orders, receipts.clone(), verifiers, origin);
    let listener = TcpListener::bind(receiver::address()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    eprintln!(
        "orders are in {}, receipts in {}",
        file.display(),
        mail.display()
    );
    // At once what the last process left over, and then what is owed.
    tokio::spawn(receipts.keep_mailing());
    // Rather than `axum::serve`, which drops a client that shuts down its writing side after the request.
    receiver_tower::serve(listener, router).await;
    Ok(())
}
