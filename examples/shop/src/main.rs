//! A shop that credits each payment once.

use std::{env, error::Error, fs, io, path::PathBuf};

use shop::{Messages, Orders, Reviews, Verifiers};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let verifiers = Verifiers::from_environment()?;
    let origin = env::var("PUBLIC_ORIGIN").map_err(|_| "PUBLIC_ORIGIN is not set")?;
    let file = env::var_os("DATABASE_FILE").map_or_else(|| "shop.db".into(), PathBuf::from);
    let mail = match env::var_os("MAIL_FOLDER") {
        Some(folder) => folder.into(),
        None => env::temp_dir().join("shop-mail"),
    };
    fs::create_dir_all(&mail)?;
    let orders = Orders::open(&file).await?;
    let messages = Messages::new(orders.clone(), &mail);
    let reviews = Reviews::new(orders.clone());
    let router = shop::router(orders, messages.clone(), verifiers, origin);
    let address = env::var("BIND").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    eprintln!(
        "orders are in {}, messages in {}",
        file.display(),
        mail.display()
    );
    // First what the last process left, and then what is due.
    tokio::spawn(shop::sweep(messages, reviews));
    shop::serve(listener, router).await;
    Ok(())
}
