//! Tests of an example as a process.

use std::{
    io::Read,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use postback_core::{SecretKey, testing::SAMPLE_INVOICE_ID};
use postback_store::sqlite::SqliteStore;

use crate::{client::Client, deliveries};

/// Asserts that the program of an example finds the order that it adds, credits it, and logs each
/// delivery, and that it can be started again in the same folder.
pub async fn assert_program_credits_its_order(binary: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let another = SecretKey::new("another project's secret key").expect("a secret");
    let target = "/postback";
    let genuine = deliveries::sample(target, SAMPLE_INVOICE_ID, &[]);
    let unknown = deliveries::sample(target, "UNKNOWN1", &[]);
    let forged = deliveries::signed_sample(&another, target, SAMPLE_INVOICE_ID, &[]);
    for _ in 0..2 {
        let program = Program::start(binary, folder.path());
        let client = Client::default();
        for (delivery, expected) in [(&genuine, 200), (&forged, 401), (&unknown, 404)] {
            let request = delivery.to(&format!("http://{}", program.address));
            let (status, ..) = client.send(request).await.expect("a response");
            assert_eq!(status, expected);
        }
        let log = program.stop();
        for event in ["verified", "rejected", "not acknowledged"] {
            assert!(log.contains(&format!("postback {event}")), "{event}: {log}");
        }
        assert!(!log.contains("not credited"), "{log}");
        assert_eq!(credits(folder.path()).await, 1);
    }
}

/// Returns how often the program credited its order.
async fn credits(folder: &Path) -> i64 {
    let store = SqliteStore::open(folder.join("orders.db")).await;
    let store = store.expect("the program's database");
    sqlx::query_scalar("SELECT credits FROM orders WHERE invoice_id = ?")
        .bind(SAMPLE_INVOICE_ID)
        .fetch_one(store.pool())
        .await
        .expect("the program's order")
}

/// A process that is killed when this value is dropped.
struct Program {
    process: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts the program with its database in `folder`, and waits until it listens.
    fn start(binary: &str, folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let process = Command::new(binary)
            .current_dir(folder)
            .env("ADDRESS", address.to_string())
            .env("CRYPTOCLOUD_SECRET", deliveries::SECRET)
            .env("ROCKET_PORT", address.port().to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let program = Self {
            process: process.expect("the process starts"),
            address,
        };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        program
    }

    /// Ends the process, and returns its log.
    fn stop(mut self) -> String {
        let mut stdout = self.process.stdout.take().expect("a pipe");
        drop(self);
        let mut log = String::new();
        stdout.read_to_string(&mut log).expect("UTF-8");
        log
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().expect("the process runs");
        self.process.wait().expect("the process ends");
    }
}
