// The program of `examples/axum`, from the build script.
include!(concat!(env!("OUT_DIR"), "/example_axum.rs"));

use std::{net::SocketAddr, path::Path};

/// Server of the example, and its database.
pub(crate) struct ExampleServer {
    pub(crate) address: SocketAddr,
    store: SqliteStore,
}

impl ExampleServer {
    pub(crate) async fn start(folder: &Path, secret: SecretKey) -> crate::Result<Self> {
        let store = SqliteStore::open(folder.join("orders.db")).await?;
        sqlx::query(ORDERS).execute(store.pool()).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let verifier = Verifier::new(CryptoCloud::new(), secret);
        tokio::spawn(serve(listener, store.clone(), verifier));
        Ok(Self { address, store })
    }

    /// Adds an order at the price that the provider's sample pays, unless it is there.
    pub(crate) async fn add_order(&self, invoice_id: &str) -> crate::Result<()> {
        let order = "INSERT OR IGNORE INTO orders VALUES (?, '0.000113', 'BNB', 0)";
        let order = sqlx::query(order).bind(bare_invoice_id(invoice_id));
        order.execute(self.store.pool()).await?;
        Ok(())
    }

    /// Returns whether an order was credited.
    pub(crate) async fn credited(&self, invoice_id: &str) -> crate::Result<String> {
        let query = "SELECT credits FROM orders WHERE invoice_id = ?";
        let query = sqlx::query_scalar(query).bind(invoice_id);
        let credits: Option<i64> = query.fetch_optional(self.store.pool()).await?;
        Ok(match credits {
            None => "no order".to_owned(),
            Some(0) => "not credited".to_owned(),
            Some(1) => "credited".to_owned(),
            Some(more) => format!("credited {more} times"),
        })
    }
}
